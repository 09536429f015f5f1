/**
 * What Power BI takes into a push semantic model (formerly: push dataset), as
 * https://learn.microsoft.com/power-bi/developer/embedded/push-datasets-limitations says.
 */
export const pushLimits = {
  columns: 75,
  tables: 75,
  rowsPerRequest: 10_000,
  rowsPerHour: 1_000_000,
  requestsPerMinute: 120,
} as const

/** What is said of no size of a request; larger ones are cut. */
export const REQUEST_BYTES_MAX = 4 * 1024 * 1024

/** No more than `max` units within any span of `perMs`. */
export class Quota {
  private readonly max: number
  private readonly perMs: number
  private taken: { at: number; units: number }[] = []

  constructor(max: number, perMs: number) {
    this.max = max
    this.perMs = perMs
  }

  /** How long until so many units may be taken, in ms. Throws a RangeError for more than there ever are. */
  waitMs(units: number, now: number): number {
    if (units > this.max) throw new RangeError(`${units} units at once, of ${this.max}`)
    this.taken = this.taken.filter(({ at }) => now - at < this.perMs)
    let left = this.max - this.taken.reduce((sum, each) => sum + each.units, 0)
    if (left >= units) return 0
    for (const { at, units: back } of this.taken) {
      left += back
      if (left >= units) return at + this.perMs - now
    }
    return this.perMs
  }

  take(units: number, now: number): void {
    this.taken.push({ at: now, units })
  }
}
