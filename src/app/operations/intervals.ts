import { decodeRow, readKpiEvent } from '../../contract/kpi-stream/stored.js'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { granularities, type Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import { intervalName, type IntervalComplete } from '../../domain/interval-complete.js'
import { addToDigest, rowNumber, takeFromDigest } from '../../domain/row-digest.js'
import { isEmptyRow } from '../../domain/row.js'
import type { RecordedEvent } from '../../log/event-log.js'
import { markerEvents } from '../row-index/row-events.js'
import type { RowsOf } from '../row-index/row-index.js'

export type IntervalsWanted = Readonly<{
  family?: FamilyName | undefined
  granularity?: Granularity | undefined
  /** Only intervals that start in `[from, to)`; also a marker without rows that speaks of one of them. */
  from?: EpochMs | undefined
  to?: EpochMs | undefined
  /** Whether rows and digest are computed again. It reads the rows of the range. */
  check: boolean
  signal: AbortSignal
  /** Events read of the stream. */
  onProgress?: ((read: number) => void) | undefined
}>

/** What the rows of an interval add up to. */
export type Sums = Readonly<{ rows: number; digest: number }>

/**
 * - `matches`: the rows before the marker add up to it
 * - `changed`: so they do, and rows of the interval changed behind it; another marker follows when they have settled
 * - `differs`: they do not: the log holds other rows than the marker says
 */
export type CheckResult = 'matches' | 'changed' | 'differs'

/** The last marker of an interval; `check` is there if it was asked for, with what the rows before the marker give. */
export type CompleteInterval = Readonly<{
  marker: IntervalComplete
  check?: Readonly<{ result: CheckResult; computed: Sums }> | undefined
}>

/** The complete intervals of a generation, by family, length and start. */
export const readIntervals = async (of: RowsOf, wanted: IntervalsWanted): Promise<readonly CompleteInterval[]> => {
  const { family, granularity, from, to, check } = wanted
  const families = family === undefined ? undefined : new Set([family])
  const last = new Map<string, CompleteInterval>()
  const rows = new RowSums()
  let read = 0
  for await (const events of markerEvents(of, { families, granularity, from, to }, check)) {
    if (wanted.signal.aborted) break
    for (const event of events) {
      const stored = readKpiEvent(event)
      if (stored?.kind === 'row' && check && isWanted(stored.header, wanted)) rows.add(event)
      if (stored?.kind !== 'interval-complete' || !isWanted(stored.marker, wanted)) continue
      const { marker } = stored
      // A marker of several intervals stays beside a later one of the first of them.
      const name = `${intervalName(marker)}/${marker.end}`
      last.set(name, { marker, check: check ? checkOf(marker, rows.before(marker)) : undefined })
    }
    wanted.onProgress?.((read += events.length))
  }
  return [...last.values()].map((interval) => asOfNow(interval, rows)).sort(byFamilyAndStart)
}

const isWanted = (
  { family, granularity, start, end, rows = 1 }: Interval & Partial<Sums>,
  wanted: IntervalsWanted,
): boolean =>
  (wanted.family === undefined || family === wanted.family) &&
  (wanted.granularity === undefined || granularity === wanted.granularity) &&
  (wanted.from === undefined || (rows === 0 ? end > wanted.from : start >= wanted.from)) &&
  (wanted.to === undefined || start < wanted.to)

const checkOf = (marker: IntervalComplete, computed: Sums): CompleteInterval['check'] => ({
  result: areEqual(marker, computed) ? 'matches' : 'differs',
  computed,
})

const areEqual = (a: Sums, b: Sums): boolean => a.rows === b.rows && a.digest === b.digest

const asOfNow = ({ marker, check }: CompleteInterval, rows: RowSums): CompleteInterval =>
  check?.result === 'matches' && rows.changedBehind(marker)
    ? { marker, check: { ...check, result: 'changed' } }
    : { marker, check }

const byFamilyAndStart = ({ marker: a }: CompleteInterval, { marker: b }: CompleteInterval): number =>
  familyNames.indexOf(a.family) - familyNames.indexOf(b.family) ||
  granularities.indexOf(a.granularity) - granularities.indexOf(b.granularity) ||
  a.start - b.start ||
  a.end - b.end

type Interval = Pick<IntervalComplete, 'family' | 'granularity' | 'start' | 'end'>

/** `told`: as of the last marker that speaks of the interval. */
type OfInterval = Readonly<{ sums: Sums; told: Sums }>

const nothing: Sums = { rows: 0, digest: 0 }

/** The intervals of one family and length, by start. */
type OfOneSort = Map<EpochMs, OfInterval>

/** What the rows of each interval add up to, as of the event of the stream that was added last. */
class RowSums {
  /** For each row that holds something, the number that is in the digest. */
  private readonly numbers = new Map<string, number>()
  private readonly sorts = new Map<string, OfOneSort>()

  add(event: RecordedEvent): void {
    const { row } = decodeRow(event)
    const { key, revision, start } = row
    const ofSort = this.sortOf(row)
    const known = this.numbers.get(key)
    const { sums, told } = ofSort.get(start) ?? { sums: nothing, told: nothing }
    let { rows, digest } = sums
    if (known !== undefined) {
      rows -= 1
      digest = takeFromDigest(digest, known)
      this.numbers.delete(key)
    }
    if (!isEmptyRow(row)) {
      const number = rowNumber(key, revision)
      rows += 1
      digest = addToDigest(digest, number)
      this.numbers.set(key, number)
    }
    ofSort.set(start, { sums: { rows, digest }, told })
  }

  /** The sums of the rows that a marker speaks of, at its place in the stream. */
  before(marker: IntervalComplete): Sums {
    const total = { ...nothing }
    for (const [start, { sums }] of this.within(marker)) {
      total.rows += sums.rows
      total.digest = addToDigest(total.digest, sums.digest)
      this.sortOf(marker).set(start, { sums, told: sums })
    }
    return total
  }

  /** Whether rows came behind the marker that no later marker speaks of. */
  changedBehind(marker: IntervalComplete): boolean {
    return this.within(marker).some(([, { sums, told }]) => !areEqual(sums, told))
  }

  /** The intervals that a marker speaks of and that have, or had, rows. One that counts rows speaks of one interval. */
  private within({ start, end, rows, ...marker }: IntervalComplete): readonly (readonly [EpochMs, OfInterval])[] {
    const ofSort = this.sortOf(marker)
    const own = ofSort.get(start)
    if (rows > 0) return own === undefined ? [] : [[start, own]]
    return [...ofSort].filter(([each]) => each >= start && each < end)
  }

  private sortOf({ family, granularity }: Pick<Interval, 'family' | 'granularity'>): OfOneSort {
    const name = `${family}/${granularity}`
    let sort = this.sorts.get(name)
    if (sort === undefined) this.sorts.set(name, (sort = new Map<EpochMs, OfInterval>()))
    return sort
  }
}
