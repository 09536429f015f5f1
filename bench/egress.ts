import * as E from 'fp-ts/lib/Either.js'
import type { Message, Producer } from 'kafkajs'
import { startPieces } from '../dev/local-kafka/runtime.mjs'
import { egressSchema } from '../src/app/config/sinks/egress-sinks.js'
import { familyNames, type FamilyName } from '../src/domain/family.js'
import { metricNames } from '../src/domain/metric.js'
import { noSketch } from '../src/domain/sketch.js'
import { kafkaClient } from '../src/egress/kafka/connection.js'
import { avroValues, cutIntoSends, partitioning } from '../src/egress/kafka/records/records.js'
import type { OutgoingRecord } from '../src/egress/kafka/cluster.js'
import { plainHeaders } from '../src/egress/kafka/protocol/packed-headers.js'
import { kafkaSink } from '../src/egress/kafka/sink.js'
import { applyTopics } from '../src/egress/kafka/topic-admin.js'
import { rowCodec } from '../src/contract/row-codec.js'
import { registerSchemas } from '../src/egress/kafka/registry/schema-registration.js'
import { subjectSchemas, subjectsOf } from '../src/egress/kafka/registry/subjects.js'
import type { Sink, RowRecord } from '../src/egress/sink.js'
import { topicsPerFamily } from '../src/egress/topics.js'
import { rowKey, type Row } from '../src/domain/row.js'
import type { BenchLine } from './bench-line.js'

const ROWS = 20_000
const ROUNDS = 5
const PARTITIONS = 4
const QUEUES = 200

/**
 * Rows from the KPI log to acknowledged records on a real broker, beside a bare idempotent kafkajs producer that sends
 * the same finished records (same keys, values and headers) to the same topic in the same portions. Rounds take turns,
 * the median counts. Empty where no broker can be had.
 */
export const benchEgress = async (): Promise<readonly BenchLine[]> => {
  const { pieces } = await startPieces({ log: (line) => console.error(line) })
  if (pieces?.registryUrl === undefined) {
    await pieces?.stop()
    return []
  }
  try {
    return await measure(pieces.brokers, pieces.registryUrl)
  } finally {
    await pieces.stop()
  }
}

const measure = async (brokers: readonly string[], url: string): Promise<readonly BenchLine[]> => {
  const run = `bench-${Date.now()}`
  const topics = topicsPerFamily(
    Object.fromEntries(familyNames.map((family) => [family, `${run}-${family}`])) as Record<FamilyName, string>,
  )
  const progressTopic = `${run}-progress`
  await applyTopics({ brokers, topics, progressTopic, partitions: PARTITIONS, replicationFactor: 1 })
  const ids = new Map<string, number>()
  const registered = await registerSchemas({ url }, subjectSchemas(topics, undefined, familyNames.map(rowCodec)), ids)
  if (E.isLeft(registered)) throw new Error(JSON.stringify(registered.left))
  const records = Array.from({ length: ROWS }, (_, index) => recordAt(index))
  const values = avroValues(ids, subjectsOf(topics, undefined))
  const partitionOf = partitioning(new Map(familyNames.map((family) => [`${run}-${family}`, PARTITIONS])))
  const finished = cutIntoSends(records, { topics, markers: { kind: 'off' }, partitionOf }, values)
  if (typeof finished === 'string') throw new Error(finished)
  const plain = finished.map((send) =>
    send.map(({ topic, messages }) => ({ topic, messages: messages.map(withPlainHeaders) })),
  )
  const bareRecords = plain.map((send) =>
    send.map(({ topic, messages }) => ({ topic, messages: messages.map(withoutHeaders) })),
  )

  const sink = kafkaSink({
    brokers,
    tenant: 'bench',
    topics,
    progressTopic,
    values: { format: 'avro', registry: { url } },
  })
  const producer = idempotentProducer(brokers)
  await producer.connect()
  succeed(await sink.connect(idle)())
  const contenders = {
    bare: () => sendAll(producer, plain),
    'bare without headers': () => sendAll(producer, bareRecords),
    'sink, 2,000 a transaction': () => writeAll(sink, records, 2_000),
    'sink, 10,000 a transaction': () => writeAll(sink, records, 10_000),
  }
  const rates = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, run] of Object.entries(contenders)) {
      const startedAt = performance.now()
      await run()
      const rate = (ROWS / (performance.now() - startedAt)) * 1_000
      if (round > 0) rates.get(name)?.push(rate) // the first warms up
    }
  await sink.close()
  await producer.disconnect()
  const median = (name: keyof typeof contenders): number =>
    rates.get(name)?.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? NaN
  const note = `same ${Math.round(records.reduce((sum, { avro }) => sum + avro.length, 0) / ROWS)} B values, keys and headers, and our record encoder on both sides; ${Math.round(median('bare without headers'))}/s without headers`
  return ([2_000, 10_000] as const).map((size) => {
    const written = size.toLocaleString('en')
    const ours = median(size === 2_000 ? 'sink, 2,000 a transaction' : 'sink, 10,000 a transaction')
    const line = {
      name: `rows → Kafka, transactions of ${written}`,
      ours,
      ceiling: median('bare'),
      unit: 'records/s',
      note,
    }
    return size === egressSchema.parse({}).batchMax ? { ...line, goal: 0.85 } : line
  })
}

const idle = new AbortController().signal

const succeed = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

let revision = 0
/** As the egress does: a batch is prepared while the one before is written. */
const writeAll = async (sink: Sink, records: readonly RowRecord[], size: number): Promise<void> => {
  let writing: ReturnType<ReturnType<Sink['write']>> = Promise.resolve(E.right(undefined))
  for (let at = 0; at < records.length; at += size) {
    const batch = {
      records: records.slice(at, at + size),
      progress: { generation: 'g1', revision: (revision += size) },
    }
    sink.prepare?.(batch)
    succeed(await writing)
    writing = sink.write(batch, idle)()
  }
  succeed(await writing)
}

const sendAll = async (
  producer: Producer,
  sends: readonly { topic: string; messages: Message[] }[][],
): Promise<void> => {
  for (const topicMessages of sends)
    await producer.sendBatch({ acks: -1, topicMessages: topicMessages.map((entry) => ({ ...entry })) })
}

/** As any user of kafkajs has them. */
const withPlainHeaders = ({ headers, ...record }: OutgoingRecord): Message => ({
  ...record,
  headers: { ...plainHeaders(headers) },
})

const withoutHeaders = ({ key, value, partition }: Message): Message => ({
  key: key ?? null,
  value,
  ...(partition !== undefined && { partition }),
})

const idempotentProducer = (brokers: readonly string[]): Producer =>
  kafkaClient({ brokers }).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 8, maxRetryTime: 1_000, multiplier: 2, factor: 0.2, retries: 10 },
  })

/** What a voice queue sees in a quarter of an hour. */
const happened: ReadonlySet<string> = new Set(
  'nOffered tAnswered tAbandon tFlowOut tAcd nOverSla tTalkComplete tHeldComplete tAcw tHandle tAlert tNotResponding nTransferred nConnected tWait tShortAbandon'.split(
    ' ',
  ),
)

/** A queue row in which all of it has happened. */
const recordAt = (index: number): RowRecord => {
  const start = Date.parse('2026-01-05T00:00:00Z') + Math.floor(index / QUEUES) * 900_000
  const dimensions = [`9b1deb4d-3b7d-4bad-9bdd-${String(index % QUEUES).padStart(12, '0')}`, 'voice', null, null]
  const measures = metricNames.map((metric, place) =>
    happened.has(metric)
      ? {
          count: 12 + place,
          sum: (index % 900) * 1_000 + place,
          min: 900 + place,
          max: 250_000 + index,
          sketch: noSketch,
        }
      : undefined,
  )
  const ratio = { numerator: index, denominator: index + 3 }
  const row: Row = {
    tenant: 'bench',
    key: rowKey({ family: 'queue', dimensions, granularity: 'PT15M', start }),
    family: 'queue',
    dimensions,
    granularity: 'PT15M',
    start,
    end: start + 900_000,
    status: 'final',
    correction: null,
    revision: 40,
    measures,
    kpis: { serviceLevel: ratio, asa: ratio, aht: ratio, abandonRate: ratio },
    erased: null,
    serviceTarget: 0.8,
  }
  const codec = rowCodec('queue')
  const avro = codec.encode(row)
  const header = codec.header(avro)
  return { kind: 'row', header, avro, schema: codec.fingerprint, generation: 'g1', promotion: 1, replay: false }
}
