import type { FamilyName } from './family.js'
import { measureIn, type Row } from './row.js'
import type { MetricName } from './metric.js'

/** A ratio is carried as its two terms, so that rows of several intervals or queues are added before they are divided. */
export type Ratio = Readonly<{ numerator: number; denominator: number }>

/** Organisation options of the service-level formula (Admin > Contact Center > Analytics). */
export type ServiceLevelOptions = Readonly<{ includeFlowOuts: boolean; includeAbandons: boolean }>

export type KpiName = 'serviceLevel' | 'asa' | 'aht' | 'abandonRate'

export type Kpi = Readonly<{
  name: KpiName
  /** What the quotient is: a share between 0 and 1, or milliseconds. */
  unit: 'share' | 'ms'
  formula: string
  families: readonly FamilyName[]
  /** `undefined` where the denominator is 0: no value, neither 0 nor 100. */
  of: (row: Row, options: ServiceLevelOptions) => Ratio | undefined
}>

const count = (row: Row, metric: MetricName): number => measureIn(row, metric)?.count ?? 0
const sum = (row: Row, metric: MetricName): number => measureIn(row, metric)?.sum ?? 0
const ratio = (numerator: number, denominator: number): Ratio | undefined => (denominator === 0 ? undefined : { numerator, denominator })

export const kpis: readonly Kpi[] = [
  {
    name: 'serviceLevel',
    unit: 'share',
    // Abandons never count as in service level, however short.
    formula:
      '(tAnswered.count − nOverSla) / (tAnswered.count + tAbandon.count if abandons are included + tFlowOut.count if flow-outs are included)',
    families: ['queue'],
    of: (row, options) =>
      ratio(
        count(row, 'tAnswered') - count(row, 'nOverSla'),
        count(row, 'tAnswered') +
          (options.includeAbandons ? count(row, 'tAbandon') : 0) +
          (options.includeFlowOuts ? count(row, 'tFlowOut') : 0),
      ),
  },
  {
    name: 'asa',
    unit: 'ms',
    formula: 'Average speed of answer: tAnswered.sum / tAnswered.count',
    families: ['queue', 'agent'],
    of: (row) => ratio(sum(row, 'tAnswered'), count(row, 'tAnswered')),
  },
  {
    name: 'aht',
    unit: 'ms',
    formula: 'Average handle time: tHandle.sum / tHandle.count',
    families: ['queue', 'agent'],
    of: (row) => ratio(sum(row, 'tHandle'), count(row, 'tHandle')),
  },
  {
    name: 'abandonRate',
    unit: 'share',
    formula: 'tAbandon.count / nOffered',
    families: ['queue'],
    of: (row) => ratio(count(row, 'tAbandon'), count(row, 'nOffered')),
  },
]

export const kpisOf = (family: FamilyName): readonly Kpi[] => kpis.filter((kpi) => kpi.families.includes(family))
