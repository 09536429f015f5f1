import { additiveDifference, instantText, type Finding } from './finding.js'
import { metricKey } from './query.js'

const EDGE_RUN_MAX = 4

/**
 * Intervals next to each other whose differences cancel out: something happened at the edge between them, and the two
 * sides have it on either side.
 */
export const judgeEdges = (findings: readonly Finding[]): void => {
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
        finding.verdict ??= {
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

/** An agent went from one state to another a moment earlier or later: what one state has more another has less. */
export const judgeStateEdges = (cell: ReadonlyMap<string, Finding>): void => {
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
      finding.verdict ??= {
        class: 'clock-edge',
        because:
          'states of this interval have as much more as others have less: a change of state is dated a moment apart',
      }
  }
}
