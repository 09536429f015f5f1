import type { EpochMs } from '../../domain/interval.js'
import { isoInstantOf } from '../../domain/iso-instant.js'
import { UsageError } from './exit.js'

/** Parses an ISO 8601 instant: without a zone it is UTC, without a time midnight. Returns epoch milliseconds. */
export const instantOf = (flag: string, value: string | undefined): number | undefined => {
  if (value === undefined) return undefined
  const withTime = /^\d{4}-\d{2}-\d{2}$/.test(value)
    ? `${value}T00:00:00Z`
    : /(Z|[+-]\d{2}:?\d{2})$/.test(value)
      ? value
      : `${value}Z`
  const instant = isoInstantOf(withTime)
  const at = instant === 'malformed' ? Date.parse(withTime) : instant
  if (at === 'impossible' || Number.isNaN(at))
    throw new UsageError(`${flag} ${value} is not an instant; write it as 2026-01-05T08:00:00Z or 2026-01-05`)
  return at
}

export const wholeNumber =
  (flag: string, least: number) =>
  (value: string): number => {
    const number = Number(value)
    if (!Number.isSafeInteger(number) || number < least)
      throw new UsageError(`${flag} ${value} is not a whole number of at least ${least}`)
    return number
  }

export const share =
  (flag: string) =>
  (value: string): number => {
    const number = Number(value)
    if (!(number >= 0 && number <= 1)) throw new UsageError(`${flag} ${value} is not a share between 0 and 1`)
    return number
  }

/** The range `[from, to)` of `--from` and `--to`. Throws `UsageError` if it is empty or an end is not an instant. */
export const rangeOf = (
  flags: Readonly<{ from?: string; to?: string }>,
): Readonly<{ from: EpochMs | undefined; to: EpochMs | undefined }> => {
  const [from, to] = [instantOf('--from', flags.from), instantOf('--to', flags.to)]
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError(`--from ${flags.from} is not before --to ${flags.to}`)
  return { from, to }
}
