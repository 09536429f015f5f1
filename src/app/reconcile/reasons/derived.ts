import { serviceLevelDurationMs, type Profile } from '../../../domain/profile.js'
import type { Stats } from '../aggregates.js'
import { additiveDifference, rule, type Finding, type ReasonContext, type Reason } from './finding.js'
import type { OurCell } from '../our-rows.js'

/** Each metric comes after those that it is derived from. */
const DERIVED = ['tWait', 'tShortAbandon', 'nOverSla', 'oServiceLevel']
export const isDerived = ({ place }: Finding): boolean => DERIVED.includes(place.metric)
export const derivedOrder = (finding: Finding): number => DERIVED.indexOf(finding.place.metric)

const WAITS = ['tAnswered', 'tAbandon', 'tFlowOut']

/** The reason for a derived metric: a difference in the metrics that it is derived from, or another rule. */
export const derived = (
  finding: Finding,
  cell: ReadonlyMap<string, Finding>,
  context: ReasonContext,
): Reason | undefined => {
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
): Reason | undefined => {
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

const overSla = ({ place, cell, theirs, ours }: Finding, { profile }: ReasonContext): Reason => {
  const durationMs = serviceLevelDurationMs(
    profile,
    place.group['queueId'] ?? '',
    place.group['mediaType']?.toLowerCase() ?? 'unknown',
  )
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
): Reason | undefined => {
  if (statistics.every(({ statistic }) => statistic === 'target'))
    return rule('the service-level target that is configured differs: import the settings of the queue')
  const { numerator, denominator } = theirs
  if (numerator === undefined || denominator === undefined) return undefined
  const isTheirs = PARTS_OF_SERVICE_LEVEL.every((metric) => asked.has(metric))
  const parts = partsOf(
    (metric) => (isTheirs ? source.get(metric)?.stats : ourCell?.stats(metric)),
    asked.has('nOffered') || !isTheirs,
  )
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

/** The rule behind our figures. Settings of the organisation may have changed the profile's. */
const ownRule = (cell: OurCell | undefined, profile: Profile): string => {
  const configured = nameOf(profile.serviceLevel)
  if (cell === undefined) return configured
  const fitting = rulesThatFit(
    partsOf((metric) => cell.stats(metric), true),
    cell.now.numerator,
    cell.now.denominator,
  )
  return fitting.length === 0 || fitting.some(({ name }) => name === configured)
    ? configured
    : (fitting[0]?.name ?? configured)
}

export const PARTS_OF_SERVICE_LEVEL = ['tAnswered', 'nOverSla', 'tAbandon', 'tShortAbandon', 'tFlowOut']

/**
 * The counts that a service level is computed from. `isOfferedKnown`: a missing nOffered is zero rather than unknown.
 */
export const partsOf = (stats: (metric: string) => Stats | undefined, isOfferedKnown: boolean): ServiceLevelParts => {
  const count = (metric: string): number => stats(metric)?.count ?? 0
  const [answered = 0, over = 0, abandoned = 0, short = 0, flowOuts = 0] = PARTS_OF_SERVICE_LEVEL.map(count)
  return { offered: isOfferedKnown ? count('nOffered') : undefined, answered, over, abandoned, short, flowOuts }
}

const follows = (parts: readonly Finding[]): Reason => {
  const [first] = [...parts].sort((a, b) => derivedOrder(a) - derivedOrder(b))
  const { class: reason } = first?.reason ?? unexplained(first as Finding)
  return {
    class: reason,
    because: `follows from the difference of ${parts.map(({ place }) => place.metric).join(', ')}`,
  }
}

/** Names the figures of both sides and what else is known. */
export const unexplained = (finding: Finding): Reason => {
  const isTheirs = isTheirsLarger(finding)
  const said = finding.statistics
    .map(({ statistic, theirs, ours }) => `${statistic} ${theirs} there and ${ours} here`)
    .join(', ')
  return { class: isTheirs ? 'missing-event' : 'extra-event', because: `${said}: ${whatIsKnown(finding, isTheirs)}` }
}

const whatIsKnown = ({ statistics, cell }: Finding, isTheirs: boolean): string => {
  if (statistics.every(({ statistic }) => statistic === 'min' || statistic === 'max'))
    return 'count and sum are equal, single values are not'
  if (isTheirs && cell !== undefined && cell.erased > 0)
    return `${cell.erased} points of these rows were erased here on request`
  return `nothing explains what is missing ${isTheirs ? 'here' : 'there'}`
}

const isTheirsLarger = (finding: Finding): boolean => {
  const difference =
    additiveDifference(finding).find((each) => each !== 0) ?? finding.statistics.at(-1)?.difference ?? 0
  return difference > 0
}

/** The organisation's options for the service level. */
export type ServiceLevelOptions = Readonly<{
  includeFlowOuts: boolean
  includeAbandons: boolean
  includeShortAbandons: boolean
}>

/** The counts that a service level is computed from. */
export type ServiceLevelParts = Readonly<{
  offered: number | undefined
  answered: number
  over: number
  abandoned: number
  short: number
  flowOuts: number
}>

/** A way to compute the denominator. The numerator is answered − over in all of them. */
export type ServiceLevelRule = Readonly<{
  name: string
  options: ServiceLevelOptions | null
  denominator: (parts: ServiceLevelParts) => number | undefined
}>

/** The denominator of rows: without abandons, short abandons are not subtracted a second time. */
const denominatorOf = (
  { includeFlowOuts, includeAbandons, includeShortAbandons }: ServiceLevelOptions,
  parts: ServiceLevelParts,
): number =>
  parts.answered +
  (includeAbandons ? parts.abandoned - (includeShortAbandons ? 0 : parts.short) : 0) +
  (includeFlowOuts ? parts.flowOuts : 0)

const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off')

/** The name of a combination of options in reports. */
export const nameOf = ({ includeFlowOuts, includeAbandons, includeShortAbandons }: ServiceLevelOptions): string =>
  `includeFlowOuts ${onOff(includeFlowOuts)}, includeAbandons ${onOff(includeAbandons)}, includeShortAbandons ${onOff(includeShortAbandons)}`

const choices = [false, true]

/** The eight combinations of the options, then rules that other systems use. */
export const serviceLevelRules: readonly ServiceLevelRule[] = [
  ...choices.flatMap((includeFlowOuts) =>
    choices.flatMap((includeAbandons) =>
      choices.map((includeShortAbandons) => {
        const options = { includeFlowOuts, includeAbandons, includeShortAbandons }
        return {
          name: nameOf(options),
          options,
          denominator: (parts: ServiceLevelParts) => denominatorOf(options, parts),
        }
      }),
    ),
  ),
  {
    name: 'abandons left out and short abandons taken off again',
    options: null,
    denominator: ({ answered, short }) => answered - short,
  },
  { name: 'answered within the duration, of all offered', options: null, denominator: ({ offered }) => offered },
]

/** The rules that compute these two terms from the parts. */
export const rulesThatFit = (
  parts: ServiceLevelParts,
  numerator: number,
  denominator: number,
): readonly ServiceLevelRule[] =>
  numerator === parts.answered - parts.over
    ? serviceLevelRules.filter((rule) => rule.denominator(parts) === denominator)
    : []
