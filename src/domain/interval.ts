/**
 * Intervals are half-open, `[start, end)`, and aligned to the UTC epoch. A point belongs whole to the interval of its
 * emit time; a span is clipped at the boundaries. Genesys does not say to which interval a point exactly on an edge
 * belongs; here it belongs to the one that begins.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Start of the interval that holds `at`. Correct before 1970 too. */
export const intervalStart = (at: EpochMs, intervalMs: number): EpochMs => Math.floor(at / intervalMs) * intervalMs

/** An interval, `[start, end)`. */
export type Interval = Readonly<{ start: EpochMs; end: EpochMs }>

export type Clip = Readonly<{ start: EpochMs; durationMs: number }>

/** Cuts `[from, to)` at interval boundaries. An empty or reversed span has no pieces. */
export const clip = (from: EpochMs, to: EpochMs, intervalMs: number): readonly Clip[] => {
  const pieces: Clip[] = []
  for (let start = intervalStart(from, intervalMs); start < to; start += intervalMs) {
    const durationMs = Math.min(to, start + intervalMs) - Math.max(from, start)
    if (durationMs > 0) pieces.push({ start, durationMs })
  }
  return pieces
}
