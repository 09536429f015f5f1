import { catalogue, type Label, type Metric, type MetricId } from '../catalogue.js'

/** Series of one metric, at most: what the configuration names beyond them is `other`. */
const SERIES_MAX = 100
const OTHER = 'other'

/** A histogram. `counts` has one place more than the metric has buckets: for what is above the last bound. */
export type Distribution = Readonly<{ counts: readonly number[]; sum: number; count: number }>

/** One series at the moment of a reading. `labels` are values in the order of the metric's labels. */
export type Sample = Readonly<{ metric: Metric; labels: readonly string[]; value: number | Distribution }>

/** All samples of one metric are next to each other, in the order of the catalogue. */
export type Reading = readonly Sample[]

type OfKind<K extends Metric['kind']> = {
  [Id in MetricId]: (typeof catalogue)[Id]['kind'] extends K ? Id : never
}[MetricId]
type CounterId = OfKind<'counter'>
type HistogramId = OfKind<'histogram'>
export type GaugeId = OfKind<'gauge' | 'info'>

/** A value that is looked up when somebody reads the metrics. Counters may be read so too, where others count. */
export type Gauge = Readonly<{ id: GaugeId | CounterId; labels?: readonly string[]; value: number }>

/** Tells gauges. What it cannot tell it leaves out. */
export type Gauges = () => readonly Gauge[] | Promise<readonly Gauge[]>

type Recorded = { counts: number[]; sum: number; count: number }
type Series<Value> = Map<string, Readonly<{ labels: readonly string[]; value: Value }>>

const SEPARATOR = '\u0000'

/**
 * The metrics of a process. Stages add to plain numbers, once for a batch and never for an event; everything else is
 * done when somebody reads.
 */
export class Meters {
  private readonly counters = new Map<CounterId, Series<{ sum: number }>>()
  private readonly histograms = new Map<HistogramId, Series<Recorded>>()
  private readonly gauges: Gauges[] = []
  private reading: Promise<Reading> | undefined

  constructor() {
    // Series whose labels are known begin at 0, so that the first increase of one is seen.
    for (const [id, metric] of entries())
      if ((metric.kind === 'counter' && !isReadFromOthers.has(id)) || metric.kind === 'histogram')
        for (const labels of knownLabels(metric)) this.begin(id as CounterId | HistogramId, labels)
  }

  /** The series begins at nothing, so that its first increase is seen. Those whose labels are known have begun. */
  begin(id: CounterId | HistogramId, labels: readonly string[]): void {
    if (isHistogram(id)) this.histogram(id, labels)
    else this.counter(id, labels)
  }

  add(id: CounterId, labels: readonly string[], by = 1): void {
    this.counter(id, labels).sum += by
  }

  /** `value` in the unit of the metric. */
  observe(id: HistogramId, labels: readonly string[], value: number): void {
    const histogram = this.histogram(id, labels)
    const { buckets } = catalogue[id]
    let place = 0
    while (place < buckets.length && value > (buckets[place] as number)) place += 1
    histogram.counts[place] = (histogram.counts[place] as number) + 1
    histogram.sum += value
    histogram.count += 1
  }

  /** Registers what tells gauges. */
  tell(gauges: Gauges): void {
    this.gauges.push(gauges)
  }

  /** Reads all metrics. Who asks while they are being read gets the same reading. */
  read(): Promise<Reading> {
    this.reading ??= this.readNow().finally(() => {
      this.reading = undefined
    })
    return this.reading
  }

  private async readNow(): Promise<Reading> {
    // A gauge that cannot be read must not take the others away.
    const told = await Promise.all(this.gauges.map(async (gauges) => Promise.resolve(gauges()).catch(() => [])))
    const byMetric = new Map<string, Series<number>>()
    for (const { id, labels = [], value } of told.flat()) {
      if (!Number.isFinite(value)) continue
      const series = byMetric.get(id) ?? new Map<string, Readonly<{ labels: readonly string[]; value: number }>>()
      byMetric.set(id, series)
      const bounded = boundedLabels(catalogue[id], labels, series)
      series.set(bounded.join(SEPARATOR), { labels: bounded, value })
    }
    return entries().flatMap(([id, metric]): readonly Sample[] => [
      ...[...(this.counters.get(id as CounterId)?.values() ?? [])].map(({ labels, value: { sum } }) => ({
        ...{ metric, labels, value: sum },
      })),
      ...[...(this.histograms.get(id as HistogramId)?.values() ?? [])].map(({ labels, value }) => ({
        ...{ metric, labels, value: { ...value, counts: [...value.counts] } },
      })),
      ...[...(byMetric.get(id)?.values() ?? [])].map(({ labels, value }) => ({ metric, labels, value })),
    ])
  }

  private counter(id: CounterId, labels: readonly string[]): { sum: number } {
    return seriesOf(this.counters, id, labels, () => ({ sum: 0 }))
  }

  private histogram(id: HistogramId, labels: readonly string[]): Recorded {
    const places = catalogue[id].buckets.length + 1
    return seriesOf(this.histograms, id, labels, () => ({ counts: Array<number>(places).fill(0), sum: 0, count: 0 }))
  }
}

/** Counters that are kept elsewhere and told as gauges are. */
const isReadFromOthers: ReadonlySet<MetricId> = new Set(['retries', 'refusedRecords', 'cpu'])

const isHistogram = (id: CounterId | HistogramId): id is HistogramId => catalogue[id].kind === 'histogram'

const entries = (): readonly (readonly [MetricId, Metric])[] => Object.entries(catalogue) as [MetricId, Metric][]

const seriesOf = <Id extends MetricId, Value>(
  all: Map<Id, Series<Value>>,
  id: Id,
  labels: readonly string[],
  begin: () => Value,
): Value => {
  const series: Series<Value> = all.get(id) ?? new Map<string, Readonly<{ labels: readonly string[]; value: Value }>>()
  all.set(id, series)
  const known = series.get(labels.length === 1 ? (labels[0] as string) : labels.join(SEPARATOR))
  if (known !== undefined) return known.value
  const bounded = boundedLabels(catalogue[id], labels, series)
  const key = bounded.join(SEPARATOR)
  const begun = series.get(key) ?? { labels: bounded, value: begin() }
  series.set(key, begun)
  return begun.value
}

/** Values that the catalogue does not list, and names beyond `SERIES_MAX`, become `other`. */
const boundedLabels = (
  { labels }: Metric,
  given: readonly string[],
  series: ReadonlyMap<string, unknown>,
): readonly string[] =>
  labels.map(({ values }, place) => {
    const value = given[place] ?? OTHER
    if (typeof values !== 'string') return values.includes(value) ? value : OTHER
    return series.size < SERIES_MAX ? value.slice(0, 200) : OTHER
  })

/** All combinations of label values; none if one of the labels has names of the configuration. */
const knownLabels = ({ labels }: Metric): readonly (readonly string[])[] =>
  labels.reduce<readonly (readonly string[])[]>(
    (combined, { values }: Label) =>
      typeof values === 'string' ? [] : combined.flatMap((before) => values.map((value) => [...before, value])),
    [[]],
  )
