import { unreachable } from '../../domain/unreachable.js'
import type { Metric } from '../catalogue.js'
import type { Distribution, Reading, Sample } from './meters.js'

/**
 * - `openmetrics`: OpenMetrics 1.0, by https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 * - `prometheus`: the text format of Prometheus, version 0.0.4
 */
export type ExpositionFormat = 'openmetrics' | 'prometheus'

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
}

/**
 * The format that an `Accept` header asks for: OpenMetrics where it is named with a quality that is not below that of
 * plain text, else the text format, which everything reads. Versions other than those we write count as not named.
 */
export const formatFor = (accept: string | undefined): ExpositionFormat => {
  let [openmetrics, text] = [0, 0]
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const given = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string | undefined]))
    const q = Number(given.get('q') ?? 1)
    const quality = Number.isFinite(q) ? q : 0
    const version = given.get('version')
    if (type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0'))
      openmetrics = Math.max(openmetrics, quality)
    else if (type === 'text/plain' || type === 'text/*') text = Math.max(text, quality)
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'prometheus'
}

/** A reading as text. */
export const exposition = (reading: Reading, format: ExpositionFormat): string => {
  const lines: string[] = []
  let described: Metric | undefined
  for (const sample of reading) {
    if (sample.metric !== described) lines.push(...descriptionOf(sample.metric, format))
    described = sample.metric
    lines.push(...linesOf(sample))
  }
  if (format === 'openmetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

/** OpenMetrics describes a counter and an info by the name without the suffix that their samples have. */
const descriptionOf = ({ name, kind, unit, help }: Metric, format: ExpositionFormat): readonly string[] => {
  if (format === 'prometheus')
    return [`# HELP ${name} ${help.replaceAll('\\', '\\\\')}`, `# TYPE ${name} ${kind === 'info' ? 'gauge' : kind}`]
  const family = name.replace(/_(total|info)$/, '')
  return [
    `# TYPE ${family} ${kind}`,
    ...(unit === undefined ? [] : [`# UNIT ${family} ${unit}`]),
    `# HELP ${family} ${help.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}`,
  ]
}

const linesOf = ({ metric, labels, value }: Sample): readonly string[] => {
  const named = metric.labels.map(({ name }, place) => [name, labels[place] ?? ''] as const)
  switch (metric.kind) {
    case 'counter':
    case 'gauge':
    case 'info':
      return [`${metric.name}${labelText(named)} ${numberText(value as number)}`]
    case 'histogram':
      return histogramLines(metric.name, named, metric.buckets, value as Distribution)
    default:
      return unreachable(metric)
  }
}

type Named = readonly (readonly [name: string, value: string])[]

const histogramLines = (
  name: string,
  labels: Named,
  buckets: readonly number[],
  { counts, sum, count }: Distribution,
): readonly string[] => {
  let below = 0
  const bounds = [...buckets.map(boundText), '+Inf']
  return [
    ...bounds.map((bound, place) => {
      below += counts[place] as number
      return `${name}_bucket${labelText([...labels, ['le', bound]])} ${below}`
    }),
    `${name}_sum${labelText(labels)} ${numberText(sum)}`,
    `${name}_count${labelText(labels)} ${count}`,
  ]
}

const labelText = (labels: Named): string =>
  labels.length === 0 ? '' : `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** OpenMetrics writes the bounds of buckets with a decimal point; both formats get the same series so. */
const boundText = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : `${bound}`)

const numberText = (value: number): string =>
  Number.isFinite(value) ? `${value}` : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
