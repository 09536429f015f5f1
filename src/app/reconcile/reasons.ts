import { derived, derivedOrder, isDerived, unexplained } from './derived.js'
import { judgeEdges, judgeStateEdges } from './edges.js'
import { additiveDifference, instantText, late, type Finding, type ReasonContext, type Verdict } from './finding.js'
import { metricKey } from './query.js'

/**
 * Finds the reason of every finding of one group. First what needs no other finding, then the edges of intervals, then
 * what is left; metrics that are worked out of others come last and take over the reason of those.
 */
export const judge = (findings: readonly Finding[], context: ReasonContext): void => {
  const cells = new Map<string, Map<string, Finding>>()
  for (const finding of findings) {
    const key = `${finding.place.interval.start}/${finding.place.interval.end}`
    const cell = cells.get(key) ?? new Map<string, Finding>()
    cells.set(key, cell.set(metricKey(finding.place.metric, finding.place.qualifier), finding))
  }
  for (const finding of findings) finding.verdict = unsettled(finding, context)
  judgeEdges(findings)
  for (const cell of cells.values()) {
    judgeStateEdges(cell)
    judgeHandling(cell, context)
    for (const finding of cell.values()) if (!isDerived(finding)) finding.verdict ??= unexplained(finding)
    const last = [...cell.values()].filter(isDerived).sort((a, b) => derivedOrder(a) - derivedOrder(b))
    for (const finding of last) finding.verdict ??= derived(finding, cell, context) ?? unexplained(finding)
  }
}

/** Our interval is open, or theirs is what we said before we restated it. */
const unsettled = (
  { place, statistics, cell, theirs, ours }: Finding,
  { closedThrough }: ReasonContext,
): Verdict | undefined => {
  if (cell !== undefined && cell.provisional > 0) return late('our interval is still open: the row is provisional')
  if (closedThrough === undefined || place.interval.end > closedThrough)
    return late(
      `our intervals are closed through ${closedThrough === undefined ? 'nowhere yet' : instantText(closedThrough)} only`,
    )
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
 * Sessions whose after-call work is not over have no handle time yet: the side that lacks it has talked without having
 * handled.
 */
const judgeHandling = (cell: ReadonlyMap<string, Finding>, { asked, closedThrough, profile }: ReasonContext): void => {
  const handled = cell.get('tHandle')
  if (
    handled === undefined ||
    handled.verdict !== undefined ||
    cell.has('tTalkComplete') ||
    !asked.has('tTalkComplete')
  )
    return
  const [count = 0, sum = 0] = additiveDifference(handled)
  const acw = cell.get('tAcw')
  const side = count > 0 || (count === 0 && sum > 0) ? 'we have' : 'they had'
  if (side === 'we have' && handled.place.interval.end + profile.correlation.restateHorizonMs <= (closedThrough ?? 0))
    return
  const verdict = late(
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
  handled.verdict = verdict
  if (acw !== undefined) acw.verdict ??= verdict
}
