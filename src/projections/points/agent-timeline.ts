import { clip, type EpochMs } from '../../domain/interval.js'

export type StateEntry = Readonly<{ at: EpochMs; state: string }>

/** Time in a state to add to a base interval, or to take back from it (negative). `start` is that of the interval. */
export type StateDelta = Readonly<{ state: string; start: EpochMs; deltaMs: number }>

type Span = Readonly<{ state: string; from: EpochMs; to: EpochMs; sign: 1 | -1 }>

/**
 * The states of one agent and kind, ordered by when they were entered. A state lasts until the next one is entered, and
 * at most `stateMaxMs`. The last state is open: it is counted up to the end of the last closed interval. Entries may
 * arrive in any order and more than once: the sums depend on their set alone. Two states entered at the same instant are
 * ordered by name, and the first of them lasts no time.
 *
 * No entry earlier than the instant given to `forgetBefore` may follow: the time to take back from others is not known.
 */
export class AgentTimeline {
  private readonly entries: StateEntry[]
  private readonly stateMaxMs: number
  private readonly intervalMs: number

  constructor(options: Readonly<{ stateMaxMs: number; intervalMs: number }>, entries: readonly StateEntry[] = []) {
    this.stateMaxMs = options.stateMaxMs
    this.intervalMs = options.intervalMs
    this.entries = [...entries]
  }

  /** Adds an entry. Answers what changes, given that the open state is counted through `closedThrough`. */
  enter(entry: StateEntry, closedThrough: EpochMs | null): readonly StateDelta[] {
    let index = this.entries.length
    while (index > 0 && isBefore(entry, this.entries[index - 1] as StateEntry)) index--
    const previous = this.entries[index - 1]
    if (previous !== undefined && previous.at === entry.at && previous.state === entry.state) return []
    const next = this.entries[index]
    this.entries.splice(index, 0, entry)
    const changes: Span[] = [
      { state: entry.state, from: entry.at, to: this.endOf(entry, next, closedThrough), sign: 1 },
    ]
    if (previous !== undefined) {
      changes.push({
        state: previous.state,
        from: previous.at,
        to: this.endOf(previous, next, closedThrough),
        sign: -1,
      })
      changes.push({
        state: previous.state,
        from: previous.at,
        to: this.endOf(previous, entry, closedThrough),
        sign: 1,
      })
    }
    return this.deltas(changes)
  }

  /** Answers what the open state gains when intervals that were closed through `before` close through `through`. */
  advance(before: EpochMs | null, through: EpochMs): readonly StateDelta[] {
    const open = this.entries.at(-1)
    if (open === undefined) return []
    const from = this.endOf(open, undefined, before)
    return this.deltas([{ state: open.state, from, to: this.endOf(open, undefined, through), sign: 1 }])
  }

  /** Returns what the open state loses when intervals that were closed through `before` are closed through `through`. */
  takeBack(before: EpochMs, through: EpochMs): readonly StateDelta[] {
    return this.advance(through, before).map((delta) => ({ ...delta, deltaMs: -delta.deltaMs }))
  }

  /** Forgets entries that ended before `at`. */
  forgetBefore(at: EpochMs): void {
    let count = 0
    while (count + 1 < this.entries.length && (this.entries[count + 1] as StateEntry).at <= at) count++
    if (count > 0) this.entries.splice(0, count)
  }

  save(): readonly StateEntry[] {
    return [...this.entries]
  }

  private endOf(entry: StateEntry, next: StateEntry | undefined, closedThrough: EpochMs | null): EpochMs {
    const end = next?.at ?? Math.max(entry.at, closedThrough ?? entry.at)
    return Math.min(end, entry.at + this.stateMaxMs)
  }

  private deltas(spans: readonly Span[]): readonly StateDelta[] {
    const sums = new Map<string, { state: string; start: EpochMs; deltaMs: number }>()
    for (const { state, from, to, sign } of spans)
      for (const { start, durationMs } of clip(from, to, this.intervalMs)) {
        const key = `${start} ${state}`
        const sum = sums.get(key)
        if (sum === undefined) sums.set(key, { state, start, deltaMs: sign * durationMs })
        else sum.deltaMs += sign * durationMs
      }
    return [...sums.values()].filter(({ deltaMs }) => deltaMs !== 0)
  }
}

const isBefore = (a: StateEntry, b: StateEntry): boolean => a.at < b.at || (a.at === b.at && a.state < b.state)
