import * as E from './either.js'
import { families, familyNames, isFamilyName, type FamilyName } from './family.js'
import { compile, evaluate, parseFormula, type Compiled, type Formula, type Options } from './formula.js'
import { COUNT } from './flat-measures.js'
import type { MetricName } from './metric.js'
import type { EvidenceLevel } from './metric-texts.js'

/**
 * The two terms of a KPI. Terms of several intervals or queues are added before they are divided. A quantity has no
 * denominator.
 */
export type Ratio = Readonly<{ numerator: number; denominator: number | null }>

/** What the value of a KPI is: a share between 0 and 1, milliseconds, occurrences, or a plain number. */
export type KpiUnit = 'share' | 'ms' | 'count' | 'number'

/**
 * A KPI is a formula over measures, in the families that carry them. Names of the built-in ones are part of the
 * contract.
 */
export type Kpi = Readonly<{
  name: string
  unit: KpiUnit
  formula: string
  families: readonly FamilyName[]
  doc: string
}>

/** Families of conversations: they carry the metrics that Genesys emits for them. */
export const interactionFamilies: readonly FamilyName[] = familyNames.filter(
  (name) => families[name].dimensions.includes('mediaType') && name !== 'flow',
)

/** Families whose cells hold the interactions of a queue, whoever handled them. */
const offering: readonly FamilyName[] = interactionFamilies.filter((name) => name !== 'agent')

/** `source` says where the formula is from (ids of docs/sources.md), `mark` how well it is known. */
export type BuiltInKpi = Kpi & Readonly<{ source: string; mark: EvidenceLevel }>

const kpi = (
  name: string,
  unit: KpiUnit,
  formula: string,
  inFamilies: readonly FamilyName[],
  doc: string,
  source: string,
  mark: EvidenceLevel,
) => ({
  ...{ name, unit, formula, families: inFamilies },
  ...{ doc, source, mark },
})

export const builtInKpis: readonly BuiltInKpi[] = [
  kpi(
    'serviceLevel',
    'share',
    // Abandons are never within the service level, however short. Where abandons are excluded, the short ones are not
    // subtracted a second time.
    '(tAnswered.count - nOverSla.count) / (tAnswered.count + includeAbandons * tAbandon.count - includeAbandons * tShortAbandon.count + includeAbandons * includeShortAbandons * tShortAbandon.count + includeFlowOuts * tFlowOut.count)',
    offering,
    'Service level (Genesys: oServiceLevel): answered within the service-level duration, of all that count by the options of the organisation.',
    'S8, S23, O2',
    'D',
  ),
  kpi('asa', 'ms', 'tAnswered.sum / tAnswered.count', interactionFamilies, 'Average speed of answer.', 'S9, S20', 'D'),
  kpi('aht', 'ms', 'tHandle.sum / tHandle.count', interactionFamilies, 'Average handle time.', 'S7', 'D'),
  kpi('abandonRate', 'share', 'tAbandon.count / nOffered.count', offering, 'Abandoned, of offered.', 'S9', 'D'),
  kpi('answerRate', 'share', 'tAnswered.count / nOffered.count', offering, 'Answered, of offered.', 'S9', 'D'),
  kpi(
    'flowOutRate',
    'share',
    'tFlowOut.count / nOffered.count',
    offering,
    'Flowed out of the queue, of offered.',
    'S5',
    'I',
  ),
  kpi(
    'averageWait',
    'ms',
    'tWait.sum / tWait.count',
    interactionFamilies,
    'Average wait of all that left the queue.',
    'S20, O2',
    'C',
  ),
  kpi(
    'averageAbandonTime',
    'ms',
    'tAbandon.sum / tAbandon.count',
    offering,
    'Average wait of those who abandoned.',
    'S9',
    'D',
  ),
  kpi(
    'averageTalk',
    'ms',
    'tTalkComplete.sum / tTalkComplete.count',
    interactionFamilies,
    'Average talk time of sessions that talked.',
    'S9',
    'D',
  ),
  kpi(
    'averageHold',
    'ms',
    'tHeldComplete.sum / tHeldComplete.count',
    interactionFamilies,
    'Average hold time of sessions that were held.',
    'S9',
    'D',
  ),
  kpi(
    'averageAcw',
    'ms',
    'tAcw.sum / tAcw.count',
    interactionFamilies,
    'Average after-call work of sessions that had any.',
    'S9',
    'D',
  ),
  kpi(
    'transferRate',
    'share',
    'nTransferred.count / tHandle.count',
    interactionFamilies,
    'Transfers, of handled sessions.',
    'S20',
    'I',
  ),
  kpi(
    'occupancy',
    'share',
    'tRoutingStatusInteracting.sum / (tRoutingStatusInteracting.sum + tRoutingStatusCommunicating.sum + tRoutingStatusIdle.sum + countNotResponding * tRoutingStatusNotResponding.sum)',
    ['agent-occupancy'],
    'Time interacting, of the time on queue.',
    'S15',
    'C',
  ),
  kpi(
    'averageFlowTime',
    'ms',
    'tFlow.sum / tFlow.count',
    ['flow', 'organisation'],
    'Average time in the flow.',
    'S1',
    'I',
  ),
  kpi(
    'flowOutcomeSuccess',
    'share',
    '(nFlowOutcome.count - nFlowOutcomeFailed.count) / nFlowOutcome.count',
    ['flow', 'organisation'],
    'Flow outcomes that did not fail, of all outcomes.',
    'S1',
    'I',
  ),
]

export const builtInKpisOf = (family: FamilyName): readonly Kpi[] =>
  builtInKpis.filter((one) => one.families.includes(family))

/** Why a KPI cannot be computed, in sentences; empty if it can. */
export const kpiProblems = ({ name, formula, families: inFamilies }: Kpi): readonly string[] => {
  const parsed = parseFormula(formula)
  if (E.isLeft(parsed)) return [`formula of ${name}: ${parsed.left}`]
  const metrics = metricsOf(parsed.right)
  if (metrics.length === 0) return [`formula of ${name}: it names no measure`]
  if (inFamilies.length === 0) return [`${name} is in no family: say which rows are to carry it`]
  return inFamilies.flatMap((family) => {
    if (!isFamilyName(family)) return [`${name}: ${String(family)} is not a family`]
    const absent = metrics.find((metric) => !families[family].metrics.includes(metric))
    return absent === undefined ? [] : [`formula of ${name}: family ${family} does not carry ${absent}`]
  })
}

/** The metrics that a formula names, each once. */
export const metricsOf = ({ numerator, denominator }: Formula): readonly MetricName[] => [
  ...new Set([...numerator, ...(denominator ?? [])].map(({ metric }) => metric)),
]

/** KPIs with parsed formulas and the options applied. Compile once for many rows. */
export type CompiledKpis = readonly Readonly<{ name: string; numerator: Compiled; denominator: Compiled | null }>[]

/** Throws if a formula is wrong: `kpiProblems` is asked when a profile is published. */
export const compileKpis = (kpis: readonly Kpi[], options: Options): CompiledKpis =>
  kpis.map(({ name, formula }) => {
    const parsed = parseFormula(formula)
    if (E.isLeft(parsed)) throw new Error(`formula of ${name}: ${parsed.left}`)
    const { numerator, denominator } = parsed.right
    return {
      name,
      numerator: compile(numerator, options),
      denominator: denominator === null ? null : compile(denominator, options),
    }
  })

/**
 * The KPIs that have a value, three numbers each: place among `kpis`, numerator, denominator (NaN for a quantity, which
 * has none). A denominator of 0 gives no value, neither 0 nor 100, and a quantity of absent measures gives none either.
 */
export const ratiosOf = (kpis: CompiledKpis, offsets: Int16Array, numbers: readonly number[]): number[] => {
  const ratios: number[] = []
  for (let place = 0; place < kpis.length; place++) {
    const { numerator, denominator } = kpis[place] as CompiledKpis[number]
    if (denominator === null) {
      if (numerator.some((term) => isPresent(term, offsets, numbers)))
        ratios.push(place, evaluate(numerator, offsets, numbers), NaN)
      continue
    }
    const below = evaluate(denominator, offsets, numbers)
    if (below !== 0) ratios.push(place, evaluate(numerator, offsets, numbers), below)
  }
  return ratios
}

const isPresent = ({ place }: Compiled[number], offsets: Int16Array, numbers: readonly number[]): boolean => {
  const offset = offsets[place] as number
  return offset >= 0 && (numbers[offset + COUNT] as number) > 0
}
