import { NONE } from './number.js'

const two = (value: number): string => String(value).padStart(2, '0')

/**
 * How long something lasts, in its two largest units: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. The
 * figure is cut, not rounded: 59.9 s is not yet a minute.
 */
export const duration = (ms: number | null | undefined): string => {
  if (ms == null || !Number.isFinite(ms)) return NONE
  if (ms < 0) return `-${duration(-ms)}`
  if (ms === 0) return '0 s'
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toString()} s`
  const s = Math.floor(ms / 1_000)
  if (s < 60) return `${s} s`
  const min = Math.floor(s / 60)
  if (min < 60) return s % 60 === 0 ? `${min} min` : `${min} min ${two(s % 60)} s`
  const h = Math.floor(min / 60)
  if (h < 48) return min % 60 === 0 ? `${h} h` : `${h} h ${two(min % 60)} min`
  return h % 24 === 0 ? `${h / 24} d` : `${Math.floor(h / 24)} d ${h % 24} h`
}

/** A time of handling, as a supervisor reads it: `mm:ss`, from an hour on `h:mm:ss`. */
export const clockTime = (ms: number | null | undefined): string => {
  if (ms == null || !Number.isFinite(ms)) return NONE
  const s = Math.round(ms / 1_000)
  const [h, min] = [Math.floor(s / 3_600), Math.floor(s / 60) % 60]
  return h > 0 ? `${h}:${two(min)}:${two(s % 60)}` : `${two(min)}:${two(s % 60)}`
}
