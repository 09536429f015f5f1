import * as E from './either.js'
import { families, familyNames, type FamilyName } from './family.js'
import { parseFormula } from './formula.js'
import { builtInKpis, metricsOf, type BuiltInKpi, type Kpi, type KpiUnit } from './kpi.js'
import type { EvidenceLevel } from './metric-texts.js'
import {
  metricDoc,
  metricEmitted,
  metricKind,
  metricEvidence,
  metricSource,
  metricUnit,
  type MetricKind,
  type MetricName,
} from './metric.js'
import type { Profile } from './profile.js'
import type { Measure } from './measure.js'
import { quantile, SKETCH_ERROR_MAX } from './sketch.js'

/**
 * The statistics of one metric in a row. The average is carried as its two terms; quantiles exist where the profile
 * names the metric.
 */
export type Statistic = 'count' | 'sum' | 'min' | 'max' | 'avg' | Quantile
export type Quantile = 'p50' | 'p90' | 'p95' | 'p99'

const quantiles: readonly Quantile[] = ['p50', 'p90', 'p95', 'p99']
const plain = ['count', 'sum', 'min', 'max', 'avg'] as const

const statistics: Readonly<Record<MetricKind, readonly Statistic[]>> = {
  count: ['count'],
  duration: [...plain, ...quantiles],
  observation: plain,
  state: ['sum'],
}

export const statisticsOf = (metric: MetricName): readonly Statistic[] => statistics[metricKind(metric)]

/** A statistic of a measure that counts something; `undefined`: a quantile of a measure without a sketch. */
export const statisticOf = (measure: Measure, statistic: Exclude<Statistic, 'avg'>): number | undefined => {
  switch (statistic) {
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
      return measure[statistic]
    default:
      return quantile(measure.sketch, Number(statistic.slice(1)) / 100, measure.min, measure.max)
  }
}

/**
 * A figure that rows can carry, by its name: `<family>.<metric>.<statistic>` or `<family>.<kpi>`. `metrics` are those
 * it is made of. `source` and `mark` are `null` for KPIs of a profile's own.
 */
export type NamedKpi = Readonly<{
  name: string
  family: FamilyName
  metrics: readonly MetricName[]
  unit: KpiUnit
  formula: string
  doc: string
  emitted: string
  source: string | null
  mark: EvidenceLevel | null
  /** Do rows under the profile carry it? */
  isOn: boolean
  /** Why rows stay without it even so. */
  note: string | null
}>

/**
 * Every figure that a profile can switch on, and whether this one does: by family, the metrics in the order of the
 * contract, then the KPIs.
 */
export const namedKpis = (profile: Profile): readonly NamedKpi[] =>
  familyNames.flatMap((family) => namedKpisOf(profile, family))

/** Those of one family. */
export const namedKpisOf = (profile: Profile, family: FamilyName): readonly NamedKpi[] => [
  ...families[family].metrics.flatMap((metric) =>
    statisticsOf(metric).map((statistic) => ofMetric(profile, family, metric, statistic)),
  ),
  ...builtInKpis.filter((kpi) => kpi.families.includes(family)).map((kpi) => ofKpi(profile, family, kpi)),
  ...profile.kpis.filter((kpi) => kpi.families.includes(family)).map((kpi) => ofKpi(profile, family, kpi)),
]

const ofMetric = (profile: Profile, family: FamilyName, metric: MetricName, statistic: Statistic): NamedKpi => {
  const [unit, formula, what] = meaning(metric, statistic)
  return {
    name: `${family}.${metric}.${statistic}`,
    family,
    metrics: [metric],
    unit,
    formula,
    doc: `${what} ${metricDoc(metric)}`,
    emitted: metricEmitted(metric),
    source: metricSource(metric),
    mark: metricEvidence(metric),
    isOn: profile.families.includes(family) && (!isQuantile(statistic) || profile.quantiles.includes(metric)),
    note:
      family === 'agent' && ofQueuesOnly.has(metric)
        ? 'Genesys names no agent with it: agent rows stay without.'
        : null,
  }
}

const ofKpi = (profile: Profile, family: FamilyName, kpi: Kpi | BuiltInKpi): NamedKpi => {
  const parsed = parseFormula(kpi.formula)
  const metrics = E.isLeft(parsed) ? [] : metricsOf(parsed.right)
  return {
    name: `${family}.${kpi.name}`,
    family,
    metrics,
    unit: kpi.unit,
    formula: kpi.formula,
    doc: kpi.doc,
    emitted: `Worked out with every revision of the row; what it is made of counts by its own instants: ${metrics.join(', ')}.`,
    source: 'source' in kpi ? kpi.source : null,
    mark: 'mark' in kpi ? kpi.mark : null,
    isOn: profile.families.includes(family),
    note: null,
  }
}

const meaning = (metric: MetricName, statistic: Statistic): readonly [KpiUnit, formula: string, what: string] => {
  const unit = metricUnit(metric)
  switch (statistic) {
    case 'count':
      return ['count', `${metric}.count`, unit === 'count' ? 'How many.' : 'How many emissions.']
    case 'sum':
      return [unit, `${metric}.sum`, unit === 'ms' ? 'Total time.' : 'Total.']
    case 'min':
      return [unit, `${metric}.min`, unit === 'ms' ? 'The shortest.' : 'The smallest.']
    case 'max':
      return [unit, `${metric}.max`, unit === 'ms' ? 'The longest.' : 'The largest.']
    case 'avg':
      return [unit, `${metric}.sum / ${metric}.count`, 'The average.']
    default: {
      const percent = statistic.slice(1)
      return [
        unit,
        `quantile(${Number(percent) / 100}, ${metric})`,
        `${percent} % are at most this long, within 1/${1 / SKETCH_ERROR_MAX} of it.`,
      ]
    }
  }
}

const isQuantile = (statistic: Statistic): statistic is Quantile =>
  (quantiles as readonly Statistic[]).includes(statistic)

/** Metrics of queue sessions, which name no agent. */
const ofQueuesOnly: ReadonlySet<MetricName> = new Set<MetricName>([
  ...(['nOffered', 'tAcd', 'tAbandon', 'tFlowOut', 'tShortAbandon'] as const),
  ...(['nCfcOffered', 'tCfcAcd', 'tCfcAbandon', 'tCfcFlowOut'] as const),
])
