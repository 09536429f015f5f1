import { metrics, type Metric } from '../../../src/telemetry/catalogue.js'

/** What Prometheus adds to every series by itself, and its own metric. */
const ADDED_LABELS: ReadonlySet<string> = new Set(['job', 'instance', 'tenant', 'le'])
const OWN_METRICS: ReadonlySet<string> = new Set(['up'])
const METRIC = /\b(up|(?:streamvane|process|nodejs)_[a-z0-9_]+)\b(?:\{([^}]*)\})?/g
const MATCHER = /([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g
const GROUPED = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g

const byName = new Map<string, Metric>(metrics.map((metric) => [metric.name, metric]))

/** A series of a histogram ends in `_bucket`, `_sum` or `_count`. */
const metricOf = (series: string): Metric | undefined => {
  const metric = byName.get(series)
  if (metric !== undefined) return metric.kind === 'histogram' ? undefined : metric
  const histogram = byName.get(series.replace(/_(bucket|sum|count)$/, ''))
  return histogram?.kind === 'histogram' ? histogram : undefined
}

/**
 * What an expression of PromQL asks for that the catalogue of metrics does not have: series, labels, values of labels.
 * It reads the names in the expression, not its grammar: promtool checks that.
 */
export const unknownIn = (expression: string): readonly string[] => {
  const unknown: string[] = []
  const labels = new Set(ADDED_LABELS)
  for (const [, series = '', matchers = ''] of expression.matchAll(METRIC)) {
    if (OWN_METRICS.has(series)) continue
    const metric = metricOf(series)
    if (metric === undefined) {
      unknown.push(series)
      continue
    }
    for (const { name } of metric.labels) labels.add(name)
    for (const [, name = '', , value = ''] of matchers.matchAll(MATCHER)) {
      if (ADDED_LABELS.has(name)) continue
      const label = metric.labels.find((each) => each.name === name)
      if (label === undefined) unknown.push(`${series}{${name}}`)
      else if (typeof label.values !== 'string')
        for (const each of value.split('|'))
          if (!label.values.includes(each)) unknown.push(`${series}{${name}="${each}"}`)
    }
  }
  for (const [, names = ''] of expression.matchAll(GROUPED))
    for (const name of names.split(',').map((each) => each.trim()))
      if (name !== '' && !labels.has(name)) unknown.push(`by (${name})`)
  return unknown
}
