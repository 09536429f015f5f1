import type { EpochMs } from '../../domain/interval.js'

export type StateEntry = Readonly<{ at: EpochMs; state: string }>

/** Time in a state that an agent gains (`sign` 1) or loses (-1): `[from, to)`, never empty. */
export type StateSpan = Readonly<{ state: string; from: EpochMs; to: EpochMs; sign: 1 | -1 }>

/**
 * How a timeline of states becomes time. A state lasts until the next one is entered, and at most `stateMaxMs`. The
 * last state is open: it is counted up to the end of the last closed interval. Two states entered at the same instant
 * are ordered by name, and the first of them lasts no time.
 */
export type TimelineRules = Readonly<{ stateMaxMs: number }>

/**
 * What changes when an entry comes between two others. `next` is undefined for the entry that is now the last, and
 * `previous` where no state before it can reach so far. Spans of one state never share an interval.
 */
export const spansOfEntry = (
  rules: TimelineRules,
  entry: StateEntry,
  { previous, next }: Readonly<{ previous: StateEntry | undefined; next: StateEntry | undefined }>,
  closedThrough: EpochMs | null,
): readonly StateSpan[] => {
  const end = endOf(rules, entry, next, closedThrough)
  const own = span(entry.state, entry.at, end, 1)
  if (previous === undefined) return own
  const before = endOf(rules, previous, next, closedThrough)
  const after = endOf(rules, previous, entry, closedThrough)
  if (before <= after) return [...own, ...span(previous.state, before, after, 1)]
  // The new entry takes over where the previous one ends now. In the same state it lasts on where that one did not.
  if (previous.state === entry.state) return span(entry.state, before, end, 1)
  return [...own, ...span(previous.state, after, before, -1)]
}

/** What the open state gains when intervals that were closed through `before` close through `through`. */
export const spansOfClosing = (
  rules: TimelineRules,
  open: StateEntry,
  before: EpochMs | null,
  through: EpochMs,
  sign: 1 | -1 = 1,
): readonly StateSpan[] =>
  span(open.state, endOf(rules, open, undefined, before), endOf(rules, open, undefined, through), sign)

export const isBefore = (a: StateEntry, b: StateEntry): boolean => a.at < b.at || (a.at === b.at && a.state < b.state)

const endOf = (
  { stateMaxMs }: TimelineRules,
  entry: StateEntry,
  next: StateEntry | undefined,
  closedThrough: EpochMs | null,
): EpochMs => Math.min(next?.at ?? Math.max(entry.at, closedThrough ?? entry.at), entry.at + stateMaxMs)

const span = (state: string, from: EpochMs, to: EpochMs, sign: 1 | -1): readonly StateSpan[] =>
  from < to ? [{ state, from, to, sign }] : []
