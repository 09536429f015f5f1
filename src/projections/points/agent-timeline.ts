import { clip, type EpochMs } from '../../domain/interval.js'

export type StateEntry = Readonly<{ at: EpochMs; state: string }>

/** Time in a state to add to a base interval, or to take back from it (negative). `start` is that of the interval. */
export type StateDelta = Readonly<{ state: string; start: EpochMs; deltaMs: number }>

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
  const deltas: StateDelta[] = []
  addSpan(deltas, rules, entry.state, entry.at, endOf(rules, entry, next, closedThrough), 1)
  if (previous === undefined) return deltas
  const before = endOf(rules, previous, next, closedThrough)
  const now = endOf(rules, previous, entry, closedThrough)
  if (now < before) addSpan(deltas, rules, previous.state, now, before, -1)
  else addSpan(deltas, rules, previous.state, before, now, 1)
  return previous.state === entry.state ? merged(deltas) : deltas
}

/** What the open state gains when intervals that were closed through `before` close through `through`. */
export const deltasOfClosing = (
  rules: TimelineRules,
  open: StateEntry,
  before: EpochMs | null,
  through: EpochMs,
): readonly StateDelta[] => {
  const deltas: StateDelta[] = []
  addSpan(deltas, rules, open.state, endOf(rules, open, undefined, before), endOf(rules, open, undefined, through), 1)
  return deltas
}

export const isBefore = (a: StateEntry, b: StateEntry): boolean => a.at < b.at || (a.at === b.at && a.state < b.state)

const endOf = (
  { stateMaxMs }: TimelineRules,
  entry: StateEntry,
  next: StateEntry | undefined,
  closedThrough: EpochMs | null,
): EpochMs => Math.min(next?.at ?? Math.max(entry.at, closedThrough ?? entry.at), entry.at + stateMaxMs)

/** Adds a span, cut at interval boundaries. */
const addSpan = (
  deltas: StateDelta[],
  { intervalMs }: TimelineRules,
  state: string,
  from: EpochMs,
  to: EpochMs,
  sign: 1 | -1,
): void => {
  for (const { start, durationMs } of clip(from, to, intervalMs))
    deltas.push({ state, start, deltaMs: sign * durationMs })
}

/** One delta of each interval, of deltas of one state. */
const merged = (deltas: readonly StateDelta[]): readonly StateDelta[] => {
  const sums = new Map<EpochMs, StateDelta>()
  for (const delta of deltas)
    sums.set(delta.start, { ...delta, deltaMs: delta.deltaMs + (sums.get(delta.start)?.deltaMs ?? 0) })
  return [...sums.values()].filter(({ deltaMs }) => deltaMs !== 0)
}
