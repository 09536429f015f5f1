import { metrics, type Holder, type Label, type Metric } from '../../../src/telemetry/catalogue.js'

export type ServedSample = Readonly<{ name: string; labels: Readonly<Record<string, string>>; value: number }>

/** A metric as a page in OpenMetrics form has it. `name`: without `_total` and `_info`. */
export type ServedFamily = Readonly<{ name: string; type: string; unit: string | undefined; samples: ServedSample[] }>

/** Names that the configuration gives, by the label that has them. */
export type ConfiguredNames = Readonly<Record<string, readonly string[]>>

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  ...{ counter: ['_total'], gauge: [''], info: ['_info'] },
  histogram: ['_bucket', '_sum', '_count'],
}

/** Reads a page in OpenMetrics form. Throws on a line that is none, and on a page without its end. */
export const familiesOf = (page: string): readonly ServedFamily[] => {
  const families = new Map<string, { name: string; type: string; unit: string | undefined; samples: ServedSample[] }>()
  let current: ServedFamily | undefined
  if (!page.endsWith('\n# EOF\n')) throw new Error('the page does not end with # EOF')
  for (const line of page.split('\n').slice(0, -2)) {
    const [, keyword, name = '', text = ''] = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line) ?? []
    if (keyword !== undefined) {
      const family = families.get(name) ?? { name, type: 'unknown', unit: undefined, samples: [] }
      families.set(name, family)
      if (keyword === 'TYPE') family.type = text
      if (keyword === 'UNIT') family.unit = text
      current = family
    } else if (current === undefined) throw new Error(`a sample before its description: ${line}`)
    else current.samples.push(sampleOf(line))
  }
  return [...families.values()]
}

/** The page of a server. It is read in OpenMetrics form. */
export const pageAt = async (url: string): Promise<readonly ServedFamily[]> => {
  const response = await fetch(new URL('/metrics', url), { headers: { accept: 'application/openmetrics-text' } })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return familiesOf(await response.text())
}

/** The sum of the samples of a name that have these labels; `undefined` where there are none. */
export const valueOn = (
  page: readonly ServedFamily[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined => {
  const values = page
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name && Object.entries(labels).every(([key, is]) => sample.labels[key] === is))
    .map(({ value }) => value)
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value)
}

const sampleOf = (line: string): ServedSample => {
  const [, name, labels = '', value] = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === undefined) throw new Error(`no sample: ${line}`)
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])
  return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }
}

const familyNameOf = ({ name }: Metric): string => name.replace(/_(total|info)$/, '')
const byFamily = new Map(metrics.map((metric) => [familyNameOf(metric), metric]))

/** The metrics of processes that are these holders, and of every process: their names. */
export const metricsIn = (holders: readonly Holder[]): readonly string[] =>
  metrics.filter((metric) => metric.in === undefined || holders.includes(metric.in)).map(({ name }) => name)

/** The metrics of a page that have a sample. */
export const servedOn = (families: readonly ServedFamily[]): readonly string[] =>
  families.filter(({ samples }) => samples.length > 0).map(({ name }) => byFamily.get(name)?.name ?? name)

/**
 * Where a page is not as the catalogue says: metrics, types, units, names of samples and labels that are not there, and
 * values of labels that are neither listed nor among those that the configuration gives.
 */
export const faultsOf = (families: readonly ServedFamily[], configured: ConfiguredNames): readonly string[] =>
  families.flatMap(({ name, type, unit, samples }) => {
    const metric = byFamily.get(name)
    if (metric === undefined) return [`${name}: no metric of the catalogue`]
    return [
      ...(type === metric.kind ? [] : [`${name}: type ${type}`]),
      ...(unit === metric.unit ? [] : [`${name}: unit ${unit}`]),
      ...samples.flatMap((sample) => sampleFaults(sample, metric, configured)),
    ]
  })

const sampleFaults = ({ name, labels, value }: ServedSample, metric: Metric, configured: ConfiguredNames): string[] => {
  const family = familyNameOf(metric)
  const wanted = metric.labels.map((label) => label.name)
  const { le, ...own } = labels
  const hasBound = le !== undefined
  return [
    ...(SUFFIXES[metric.kind]?.includes(name.slice(family.length)) ? [] : [`${name}: no sample of ${family}`]),
    ...(hasBound === name.endsWith('_bucket') ? [] : [`${name}: le`]),
    ...(Object.keys(own).join() === wanted.join() ? [] : [`${name}: labels ${Object.keys(own).join()}`]),
    ...metric.labels.flatMap((label) =>
      isAllowed(label, own[label.name] ?? '', configured) ? [] : [`${name}: ${label.name}="${own[label.name]}"`],
    ),
    ...(Number.isFinite(value) ? [] : [`${name}: value ${value}`]),
  ]
}

const isAllowed = ({ name, values }: Label, value: string, configured: ConfiguredNames): boolean =>
  values === 'build' ? value !== '' : (values === 'configuration' ? configured[name] : values)?.includes(value) === true
