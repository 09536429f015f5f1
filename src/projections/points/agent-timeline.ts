import { clip, type EpochMs } from '../../domain/interval.js'

export type StateEntry = Readonly<{ at: EpochMs; state: string }>

/** Time in a state to add to a base interval, or to take back from it (negative). `start` is that of the interval. */
export type StateDelta = Readonly<{ state: string; start: EpochMs; deltaMs: number }>

type Span = Readonly<{ state: string; from: EpochMs; to: EpochMs; sign: 1 | -1 }>

/**
 * How a timeline of states becomes time. A state lasts until the next one is entered, and at most `stateMaxMs`. The
 * last state is open: it is counted up to the end of the last closed interval. Two states entered at the same instant
 * are ordered by name, and the first of them lasts no time.
 */
export type TimelineRules = Readonly<{ stateMaxMs: number; intervalMs: number }>

/**
 * What changes when an entry comes between two others. `next` is undefined for the entry that is now the last, and
 * `previous` where no state before it can reach so far.
 */
export const deltasOfEntry = (
  rules: TimelineRules,
  entry: StateEntry,
  { previous, next }: Readonly<{ previous: StateEntry | undefined; next: StateEntry | undefined }>,
  closedThrough: EpochMs | null,
): readonly StateDelta[] => {
  const span = (of: StateEntry, until: StateEntry | undefined, sign: 1 | -1): Span => ({
    ...{ state: of.state, from: of.at, to: endOf(rules, of, until, closedThrough), sign },
  })
  return sumsOf(rules, [
    span(entry, next, 1),
    ...(previous === undefined ? [] : [span(previous, next, -1), span(previous, entry, 1)]),
  ])
}

/** What the open state gains when intervals that were closed through `before` close through `through`. */
export const deltasOfClosing = (
  rules: TimelineRules,
  open: StateEntry,
  before: EpochMs | null,
  through: EpochMs,
): readonly StateDelta[] =>
  sumsOf(rules, [
    {
      state: open.state,
      from: endOf(rules, open, undefined, before),
      to: endOf(rules, open, undefined, through),
      sign: 1,
    },
  ])

export const isBefore = (a: StateEntry, b: StateEntry): boolean => a.at < b.at || (a.at === b.at && a.state < b.state)

const endOf = (
  { stateMaxMs }: TimelineRules,
  entry: StateEntry,
  next: StateEntry | undefined,
  closedThrough: EpochMs | null,
): EpochMs => Math.min(next?.at ?? Math.max(entry.at, closedThrough ?? entry.at), entry.at + stateMaxMs)

/** Cuts spans at interval boundaries and adds them up. */
const sumsOf = ({ intervalMs }: TimelineRules, spans: readonly Span[]): readonly StateDelta[] => {
  const sums = new Map<string, { state: string; start: EpochMs; deltaMs: number }>()
  for (const { state, from, to, sign } of spans)
    for (const { start, durationMs } of clip(from, to, intervalMs)) {
      const key = `${start} ${state}`
      const sum = sums.get(key)
      if (sum === undefined) sums.set(key, { state, start, deltaMs: sign * durationMs })
      else sum.deltaMs += sign * durationMs
    }
  return [...sums.values()].filter(({ deltaMs }) => deltaMs !== 0)
}
