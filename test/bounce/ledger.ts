/** A row as a consumer received it. `digest` is the SHA-256 of its value without the frame of the registry. */
export type SeenRow = Readonly<{
  generation: string
  key: string
  revision: number
  digest: string
  /** When it was published (the record's timestamp) and when the consumer had it, ms since the epoch. */
  publishedMs: number
  arrivedMs: number
}>

/** What the KPI log holds: the name of each row revision (see `nameOf`) and the digest of its datum. */
export type HeldRows = ReadonlyMap<string, string>

/** The faults, each by the names of the rows. All lists are empty if the promise holds. */
export type Verdict = Readonly<{
  /** Held by the log, never seen. */
  lost: readonly string[]
  /** Seen more than once. */
  doubled: readonly string[]
  /** Seen for the first time after a later revision of the same row. */
  reordered: readonly string[]
  /** Seen with other bytes than the log holds, or again with other bytes than before. */
  altered: readonly string[]
  /** Seen, not held by the log: for example of a transaction that was aborted. */
  unknown: readonly string[]
}>

/** Names a row revision; within a generation it has the same bytes for ever. */
export const nameOf = ({ generation, key, revision }: Pick<SeenRow, 'generation' | 'key' | 'revision'>): string =>
  `${generation}/${key}/${revision}`

/**
 * Keeps the account of what a consumer saw. It knows the published contract alone (a row is named by generation, row
 * key and revision) and shares no code with the egress.
 */
export class Ledger {
  private readonly digests = new Map<string, string>()
  private readonly highest = new Map<string, number>()
  private readonly doubled: string[] = []
  private readonly alteredAgain: string[] = []
  private readonly reordered: string[] = []
  private longest = { pauseMs: 0, endedMs: 0 }
  private lastArrivedMs: number | undefined

  /** Row revisions seen, each counted once. */
  get rows(): number {
    return this.digests.size
  }

  /** The longest time between two rows that arrived one after the other, and when it ended. */
  get longestPause(): Readonly<{ pauseMs: number; endedMs: number }> {
    return this.longest
  }

  add(row: SeenRow): void {
    const pauseMs = row.arrivedMs - (this.lastArrivedMs ?? row.arrivedMs)
    if (pauseMs > this.longest.pauseMs) this.longest = { pauseMs, endedMs: row.arrivedMs }
    this.lastArrivedMs = row.arrivedMs

    const name = nameOf(row)
    const before = this.digests.get(name)
    if (before !== undefined) {
      this.doubled.push(name)
      if (before !== row.digest) this.alteredAgain.push(name)
      return
    }
    this.digests.set(name, row.digest)
    const rowName = `${row.generation}/${row.key}`
    const highest = this.highest.get(rowName) ?? -1
    if (row.revision < highest) this.reordered.push(name)
    else this.highest.set(rowName, row.revision)
  }

  /** Compares what was seen with all that the log holds. */
  verdict(held: HeldRows): Verdict {
    const seen = [...this.digests]
    return {
      lost: [...held.keys()].filter((name) => !this.digests.has(name)),
      doubled: this.doubled,
      reordered: this.reordered,
      altered: [
        ...seen.filter(([name, digest]) => held.has(name) && held.get(name) !== digest).map(([name]) => name),
        ...this.alteredAgain,
      ],
      unknown: seen.map(([name]) => name).filter((name) => !held.has(name)),
    }
  }
}
