import { families, type FamilyName } from '../../domain/family.js'
import { metricKind } from '../../domain/metric.js'
import { statisticsOf } from '../../domain/named-kpi.js'
import { nameColumn } from './catalogue.js'
import { isNamed } from '../../app/names.js'

const offering = [
  ...['offered', 'answered', 'abandoned', 'serviceLevel', 'asa', 'aht', 'abandonRate', 'serviceTarget'],
  ...['flowedOut', 'averageTalk', 'averageHold', 'averageAcw', 'transferRate'],
]

/** The figures that people ask for first, the most wanted first: a narrow terminal shows as many as fit. */
const wanted: Readonly<Record<FamilyName, readonly string[]>> = {
  queue: offering,
  agent: [
    ...['answered', 'handled', 'aht', 'averageTalk', 'averageHold', 'averageAcw', 'asa', 'transferred'],
    ...['transferRate', 'notResponding'],
  ],
  'agent-state': ['time'],
  'agent-occupancy': ['occupancy', 'interacting', 'idle', 'communicating', 'notRespondingTime', 'offQueue'],
  skill: offering,
  language: offering,
  'wrap-up': ['handled', 'aht', 'averageTalk', 'averageHold', 'averageAcw', 'transferRate'],
  flow: ['flows', 'averageFlowTime', 'outcomes', 'outcomesFailed', 'flowOutcomeSuccess'],
  campaign: ['nOutboundAttempted.count', 'nOutboundConnected.count', 'handled', ...offering],
  division: offering,
  organisation: [...offering, 'flows', 'averageFlowTime', 'flowOutcomeSuccess'],
}

/** The default figures of a family: the wanted ones, then the KPIs of the profile's own. */
export const wantedFigures = (family: FamilyName, ownKpis: readonly string[]): readonly string[] => [
  ...new Set([...wanted[family].filter((name) => name !== 'serviceTarget' || family === 'queue'), ...ownKpis]),
]

/** Columns of `--csv`: everything that rows of the family can carry, whatever the rows hold, so the header stays. */
export const csvColumnNames = (family: FamilyName, kpis: readonly string[]): readonly string[] => [
  ...['intervalStart', 'intervalEnd', 'granularity'],
  ...families[family].dimensions.flatMap((dimension) => [
    dimension,
    ...(isNamed(dimension) ? [nameColumn(dimension)] : []),
  ]),
  ...['status', 'correction', 'revision', 'erased', 'serviceTarget'],
  ...families[family].metrics.flatMap((metric) =>
    statisticsOf(metric)
      .filter((statistic) => ['count', 'sum', 'min', 'max'].includes(statistic))
      .map((statistic) => `${metric}.${statistic}`),
  ),
  ...kpis,
]

/** Columns of `--wide`: as `--csv`, durations by count and average. */
export const wideColumnNames = (family: FamilyName, kpis: readonly string[]): readonly string[] => [
  ...['status', 'revision', 'serviceTarget'],
  ...families[family].metrics.flatMap((metric) => {
    const kind = metricKind(metric)
    if (kind === 'count') return [`${metric}.count`]
    return kind === 'state' ? [`${metric}.sum`] : [`${metric}.count`, `${metric}.avg`]
  }),
  ...kpis,
]
