/** The organisation's options for the service level. */
export type ServiceLevelOptions = Readonly<{
  includeFlowOuts: boolean
  includeAbandons: boolean
  includeShortAbandons: boolean
}>

/** Counts of which a service level is made. */
export type ServiceLevelParts = Readonly<{
  offered: number | undefined
  answered: number
  over: number
  abandoned: number
  short: number
  flowOuts: number
}>

/** A way to work out the denominator. All ways have one numerator: answered − over. */
export type ServiceLevelRule = Readonly<{
  name: string
  options: ServiceLevelOptions | null
  denominator: (parts: ServiceLevelParts) => number | undefined
}>

/** As rows do it: where abandons are left out, the short ones are not taken off a second time. */
const denominatorOf = (
  { includeFlowOuts, includeAbandons, includeShortAbandons }: ServiceLevelOptions,
  parts: ServiceLevelParts,
): number =>
  parts.answered +
  (includeAbandons ? parts.abandoned - (includeShortAbandons ? 0 : parts.short) : 0) +
  (includeFlowOuts ? parts.flowOuts : 0)

const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off')

/** A combination of the options, as reports name it. */
export const nameOf = ({ includeFlowOuts, includeAbandons, includeShortAbandons }: ServiceLevelOptions): string =>
  `includeFlowOuts ${onOff(includeFlowOuts)}, includeAbandons ${onOff(includeAbandons)}, includeShortAbandons ${onOff(includeShortAbandons)}`

const choices = [false, true]

/** The eight combinations of the options, then what is seen elsewhere. */
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

/** The rules by which the parts give these two terms; none if no rule does. */
export const rulesThatFit = (
  parts: ServiceLevelParts,
  numerator: number,
  denominator: number,
): readonly ServiceLevelRule[] =>
  numerator === parts.answered - parts.over
    ? serviceLevelRules.filter((rule) => rule.denominator(parts) === denominator)
    : []
