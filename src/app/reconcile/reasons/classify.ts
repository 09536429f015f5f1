import { derived, derivedOrder, isDerived, unexplained } from './derived.js'
import { additiveDifference, instantText, late, type Finding, type ReasonContext, type Reason } from './finding.js'
import { metricKey } from '../query.js'

/**
 * Classifies the findings of one group. Findings that need no other come first, then edges of intervals, then the rest.
 * Derived metrics come last and take the reason of the metrics that they are derived from.
 */
export const classify = (findings: readonly Finding[], context: ReasonContext): void => {
  const cells = new Map<string, Map<string, Finding>>()
  for (const finding of findings) {
    const key = `${finding.place.interval.start}/${finding.place.interval.end}`
    const cell = cells.get(key) ?? new Map<string, Finding>()
    cells.set(key, cell.set(metricKey(finding.place.metric, finding.place.qualifier), finding))
  }
  for (const finding of findings) finding.reason = unsettled(finding, context)
  classifyEdges(findings)
  for (const cell of cells.values()) {
    classifyStateEdges(cell)
    classifyHandling(cell, context)
    for (const finding of cell.values()) if (!isDerived(finding)) finding.reason ??= unexplained(finding)
    const last = [...cell.values()].filter(isDerived).sort((a, b) => derivedOrder(a) - derivedOrder(b))
    for (const finding of last) finding.reason ??= derived(finding, cell, context) ?? unexplained(finding)
  }
}

/** Only the clock closes intervals: a log that was imported has no tick before somebody runs or ticks it. */
export const NOTHING_CLOSED =
  'none of our intervals is closed, because the clock of the log has not come beyond any: `streamvane clock show` tells how far it has come, `streamvane clock tick` moves it'

/** Finds what is not settled yet: our interval is open, or the API's figure is ours from before a restatement. */
const unsettled = (
  { place, statistics, cell, theirs, ours }: Finding,
  { closedThrough }: ReasonContext,
): Reason | undefined => {
  if (cell !== undefined && cell.provisional > 0) return late('our interval is still open: the row is provisional')
  if (closedThrough === undefined) return late(NOTHING_CLOSED)
  if (place.interval.end > closedThrough)
    return late(`our intervals are closed through ${instantText(closedThrough)} only`)
  if (cell === undefined || cell.corrections.size === 0) return undefined
  const before = cell.settled.stats(metricKey(place.metric, place.qualifier), cell.target)
  const isBetween = statistics.every(({ statistic }) => {
    const [their, our, was] = [theirs[statistic], ours[statistic], before[statistic]]
    if (their === undefined || our === undefined) return false
    if (was === undefined) return statistic !== 'count' && statistic !== 'sum' // there were none, so it had no extremes and no ratio
    return (their >= was && their <= our) || (their <= was && their >= our)
  })
  return isBetween
    ? late(`theirs is what we said before we restated the row (${[...cell.corrections.keys()].join(', ')})`)
    : undefined
}

/**
 * A session has no handle time before its after-call work ends. The side that asked too early has talk time without
 * handle time.
 */
const classifyHandling = (
  cell: ReadonlyMap<string, Finding>,
  { asked, closedThrough, profile }: ReasonContext,
): void => {
  const handled = cell.get('tHandle')
  if (handled === undefined || handled.reason !== undefined || cell.has('tTalkComplete') || !asked.has('tTalkComplete'))
    return
  const [count = 0, sum = 0] = additiveDifference(handled)
  const acw = cell.get('tAcw')
  const side = count > 0 || (count === 0 && sum > 0) ? 'we have' : 'they had'
  if (side === 'we have' && handled.place.interval.end + profile.correlation.restateHorizonMs <= (closedThrough ?? 0))
    return
  const reason = late(
    side === 'we have'
      ? 'all talked that they count, but we have not the handle time of all: after-call work is not over, or has not come yet'
      : 'all talked that we count, but they had not the handle time of all: theirs was asked for before after-call work was over',
  )
  const talked =
    (side === 'we have' ? handled.cell?.stats('tTalkComplete') : handled.source.get('tTalkComplete')?.stats)?.count ?? 0
  const finished = (side === 'we have' ? handled.ours : handled.theirs).count ?? 0
  const isOpen = count !== 0 && talked - finished >= Math.abs(count)
  const isAcwAlone = count === 0 && acw !== undefined && sum !== 0 && additiveDifference(acw)[1] === sum
  if (!isOpen && !isAcwAlone) return
  handled.reason = reason
  if (acw !== undefined) acw.reason ??= reason
}

const EDGE_RUN_MAX = 4

/**
 * Finds adjacent intervals whose differences cancel out: the two sides count something at the edge between them in
 * different intervals.
 */
export const classifyEdges = (findings: readonly Finding[]): void => {
  const runs = new Map<string, Finding[]>()
  for (const finding of findings) {
    const key = metricKey(finding.place.metric, finding.place.qualifier)
    const run = runs.get(key)
    if (run === undefined) runs.set(key, [finding])
    else run.push(finding)
  }
  for (const run of runs.values()) {
    run.sort((a, b) => a.place.interval.start - b.place.interval.start)
    for (let i = 0; i < run.length; i++) {
      const length = cancelling(run, i)
      for (const finding of run.slice(i, i + length))
        finding.reason ??= {
          class: 'clock-edge',
          because: `what is ${isMore(finding) ? 'more' : 'less'} here is ${isMore(finding) ? 'less' : 'more'} in the neighbouring interval: ${instantText((run[i] as Finding).place.interval.start)} to ${instantText((run[i + length - 1] as Finding).place.interval.end)} is equal`,
        }
      if (length > 0) i += length - 1
    }
  }
}

const isMore = (finding: Finding): boolean =>
  (additiveDifference(finding).find((difference) => difference !== 0) ?? 0) > 0

/** How many findings from the one at `from` cancel out; 0 if none do. */
const cancelling = (run: readonly Finding[], from: number): number => {
  const total = [0, 0, 0, 0]
  for (let i = from; i < Math.min(run.length, from + EDGE_RUN_MAX); i++) {
    const finding = run[i] as Finding
    if (i > from && (run[i - 1] as Finding).place.interval.end !== finding.place.interval.start) return 0
    const difference = additiveDifference(finding)
    if (difference.every((each) => each === 0)) return 0
    difference.forEach((each, index) => (total[index] = (total[index] as number) + each))
    if (i > from && total.every((each) => Math.abs(each) < 1e-6)) return i - from + 1
  }
  return 0
}

const STATE_EDGE_MAX_MS = 1_000

/** The two sides date a change of state a moment apart: what one state has more, another has less. */
export const classifyStateEdges = (cell: ReadonlyMap<string, Finding>): void => {
  for (const metric of ['tAgentRoutingStatus', 'tSystemPresence', 'tOrganizationPresence']) {
    const states = [...cell.values()].filter(({ place }) => place.metric === metric)
    const moved = states.map((finding) => additiveDifference(finding)[1] as number)
    if (
      states.length < 2 ||
      moved.reduce((sum, each) => sum + each, 0) !== 0 ||
      moved.some((each) => Math.abs(each) > STATE_EDGE_MAX_MS)
    )
      continue
    for (const finding of states)
      finding.reason ??= {
        class: 'clock-edge',
        because:
          'states of this interval have as much more as others have less: a change of state is dated a moment apart',
      }
  }
}
