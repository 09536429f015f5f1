import { HOUR_MS, MINUTE_MS, type EpochMs } from '../../../domain/interval.js'
import { offsetAt, type Zone } from '../../../domain/zone.js'
import type { Cell } from '../records/cell.js'
import type { Column } from '../records/column.js'

/** A value as it is written: a number with so many decimals, or text; null: there is none. */
export type Written =
  | Readonly<{ kind: 'number'; value: number; digits: number | undefined }>
  | Readonly<{ kind: 'text'; text: string; of?: number }>
  | null

/** A value in the format of its column. */
export const writtenOf = ({ unit, format, digits, isWhole }: Column, cell: Cell, zone: Zone): Written => {
  if (cell === null) return null
  if (typeof cell === 'string') return { kind: 'text', text: cell }
  switch (unit) {
    case 'instant':
      return instantOf(cell, format ?? 'utc', zone)
    case 'ms':
      return durationOf(cell, format ?? 'ms', digits)
    case 'share':
      return format === 'percent' ? numberOf(cell * 100, digits ?? 2) : numberOf(cell, digits ?? 4)
    default:
      return numberOf(cell, isWhole ? 0 : digits)
  }
}

/** The number that is written, which tolerances are about; `undefined` of texts. */
export const writtenNumber = (written: Written): number | undefined =>
  written === null ? undefined : written.kind === 'number' ? Number(fixed(written)) : written.of

const DECIMALS_MAX = 6

const numberOf = (value: number, digits: number | undefined): Written => ({ kind: 'number', value, digits })

/** Digits with a point; no exponent, and no minus before zero. */
export const fixed = ({ value, digits }: Readonly<{ value: number; digits: number | undefined }>): string => {
  const text = digits === undefined ? plain(value) : value.toFixed(digits)
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text
}

const plain = (value: number): string =>
  Number.isInteger(value) ? value.toFixed(0) : value.toFixed(DECIMALS_MAX).replace(/\.?0+$/, '')

const durationOf = (ms: number, format: string, digits: number | undefined): Written => {
  switch (format) {
    case 'seconds':
      return numberOf(ms / 1_000, digits ?? 0)
    case 'minutes':
      return numberOf(ms / MINUTE_MS, digits ?? 2)
    case 'hours':
      return numberOf(ms / HOUR_MS, digits ?? 2)
    case 'HH:mm:ss': {
      const seconds = Math.round(ms / 1_000)
      const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
      return { kind: 'text', text: parts.map((part) => String(part).padStart(2, '0')).join(':'), of: seconds }
    }
    default:
      return numberOf(ms, digits ?? 0)
  }
}

const instantOf = (at: EpochMs, format: string, zone: Zone): Written => {
  switch (format) {
    case 'utc':
      return { kind: 'text', text: new Date(at).toISOString().replace('.000Z', 'Z') }
    case 'local':
      return { kind: 'text', text: localText(at, 'yyyy-MM-ddTHH:mm:ssXXX', zone) }
    case 'epoch-s':
      return numberOf(Math.floor(at / 1_000), 0)
    case 'epoch-ms':
      return numberOf(at, 0)
    default:
      return { kind: 'text', text: localText(at, format, zone) }
  }
}

/** Local time by a pattern of `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss` and `XXX`, the offset. */
export const localText = (at: EpochMs, pattern: string, zone: Zone): string => {
  const offset = offsetAt(zone, at)
  const local = new Date(at + offset).toISOString()
  const parts: Readonly<Record<string, string>> = {
    ...{ yyyy: local.slice(0, 4), MM: local.slice(5, 7), dd: local.slice(8, 10) },
    ...{ HH: local.slice(11, 13), mm: local.slice(14, 16), ss: local.slice(17, 19), XXX: offsetText(offset) },
  }
  return pattern.replace(/yyyy|MM|dd|HH|mm|ss|XXX/g, (part) => parts[part] as string)
}

const offsetText = (offsetMs: number): string => {
  const minutes = Math.abs(offsetMs) / MINUTE_MS
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(Math.floor(minutes % 60))}`
}
