import { intervalAt } from '../../../domain/granularity.js'
import { DAY_MS, type EpochMs, type Interval } from '../../../domain/interval.js'
import type { FeedPlan } from '../records/plan.js'
import { intervalsOf, type FeedInterval } from '../records/record.js'
import { joinedIntervals } from '../records/source-rows.js'
import { deliveredIntervals, type DeliveredInterval, type FeedState } from '../log/state.js'
import { pushedLayout, type ToDeliver } from './begin.js'
import { intervalsIn, lastRevision, type FeedRows } from './build.js'
import { differencesIn } from './changes.js'

/** The period that is delivered next: the one that starts at `next` or holds it. */
export const periodAt = ({ settings: { push, interval, zone } }: FeedPlan, at: EpochMs): Interval =>
  intervalAt(push?.period ?? interval, zone, at)

/** Where deliveries begin: with the first period that starts at `at` or later. */
export const firstPeriod = (plan: FeedPlan, at: EpochMs): EpochMs => {
  const { start, end } = periodAt(plan, at)
  return start === at ? start : end
}

/** Whether deliveries have ended before this period. */
export const isOver = ({ settings: { push } }: FeedPlan, { start }: Interval): boolean =>
  push?.end !== undefined && start >= Date.parse(push.end)

/**
 * The next period, if it is to be delivered now: it is complete, or its cut-off has passed. What is incomplete then is
 * delivered as it is, and said.
 */
export const regularDelivery = async (
  plan: FeedPlan,
  state: FeedState,
  rows: FeedRows,
  now: EpochMs,
): Promise<ToDeliver | undefined> => {
  if (state.next === undefined) return undefined
  const period = periodAt(plan, state.next)
  if (now < period.end || isOver(plan, period)) return undefined
  const through = await lastRevision(rows.of)
  const intervals = await intervalsIn(plan, rows, [period], through)
  const isComplete = intervals.every((each) => each.isComplete)
  if (!isComplete && now < period.end + plan.settings.cutOff) return undefined
  return {
    ...{ kind: 'regular', reasons: [], ranges: [period], intervals },
    ...{ generation: rows.generation.name, through },
  }
}

/** Rows of a generation that was live when something was delivered; `undefined` if they are deleted. */
export type RowsOfGeneration = (name: string) => Promise<FeedRows | undefined>

/** Intervals that were delivered and may be delivered again, by start. */
export const correctable = (
  plan: FeedPlan,
  state: FeedState,
  now: EpochMs,
): ReadonlyMap<EpochMs, DeliveredInterval> => {
  const since = now - plan.settings.corrections.days * DAY_MS
  const starts = function* (from: EpochMs, to: EpochMs): Iterable<EpochMs> {
    for (const { start } of intervalsOf(plan.settings, from, to)) yield start
  }
  const all = deliveredIntervals(state, starts, since)
  const { interval, zone } = plan.settings
  return new Map([...all].filter(([start]) => intervalAt(interval, zone, start).end > since))
}

/** Intervals that are compared at once: a few days of quarters. */
const COMPARED_MAX = 400

/**
 * The intervals among `candidates` that say something else than was delivered, beyond the tolerances; or that are
 * complete by now and were delivered as incomplete. `undefined`: none does.
 */
export const correctionOf = async (
  plan: FeedPlan,
  candidates: ReadonlyMap<EpochMs, DeliveredInterval>,
  rows: FeedRows,
  rowsOf: RowsOfGeneration,
): Promise<ToDeliver | undefined> => {
  const through = await lastRevision(rows.of)
  const all = [...candidates].sort(([a], [b]) => a - b)
  const reasons = new Set<string>()
  const intervals: FeedInterval[] = []
  for (let at = 0; at < all.length; at += COMPARED_MAX)
    for (const { interval, why } of await changedAmong(plan, all.slice(at, at + COMPARED_MAX), rows, rowsOf, through)) {
      intervals.push(interval)
      for (const each of why) reasons.add(each)
    }
  if (intervals.length === 0) return undefined
  return {
    ...{
      kind: 'correction',
      reasons: [...reasons].sort(),
      ranges: joinedIntervals(intervals.map((each) => each.interval)),
    },
    ...{ intervals, generation: rows.generation.name, through },
  }
}

type Changed = Readonly<{ interval: FeedInterval; why: readonly string[] }>

const changedAmong = async (
  plan: FeedPlan,
  candidates: readonly (readonly [EpochMs, DeliveredInterval])[],
  rows: FeedRows,
  rowsOf: RowsOfGeneration,
  through: number,
): Promise<readonly Changed[]> => {
  const layout = pushedLayout(plan)
  const { interval, zone } = plan.settings
  const rangesOf = (starts: readonly EpochMs[]) =>
    joinedIntervals(starts.map((start) => intervalAt(interval, zone, start)))
  const now = byStart(await intervalsIn(plan, rows, rangesOf(candidates.map(([start]) => start)), through))
  const changed: Changed[] = []
  for (const [{ began }, group] of byDelivery(candidates)) {
    const before = await rowsOf(began.generation)
    const ranges = rangesOf(group.map(([start]) => start))
    const then = before === undefined ? undefined : byStart(await intervalsIn(plan, before, ranges, began.through))
    for (const [start, delivered] of group) {
      const [was, is] = [then?.get(start), now.get(start)]
      if (is === undefined) continue
      const isChanged = was === undefined || differencesIn(plan, layout, was, is).some((each) => !each.isTolerated)
      const why = reasonsOf(delivered, is, isChanged)
      const isOther = began.generation !== rows.generation.name
      if (why.length > 0) changed.push({ interval: is, why: isOther ? [...why, 'generation'] : why })
    }
  }
  return changed.sort((a, b) => a.interval.interval.start - b.interval.interval.start)
}

/** Why an interval is delivered again; empty: it is not. */
const reasonsOf = ({ isComplete }: DeliveredInterval, is: FeedInterval, isChanged: boolean): readonly string[] => {
  // What is not complete yet is delivered again when it is.
  if (!isComplete) return is.isComplete ? ['completed'] : []
  if (!isChanged) return []
  return is.corrections.length === 0 ? ['changed'] : is.corrections
}

const byStart = (intervals: readonly FeedInterval[]): ReadonlyMap<EpochMs, FeedInterval> =>
  new Map(intervals.map((each) => [each.interval.start, each]))

type Candidate = readonly [EpochMs, DeliveredInterval]

const byDelivery = (
  candidates: readonly Candidate[],
): ReadonlyMap<DeliveredInterval['delivery'], readonly Candidate[]> => {
  const groups = new Map<DeliveredInterval['delivery'], Candidate[]>()
  for (const candidate of candidates) {
    const { delivery } = candidate[1]
    groups.set(delivery, [...(groups.get(delivery) ?? []), candidate])
  }
  return groups
}
