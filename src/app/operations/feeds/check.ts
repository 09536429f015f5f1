import { DAY_MS, type EpochMs, type Interval } from '../../../domain/interval.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { FeedRefused, intervalsIn, type FeedRows } from '../../feeds/deliveries/build.js'
import { intervalOf } from '../../feeds/deliveries/begin.js'
import { differencesIn, type Difference } from '../../feeds/deliveries/changes.js'
import { isOver, periodAt } from '../../feeds/deliveries/next.js'
import { feedRows, liveFeedRows } from '../../feeds/deliveries/feed-rows.js'
import { feedFile, iso } from '../../feeds/layout/file.js'
import { contentDigest } from '../../feeds/layout/schema.js'
import { FeedStates, deliveredIntervals, type Delivery, type FeedState } from '../../feeds/log/state.js'
import { layoutOf, type FeedPlan } from '../../feeds/records/plan.js'
import { intervalsOf, type FeedInterval } from '../../feeds/records/record.js'

/**
 * What became of an interval.
 *
 * - `equal`: the receiver has what the log of rows says now
 * - `tolerated`: it differs within the tolerances
 * - `incomplete`: it was delivered before it was complete, and is not complete yet
 * - `differs`: a correction of it is due, or its days are over
 * - `refused`: the receiver did not take it
 * - `missing`: its cut-off has passed, and it was not delivered
 */
export const verdicts = ['equal', 'tolerated', 'incomplete', 'differs', 'refused', 'missing'] as const
export type Verdict = (typeof verdicts)[number]

export type CheckedInterval = Readonly<{
  from: string
  to: string
  verdict: Verdict
  /** Number of the last delivery of it. */
  delivery: number | null
  differences: readonly Difference[]
}>

/**
 * Whether the file of a delivery can be made again: `same` byte for byte; `other-settings`: filter, groups or layout of
 * the feed are others now; `rows-gone`: its generation was retired; `changed`: the log of rows is not what it was.
 */
export type FileVerdict = 'same' | 'other-settings' | 'rows-gone' | 'changed'

export type FeedCheck = Readonly<{
  feed: string
  from: string
  to: string
  intervals: Readonly<Record<Verdict, number>>
  /** All but equal ones. */
  findings: readonly CheckedInterval[]
  files: Readonly<Record<FileVerdict, number>>
  /** Deliveries whose files cannot be made again as they were. */
  otherFiles: readonly Readonly<{ delivery: number; verdict: FileVerdict }>[]
}>

export type CheckOptions = Readonly<{
  tenant: string
  plan: FeedPlan
  logs: Logs
  data: string | undefined
  /** Intervals that start in `[from, to)`. Default: those that corrections are delivered for. */
  from?: EpochMs | undefined
  to?: EpochMs | undefined
  now: EpochMs
  signal: AbortSignal
}>

/** Whether a check found something that receiver and log do not agree on. */
export const isAmiss = ({ intervals, files }: FeedCheck): boolean =>
  intervals.differs + intervals.refused + intervals.missing + files.changed > 0

/** Compares what was delivered with what the log of rows says now. Changes nothing. Throws `FeedRefused`. */
export const checkFeed = async (options: CheckOptions): Promise<FeedCheck> => {
  const { tenant, plan, logs, now } = options
  const { name, corrections } = plan.settings
  const states = new FeedStates(tenant, name)
  const namesAt = new Map<number, ReadonlyMap<string, string>>()
  await states.read(await logs.control('reader'), (event) => {
    if (event.type === 'DeliveryBegan') namesAt.set(event.number, namesThen(namesAt, states.of(name), event.number))
  })
  const rows = await liveFeedRows(options)
  if (rows === undefined) throw new FeedRefused(`feed ${name}: nothing was computed yet: streamvane run`)
  const days = Math.max(1, corrections.days)
  const { from = now - days * DAY_MS, to = now } = options
  return new Check(options, states.of(name), rows, namesAt).of({ start: from, end: to })
}

/** Names by the numbers of the deliveries that were made with them. */
type NamesAt = ReadonlyMap<number, ReadonlyMap<string, string>>

/** The names that a delivery was made with: the map of the one before, unless there are newer ones. */
const namesThen = (namesAt: NamesAt, { names }: FeedState, number: number): ReadonlyMap<string, string> => {
  const before = namesAt.get(number - 1)
  const isSame = before?.size === names.size && [...names].every(([key, value]) => before.get(key) === value)
  return isSame && before !== undefined ? before : new Map(names)
}

class Check {
  readonly #options: CheckOptions
  readonly #state: FeedState
  readonly #now: FeedRows
  readonly #namesAt: NamesAt
  readonly #intervals: Record<Verdict, number> = {
    equal: 0,
    tolerated: 0,
    incomplete: 0,
    differs: 0,
    refused: 0,
    missing: 0,
  }
  readonly #files: Record<FileVerdict, number> = { same: 0, 'other-settings': 0, 'rows-gone': 0, changed: 0 }
  readonly #findings: CheckedInterval[] = []
  readonly #otherFiles: { delivery: number; verdict: FileVerdict }[] = []

  constructor(options: CheckOptions, state: FeedState, now: FeedRows, namesAt: NamesAt) {
    this.#options = options
    this.#state = state
    this.#now = now
    this.#namesAt = namesAt
  }

  async of(range: Interval): Promise<FeedCheck> {
    const { plan, signal } = this.#options
    const starts = function* (from: EpochMs, to: EpochMs): Iterable<EpochMs> {
      for (const { start } of intervalsOf(plan.settings, from, to)) yield start
    }
    const last = deliveredIntervals(this.#state, starts)
    for (const delivery of this.#state.deliveries) {
      if (signal.aborted) break
      const { began, ended } = delivery
      if (ended === undefined || ended.result === 'void') continue
      if (!began.ranges.map(intervalOf).some(({ start, end }) => start < range.end && end > range.start)) continue
      const isLast = ({ start }: Interval): boolean =>
        last.get(start)?.delivery === delivery && start >= range.start && start < range.end
      await this.#delivery(delivery, isLast)
    }
    this.#missing(range, new Set(last.keys()))
    const { start, end } = range
    return {
      ...{ feed: plan.settings.name, from: iso(start), to: iso(end), intervals: this.#intervals, files: this.#files },
      findings: this.#findings.sort((a, b) => (a.from < b.from ? -1 : 1)),
      otherFiles: this.#otherFiles,
    }
  }

  async #delivery(delivery: Delivery, isLast: (interval: Interval) => boolean): Promise<void> {
    const { began, ended } = delivery
    const { plan } = this.#options
    const rows = await feedRows(this.#options, began.generation)
    const ranges = began.ranges.map(intervalOf)
    const then = rows === undefined ? undefined : await intervalsIn(plan, rows, ranges, began.through)
    this.#file(delivery, then)
    const own = ranges.flatMap(({ start, end }) => [...intervalsOf(plan.settings, start, end)]).filter(isLast)
    if (own.length === 0) return
    const now = await intervalsIn(plan, this.#now, ranges)
    for (const interval of own) {
      const at = ({ interval: { start } }: FeedInterval): boolean => start === interval.start
      const [was, is] = [then?.find(at), now.find(at)]
      const differences = this.#differences(began.version, was, is)
      const isComplete = !began.incomplete.includes(iso(interval.start))
      const verdict: Verdict =
        ended?.result === 'refused'
          ? 'refused'
          : differences.some(({ isTolerated }) => !isTolerated) || (!isComplete && is?.isComplete === true)
            ? 'differs'
            : !isComplete
              ? 'incomplete'
              : differences.length > 0
                ? 'tolerated'
                : 'equal'
      this.#note(interval, verdict, began.number, differences)
    }
  }

  #differences(version: number, was: FeedInterval | undefined, is: FeedInterval | undefined): readonly Difference[] {
    const { plan } = this.#options
    const layout = layoutOf(plan, version) ?? plan.layouts[0]
    return was === undefined || is === undefined || layout === undefined ? [] : differencesIn(plan, layout, was, is)
  }

  #file({ began }: Delivery, then: readonly FeedInterval[] | undefined): void {
    const { plan } = this.#options
    const layout = layoutOf(plan, began.version)
    const { number, kind, reasons, ranges } = began
    const heading = { delivery: number, kind, reasons, ranges }
    const verdict: FileVerdict =
      then === undefined
        ? 'rows-gone'
        : layout === undefined || contentDigest(plan, layout) !== began.content
          ? 'other-settings'
          : feedFile(plan, layout, then, heading, this.#namesAt.get(number) ?? new Map()).sha256 === began.sha256
            ? 'same'
            : 'changed'
    this.#files[verdict] += 1
    if (verdict !== 'same') this.#otherFiles.push({ delivery: number, verdict })
  }

  /** Intervals whose cut-off has passed, from where deliveries began. */
  #missing({ start, end }: Interval, delivered: ReadonlySet<EpochMs>): void {
    const { plan, now } = this.#options
    const begins = this.#state.begins
    if (begins === undefined) return
    for (const interval of intervalsOf(plan.settings, Math.max(start, begins), end)) {
      if (delivered.has(interval.start) || isOver(plan, interval)) continue
      if (periodAt(plan, interval.start).end + plan.settings.cutOff > now) continue
      this.#note(interval, 'missing', null, [])
    }
  }

  #note({ start, end }: Interval, verdict: Verdict, delivery: number | null, differences: readonly Difference[]): void {
    this.#intervals[verdict] += 1
    if (verdict !== 'equal') this.#findings.push({ from: iso(start), to: iso(end), verdict, delivery, differences })
  }
}
