import type { EpochMs } from '../domain/interval.js'
import { serviceLevelDurationMs, type Profile } from '../domain/profile.js'
import type { Stats } from './aggregates.js'
import { additiveDifference, type Finding, type Verdict } from './reconcile-finding.js'
import { metricKey } from './reconcile-query.js'
import type { OurCell } from './reconcile-rows.js'
import { nameOf, rulesThatFit, type ServiceLevelParts } from './reconcile-service-level.js'

export type ReasonContext = Readonly<{
  profile: Profile
  /** The end of our last closed interval. */
  closedThrough: EpochMs | undefined
  /** Metrics that the query asked for: of those is known that they are equal where nothing was found. */
  asked: ReadonlySet<string>
  /** Of rules that fit a figure, the one that fits most of the others too is named first. */
  fitsElsewhere: (rule: string) => number
}>

/**
 * Finds the reason of every finding of one group. First what needs no other finding, then the edges of intervals, then what is left; metrics that are worked out
 * of others come last and take over the reason of those.
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

/** Each after those of which it is made. */
const DERIVED = ['tWait', 'tShortAbandon', 'nOverSla', 'oServiceLevel']
const isDerived = ({ place }: Finding): boolean => DERIVED.includes(place.metric)
const derivedOrder = (finding: Finding): number => DERIVED.indexOf(finding.place.metric)

/** Our interval is open, or theirs is what we said before we restated it. */
const unsettled = ({ place, statistics, cell, theirs, ours }: Finding, { closedThrough }: ReasonContext): Verdict | undefined => {
  if (cell !== undefined && cell.provisional > 0) return late('our interval is still open: the row is provisional')
  if (closedThrough === undefined || place.interval.end > closedThrough)
    return late(`our intervals are closed through ${closedThrough === undefined ? 'nowhere yet' : iso(closedThrough)} only`)
  if (cell === undefined || cell.corrections.size === 0) return undefined
  const before = cell.settled.stats(metricKey(place.metric, place.qualifier), cell.target)
  const isBetween = statistics.every(({ statistic }) => {
    const [their, our, was] = [theirs[statistic], ours[statistic], before[statistic]]
    if (their === undefined || our === undefined) return false
    if (was === undefined) return statistic !== 'count' && statistic !== 'sum' // there were none, so it had no extremes and no ratio
    return (their >= was && their <= our) || (their <= was && their >= our)
  })
  return isBetween ? late(`theirs is what we said before we restated the row (${[...cell.corrections.keys()].join(', ')})`) : undefined
}

const EDGE_RUN_MAX = 4

/** Intervals next to each other whose differences cancel out: something happened at the edge between them, and the two sides have it on either side. */
const judgeEdges = (findings: readonly Finding[]): void => {
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
          because: `what is ${isMore(finding) ? 'more' : 'less'} here is ${isMore(finding) ? 'less' : 'more'} in the neighbouring interval: ${iso((run[i] as Finding).place.interval.start)} to ${iso((run[i + length - 1] as Finding).place.interval.end)} is equal`,
        }
      if (length > 0) i += length - 1
    }
  }
}

const isMore = (finding: Finding): boolean => (additiveDifference(finding).find((difference) => difference !== 0) ?? 0) > 0

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
const judgeStateEdges = (cell: ReadonlyMap<string, Finding>): void => {
  for (const metric of ['tAgentRoutingStatus', 'tSystemPresence', 'tOrganizationPresence']) {
    const states = [...cell.values()].filter(({ place }) => place.metric === metric)
    const moved = states.map((finding) => additiveDifference(finding)[1] as number)
    if (states.length < 2 || moved.reduce((sum, each) => sum + each, 0) !== 0 || moved.some((each) => Math.abs(each) > STATE_EDGE_MAX_MS))
      continue
    for (const finding of states)
      finding.verdict ??= {
        class: 'clock-edge',
        because: 'states of this interval have as much more as others have less: a change of state is dated a moment apart',
      }
  }
}

/** Sessions whose after-call work is not over have no handle time yet: the side that lacks it has talked without having handled. */
const judgeHandling = (cell: ReadonlyMap<string, Finding>, { asked, closedThrough, profile }: ReasonContext): void => {
  const handled = cell.get('tHandle')
  if (handled === undefined || handled.verdict !== undefined || cell.has('tTalkComplete') || !asked.has('tTalkComplete')) return
  const [count = 0, sum = 0] = additiveDifference(handled)
  const acw = cell.get('tAcw')
  const side = count > 0 || (count === 0 && sum > 0) ? 'we have' : 'they had'
  if (side === 'we have' && handled.place.interval.end + profile.correlation.restateHorizonMs <= (closedThrough ?? 0)) return
  const verdict = late(
    side === 'we have'
      ? 'all talked that they count, but we have not the handle time of all: after-call work is not over, or has not come yet'
      : 'all talked that we count, but they had not the handle time of all: theirs was asked for before after-call work was over',
  )
  const talked = (side === 'we have' ? handled.cell?.stats('tTalkComplete') : handled.source.get('tTalkComplete')?.stats)?.count ?? 0
  const finished = (side === 'we have' ? handled.ours : handled.theirs).count ?? 0
  const isOpen = count !== 0 && talked - finished >= Math.abs(count)
  const isAcwAlone = count === 0 && acw !== undefined && sum !== 0 && additiveDifference(acw)[1] === sum
  if (!isOpen && !isAcwAlone) return
  handled.verdict = verdict
  if (acw !== undefined) acw.verdict ??= verdict
}

const WAITS = ['tAnswered', 'tAbandon', 'tFlowOut']

/** Of a metric that is worked out of others: it follows from a difference of those, or a rule differs. */
const derived = (finding: Finding, cell: ReadonlyMap<string, Finding>, context: ReasonContext): Verdict | undefined => {
  const { asked, profile } = context
  switch (finding.place.metric) {
    case 'tWait': {
      const parts = WAITS.flatMap((metric) => cell.get(metric) ?? [])
      if (parts.length > 0) return follows(parts)
      return WAITS.every((metric) => asked.has(metric))
        ? rule(
            `answered, abandoned and flowed out are equal: they count the waits of customer-first callbacks otherwise (waitIncludesCustomerFirst is ${profile.waitIncludesCustomerFirst})`,
          )
        : undefined
    }
    case 'tShortAbandon':
      return shortAbandon(finding, cell, context)
    case 'nOverSla': {
      const answered = cell.get('tAnswered')
      if (answered !== undefined) return follows([answered])
      return asked.has('tAnswered') && profile.points === 'detail-events' ? overSla(finding, context) : undefined
    }
    default:
      return serviceLevel(finding, cell, context)
  }
}

const shortAbandon = (
  { theirs, ours }: Finding,
  cell: ReadonlyMap<string, Finding>,
  { asked, profile }: ReasonContext,
): Verdict | undefined => {
  const abandons = cell.get('tAbandon')
  if (abandons !== undefined) return follows([abandons])
  if (!asked.has('tAbandon')) return undefined
  const [most, least] = [theirs.max, ours.max]
  const theirThreshold =
    (theirs.count ?? 0) > (ours.count ?? 0) && most !== undefined
      ? `above ${most} ms (or exactly that, counting it in)`
      : `at most ${least ?? 0} ms`
  return rule(
    `abandons are equal: their short-abandon threshold is ${theirThreshold}; ours by the profile is ${profile.shortAbandonMs} ms${profile.shortAbandonThrough ? ' inclusive' : ''}`,
  )
}

const overSla = ({ place, cell, theirs, ours }: Finding, { profile }: ReasonContext): Verdict => {
  const durationMs = serviceLevelDurationMs(profile, place.group['queueId'] ?? '', place.group['mediaType']?.toLowerCase() ?? 'unknown')
  const answered = cell?.stats('tAnswered')
  const isAtDuration = answered?.min === durationMs || answered?.max === durationMs
  const isStricter = (theirs.count ?? 0) > (ours.count ?? 0)
  return rule(
    isAtDuration && isStricter !== profile.serviceLevel.overAtDuration
      ? `answers are equal, and one waited exactly the service-level duration of ${durationMs} ms: they count it as ${isStricter ? '' : 'not '}over (overAtDuration)`
      : `answers are equal: their service-level duration is ${isStricter ? 'shorter' : 'longer'} than ours, by the profile ${durationMs} ms`,
  )
}

const serviceLevel = (
  { statistics, theirs, source, cell: ourCell }: Finding,
  cell: ReadonlyMap<string, Finding>,
  { asked, profile, fitsElsewhere }: ReasonContext,
): Verdict | undefined => {
  if (statistics.every(({ statistic }) => statistic === 'target'))
    return rule('the service-level target that is configured differs: import the settings of the queue')
  const { numerator, denominator } = theirs
  if (numerator === undefined || denominator === undefined) return undefined
  const isTheirs = PARTS_OF_SERVICE_LEVEL.every((metric) => asked.has(metric))
  const parts = partsOf((metric) => (isTheirs ? source.get(metric)?.stats : ourCell?.stats(metric)), asked.has('nOffered') || !isTheirs)
  const fitting = rulesThatFit(parts, numerator, denominator)
  const own = ownRule(ourCell, profile)
  const components = PARTS_OF_SERVICE_LEVEL.flatMap((metric) => cell.get(metric) ?? [])
  if (components.length > 0 && fitting.some(({ name }) => name === own)) return follows(components)
  const [best, ...others] = [...fitting].sort((a, b) => fitsElsewhere(b.name) - fitsElsewhere(a.name))
  if (best !== undefined && best.name !== own)
    return rule(
      `theirs is right with ${best.name}${others.length === 0 ? '' : ` (${others.length} other combinations give the same here)`}; ours is with ${own}`,
    )
  if (components.length > 0) return follows(components)
  return isTheirs ? rule('no combination of the options gives their figures from their counts') : undefined
}

/** The rule by which our figures are made: the organisation's settings may have changed what the profile says. */
const ownRule = (cell: OurCell | undefined, profile: Profile): string => {
  const configured = nameOf(profile.serviceLevel)
  if (cell === undefined) return configured
  const fitting = rulesThatFit(
    partsOf((metric) => cell.stats(metric), true),
    cell.now.numerator,
    cell.now.denominator,
  )
  return fitting.length === 0 || fitting.some(({ name }) => name === configured) ? configured : (fitting[0]?.name ?? configured)
}

export const PARTS_OF_SERVICE_LEVEL = ['tAnswered', 'nOverSla', 'tAbandon', 'tShortAbandon', 'tFlowOut']

/** The counts of which a service level is made; `isOfferedKnown`: of nOffered is known that it is zero where it is not said. */
export const partsOf = (stats: (metric: string) => Stats | undefined, isOfferedKnown: boolean): ServiceLevelParts => {
  const count = (metric: string): number => stats(metric)?.count ?? 0
  const [answered = 0, over = 0, abandoned = 0, short = 0, flowOuts = 0] = PARTS_OF_SERVICE_LEVEL.map(count)
  return { offered: isOfferedKnown ? count('nOffered') : undefined, answered, over, abandoned, short, flowOuts }
}

const follows = (parts: readonly Finding[]): Verdict => {
  const [first] = [...parts].sort((a, b) => derivedOrder(a) - derivedOrder(b))
  const { class: reason } = first?.verdict ?? unexplained(first as Finding)
  return { class: reason, because: `follows from the difference of ${parts.map(({ place }) => place.metric).join(', ')}` }
}

const unexplained = (finding: Finding): Verdict => {
  const isTheirs = isTheirsLarger(finding)
  const said = finding.statistics.map(({ statistic, theirs, ours }) => `${statistic} ${theirs} there and ${ours} here`).join(', ')
  return { class: isTheirs ? 'missing-event' : 'extra-event', because: `${said}: ${whatIsKnown(finding, isTheirs)}` }
}

const whatIsKnown = ({ statistics, cell }: Finding, isTheirs: boolean): string => {
  if (statistics.every(({ statistic }) => statistic === 'min' || statistic === 'max'))
    return 'count and sum are equal, single values are not'
  if (isTheirs && cell !== undefined && cell.erased > 0) return `${cell.erased} points of these rows were erased here on request`
  return `nothing explains what is missing ${isTheirs ? 'here' : 'there'}`
}

const isTheirsLarger = (finding: Finding): boolean => {
  const difference = additiveDifference(finding).find((each) => each !== 0) ?? finding.statistics.at(-1)?.difference ?? 0
  return difference > 0
}

const late = (because: string): Verdict => ({ class: 'late', because })
const rule = (because: string): Verdict => ({ class: 'rule', because })
const iso = (at: EpochMs): string => new Date(at).toISOString().replace(/:00\.000Z$/, 'Z')
