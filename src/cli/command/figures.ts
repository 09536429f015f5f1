import { offsetAt, type Zone } from '../../domain/zone.js'
import type { EpochMs } from '../../domain/interval.js'

/** Figures as people read them. Programs get numbers, by `--json` and `--csv`. */

/** A ratio as a percentage with one decimal: `83.1 %`. Empty without a denominator, or if it is 0. */
export const percentText = (numerator: number, denominator: number | null): string =>
  denominator === null || denominator === 0 ? '' : `${((100 * numerator) / denominator).toFixed(1)} %`

/** Milliseconds as hours, minutes and seconds: `00:04:12`. Half a second is rounded up. */
export const durationText = (ms: number): string => {
  const seconds = Math.round(Math.abs(ms) / 1_000)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${ms < 0 && seconds > 0 ? '-' : ''}${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 })

/** A count with its thousands apart: `12,345`. */
export const countText = (count: number | bigint): string => grouped.format(count)

/** How long something takes or took, in its two largest units: `4 min 12 s`, `3 d 4 h`, `850 ms`. */
export const spanText = (ms: number): string => {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const
  let left = Math.round(ms / 1_000)
  const parts: string[] = []
  for (const [unit, seconds] of units) {
    const count = Math.floor(left / seconds)
    left -= count * seconds
    if (count > 0) parts.push(`${count} ${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

/** Bytes in powers of 1024: `1.2 GiB`. */
export const bytesText = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  for (; value >= 1_024 && unit < units.length - 1; unit++) value /= 1_024
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** An instant as local time of a zone, to the minute: `2026-01-05 08:00`. */
export const minuteText = (at: EpochMs, zone: Zone): string => localIso(at, zone).slice(0, 16).replace('T', ' ')

/** An instant as local time of a zone, to the second: `2026-01-05 08:00:07`. */
export const secondText = (at: EpochMs, zone: Zone): string => localIso(at, zone).slice(0, 19).replace('T', ' ')

const localIso = (at: EpochMs, zone: Zone): string => new Date(at + offsetAt(zone, at)).toISOString()
