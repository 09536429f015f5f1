import { ValueType } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  DataPointType,
  type HistogramMetricData,
  type MetricData,
  type ResourceMetrics,
  type SumMetricData,
} from '@opentelemetry/sdk-metrics'
import type { Metric } from '../catalogue.js'
import type { Distribution, Reading, Sample } from './meters.js'

type HrTime = [seconds: number, nanoseconds: number]

const hrTime = (epochMs: number): HrTime => [Math.floor(epochMs / 1_000), Math.round((epochMs % 1_000) * 1e6)]

/**
 * A reading as OpenTelemetry's exporters take it. Names are those of the catalogue, and sums are cumulative since
 * `beganAt`: a push that is lost takes nothing away. Times: epoch milliseconds.
 */
export const resourceMetrics = (
  reading: Reading,
  resource: Resource,
  { beganAt, at }: Readonly<{ beganAt: number; at: number }>,
): ResourceMetrics => {
  const byMetric = new Map<Metric, Sample[]>()
  for (const sample of reading) {
    const samples = byMetric.get(sample.metric)
    if (samples === undefined) byMetric.set(sample.metric, [sample])
    else samples.push(sample)
  }
  const times = { startTime: hrTime(beganAt), endTime: hrTime(at) }
  const metrics = [...byMetric].map(([metric, samples]) => dataOf(metric, samples, times))
  return { resource, scopeMetrics: [{ scope: { name: 'streamvane' }, metrics }] }
}

const units = { seconds: 's', bytes: 'By' } as const

const dataOf = (
  metric: Metric,
  samples: readonly Sample[],
  times: Readonly<{ startTime: HrTime; endTime: HrTime }>,
): MetricData => {
  const { name, help: description, unit } = metric
  const descriptor = { name, description, unit: unit === undefined ? '' : units[unit], valueType: ValueType.DOUBLE }
  const cumulative = AggregationTemporality.CUMULATIVE
  const points = samples.map((sample) => ({ ...times, attributes: attributesOf(sample), value: sample.value }))
  if (metric.kind === 'histogram') {
    const boundaries = [...metric.buckets]
    const histogram: HistogramMetricData = {
      descriptor,
      aggregationTemporality: cumulative,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: points.map((point) => {
        const { counts, sum, count } = point.value as Distribution
        return { ...point, value: { buckets: { boundaries, counts: [...counts] }, sum, count } }
      }),
    }
    return histogram
  }
  const dataPoints = points.map((point) => ({ ...point, value: point.value as number }))
  if (metric.kind !== 'counter')
    return {
      descriptor,
      aggregationTemporality: cumulative,
      dataPointType: DataPointType.GAUGE,
      dataPoints,
    }
  const sum: SumMetricData = {
    descriptor,
    aggregationTemporality: cumulative,
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints,
  }
  return sum
}

const attributesOf = ({ metric, labels }: Sample): Record<string, string> =>
  Object.fromEntries(metric.labels.map(({ name }, place) => [name, labels[place] ?? '']))
