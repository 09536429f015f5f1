import { families } from '../../src/domain/family.js'
import { builtInKpisOf } from '../../src/domain/kpi.js'
import type { Measure } from '../../src/domain/measure.js'
import { metricIndex, metricKind, type MetricName } from '../../src/domain/metric.js'
import { isEmptyRow, type Row } from '../../src/domain/row.js'
import { bucketThrough, quantile } from '../../src/domain/sketch.js'

/** A row as the plain value that any Avro library takes for its schema, every field spelled out. */
export const datumOf = (row: Row): Readonly<Record<string, unknown>> => {
  const { dimensions, metrics } = families[row.family]
  const builtIn = builtInKpisOf(row.family).map(({ name }) => name)
  return {
    family: row.family,
    key: row.key,
    tenant: row.tenant,
    ...Object.fromEntries(dimensions.map((name, index) => [name, row.dimensions[index] ?? null])),
    granularity: row.granularity,
    intervalStart: row.start,
    intervalEnd: row.end,
    status: row.status,
    correction: row.correction,
    revision: row.revision,
    erased: row.erased,
    empty: isEmptyRow(row) ? true : null,
    ...(row.family === 'queue' && { serviceTarget: row.serviceTarget }),
    measures: Object.fromEntries(
      metrics.map((name) => [name, measureDatum(name, row.measures[metricIndex.get(name) as number])]),
    ),
    ...(builtIn.length > 0 && {
      kpis: Object.fromEntries(builtIn.map((name) => [name, Object.hasOwn(row.kpis, name) ? row.kpis[name] : null])),
    }),
    profileKpis: Object.fromEntries(Object.entries(row.kpis).filter(([name]) => !builtIn.includes(name))),
  }
}

const measureDatum = (name: MetricName, measure: Measure | undefined): unknown => {
  if (measure === undefined) return null
  const { count, sum, min, max, sketch } = measure
  switch (metricKind(name)) {
    case 'count':
      return { count }
    case 'state':
      return { sum }
    case 'observation':
      return { count, sum, min, max }
    case 'duration': {
      const [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map((share) => quantile(sketch, share, min, max))
      const buckets = sketch.map(([bucket, inIt]) => ({ through: bucketThrough(bucket), count: inIt }))
      return { count, sum, min, max, quantiles: sketch.length === 0 ? null : { p50, p90, p95, p99, buckets } }
    }
  }
}
