const WINDOW_MS = 10_000

/** How fast counters have risen over the last ten seconds. */
export class Rates {
  private readonly samples = new Map<string, { at: number; count: number }[]>()

  /** Events a second; `null` before two looks, and where the counter is not known. */
  of(name: string, at: number, count: number | null): number | null {
    if (count === null) return null
    const known = (this.samples.get(name) ?? []).filter((sample) => at - sample.at <= WINDOW_MS)
    const [first] = known
    this.samples.set(name, [...known, { at, count }])
    return first === undefined || first.at >= at ? null : Math.max(0, ((count - first.count) * 1_000) / (at - first.at))
  }
}
