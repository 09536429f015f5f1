import { startCollector } from './collector.js'
import { attributesOf, fieldsOf, messagesIn, numberIn, textIn, type Field } from './protobuf.js'

/** A metric as a collector receives it. `series`: the attributes of each of its data points. */
export type ReceivedMetric = Readonly<{
  name: string
  unit: string
  kind: 'counter' | 'gauge' | 'histogram' | 'other'
  /** Sums and histograms count since the process began. */
  isCumulative: boolean
  series: readonly Readonly<Record<string, string | number>>[]
}>

export type MetricCollector = Readonly<{
  /** Base address: metrics are taken at `/v1/metrics` below it. */
  url: string
  /** The last push; nothing before the first. */
  last: () => readonly ReceivedMetric[]
}>

/** A collector of metrics, which reads them without the SDK that wrote them. */
export const startMetricCollector = async (): Promise<MetricCollector> => {
  let last: readonly ReceivedMetric[] = []
  const { url } = await startCollector('/v1/metrics', (body) => (last = metricsOf(body)))
  return { url, last: () => last }
}

/** The metrics of an `ExportMetricsServiceRequest` (opentelemetry-proto, metrics.proto). */
const metricsOf = (body: Buffer): readonly ReceivedMetric[] =>
  messagesIn(fieldsOf(body), 1).flatMap((resourceMetrics) =>
    messagesIn(fieldsOf(resourceMetrics), 2).flatMap((scope) =>
      messagesIn(fieldsOf(scope), 2).map((metric) => metricOf(fieldsOf(metric))),
    ),
  )

const CUMULATIVE = 2n

const metricOf = (fields: readonly Field[]): ReceivedMetric => {
  const [gauge, sum, histogram] = [5, 7, 9].map((number) => messagesIn(fields, number).map(fieldsOf)[0])
  const data = gauge ?? sum ?? histogram ?? []
  const isCounter = sum !== undefined && numberIn(sum, 3) === 1n
  return {
    name: textIn(fields, 1),
    unit: textIn(fields, 3),
    kind: isCounter ? 'counter' : gauge !== undefined ? 'gauge' : histogram !== undefined ? 'histogram' : 'other',
    isCumulative: numberIn(data, 2) === CUMULATIVE,
    series: messagesIn(data, 1).map((point) => attributesOf(fieldsOf(point), histogram === undefined ? 7 : 9)),
  }
}
