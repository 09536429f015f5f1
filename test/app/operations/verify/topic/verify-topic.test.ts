import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { verifyTopic } from '../../../../../src/app/operations/verify/topic/verify-topic.js'
import type { VerifyTopicOptions } from '../../../../../src/app/operations/verify/topic/topic-options.js'
import type { Reader } from '../../../../../src/app/operations/verify/topic/topic-records.js'
import { ensureLive } from '../../../../../src/app/pipeline/projector/projector-stage.js'
import { singleLog } from '../../../../../src/app/pipeline/logs/logs.js'
import type { Periods } from '../../../../../src/app/pipeline/egress/periods.js'
import { runEgress } from '../../../../../src/app/pipeline/egress/egress.js'
import { HOUR_MS } from '../../../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../../../src/domain/profile.js'
import { kpiStream } from '../../../../../src/domain/stream-name.js'
import type { FetchedRecord } from '../../../../../src/egress/kafka/cluster.js'
import type { RowFilter } from '../../../../../src/egress/sink.js'
import { topicNames } from '../../../../../src/egress/topics.js'
import type { EventLog } from '../../../../../src/log/event-log.js'
import { memoryLog } from '../../../../../src/log/memory-log.js'
import { simulate } from '../../../../../src/simulator/simulate.js'
import { ModelBroker } from '../../../../support/kafka-model/broker.js'
import { modelCluster } from '../../../../support/kafka-model/client.js'
import { createTopics, modelSink, modelTopics, rowTopics } from '../../../../support/kafka-model/model-sink.js'
import { lawRuns } from '../../../../support/law-runs.js'
import { project, silent, take, tickTo } from '../../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const TENANT = 'acme'
const profile: Profile = { ...defaultProfile, families: ['queue', 'agent', 'agent-state'] }
const MARKERS = 'model-markers'
const never = new AbortController().signal

/** Records of every partition, which a test may change. */
type Held = Map<string, FetchedRecord[]>

const readerOf = (held: Held, partitions: number): Reader => {
  const of = (topic: string, partition: number): readonly FetchedRecord[] => held.get(`${topic} ${partition}`) ?? []
  return {
    partitions: (topic) => Promise.resolve(held.has(`${topic} 0`) ? partitions : 0),
    bounds: (topic, partition) => {
      const records = of(topic, partition)
      return Promise.resolve({ first: records[0]?.offset ?? 0n, end: (records.at(-1)?.offset ?? -1n) + 1n })
    },
    fetch: (topic, partition, from) => {
      const records = of(topic, partition)
        .filter(({ offset }) => offset >= from)
        .slice(0, 100)
      const next = (records.at(-1)?.offset ?? from - 1n) + 1n
      return Promise.resolve({ records, next, stable: next })
    },
  }
}

const PARTITIONS = 3

/** What the model broker holds of these topics. */
const heldBy = async (broker: ModelBroker, topics: readonly string[]): Promise<Held> => {
  const held: Held = new Map()
  const reader = await modelCluster(broker).reader()
  for (const topic of topics)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const records: FetchedRecord[] = []
      const { end } = await reader.bounds(topic, partition)
      for (let at = 0n; at < end;) {
        const fetched = await reader.fetch(topic, partition, at)
        records.push(...fetched.records)
        at = fetched.next
      }
      held.set(`${topic} ${partition}`, records)
    }
  return held
}

type Published = Readonly<{ log: EventLog; held: Held }>

/** Two simulated hours, published as they are projected. */
const published = async (filter: RowFilter = {}, periods?: Periods): Promise<Published> => {
  const log = memoryLog()
  const broker = new ModelBroker()
  createTopics(broker, PARTITIONS)
  broker.createTopic(MARKERS, PARTITIONS)
  const lines = [...simulate({ seed: 9, fromMs: FROM, hours: 2, queues: 2, agents: 5, reorder: 0.1 })]
  await ensureLive(singleLog(log), TENANT, profile, log, () => 0)
  const projected = () => project({ log, tenant: TENANT, profile, batchMax: 60 })
  const round = async (): Promise<void> => {
    await projected()
    const sink = modelSink(broker, { markers: { kind: 'topic', name: MARKERS } })
    const end = await runEgress({
      ...{ tenant: TENANT, logs: singleLog(log), sink, filter, batchMax: 50, untilCaughtUp: true, signal: never },
      ...{ logger: silent, now: () => 0 },
      ...(periods !== undefined && { periods }),
    })
    expect(end).toEqual({ kind: 'caught-up' })
  }
  for (let at = 0; at < lines.length; at += 700) {
    await take(
      log,
      TENANT,
      lines.slice(at, at + 700).map(({ line }) => line),
    )
    await tickTo(log, TENANT, FROM + Math.floor((2 * HOUR_MS * at) / lines.length))
    // A period is as long as four rounds.
    if (periods === undefined || (at / 700) % 4 === 3) await round()
    else await projected()
  }
  await tickTo(log, TENANT, FROM + 5 * HOUR_MS)
  await round()
  return { log, held: await heldBy(broker, [...rowTopics, MARKERS]) }
}

const verified = async ({ log, held }: Published, more: Partial<VerifyTopicOptions> = {}) =>
  verifyTopic({
    ...{ tenant: TENANT, generation: 'g1', promotions: 1, kpi: log, reader: readerOf(held, PARTITIONS) },
    ...{ publishedThrough: (await log.streamRevision(kpiStream(TENANT, 'g1'))) ?? -1, topics: modelTopics.topics },
    ...{ markers: { kind: 'topic', name: MARKERS }, filter: { families: modelTopics.families }, format: 'json' },
    ...{ demanded: 'each', compacted: new Set<string>(), data: undefined, signal: never },
    ...more,
  })

type Plant = (records: FetchedRecord[], at: number) => void

const plants: Readonly<Record<'changed' | 'missing' | 'added', Plant>> = {
  changed: (records, at) => {
    const record = records[at] as FetchedRecord
    const value = record.value?.toString().replace(/\d/, (digit) => String((Number(digit) + 1) % 10)) ?? ''
    records[at] = { ...record, value: Buffer.from(value) }
  },
  missing: (records, at) => void records.splice(at, 1),
  added: (records, at) => {
    const record = records[at] as FetchedRecord
    const id = String(record.headers['ce_id'])
    const headers = { ...record.headers, ce_id: `${id.slice(0, id.lastIndexOf('/'))}/999999` }
    records.push({ ...record, headers, offset: (records.at(-1)?.offset ?? 0n) + 1n })
  },
}

describe('the topics of a sink', () => {
  let all: Published
  beforeAll(async () => {
    all = await published()
  }, 60_000)

  test('are as the KPI log has them: every row revision and every marker was published', async () => {
    const found = await verified(all)
    expect(found.first).toBeNull()
    expect(found.topics.reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(300)
    expect(found.topics.find(({ topic }) => topic === MARKERS)?.compared).toBeGreaterThan(10)
    expect(found.intervals.every(({ stored, computed }) => stored === computed)).toBe(true)
  })

  test('of a sink with a filter lack nothing that passes it', async () => {
    const filter: RowFilter = { families: ['queue'], only: 'final' }
    const found = await verified(await published(filter), { filter })
    expect(found.first).toBeNull()
    expect(found.topics.reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(10)
  })

  test('of a sink that publishes by periods hold the last revision of each row; one that is removed is missing', async () => {
    const periods: Periods = { due: () => Promise.resolve(), done: () => undefined }
    const { log, held } = await published({}, periods)
    expect((await verified({ log, held }, { demanded: 'latest' })).first).toBeNull()
    // Revisions that a later one of the same period replaced were not published.
    expect((await verified({ log, held }, { demanded: 'each' })).counts.missing).toBeGreaterThan(0)

    const topic = modelTopics.topics.queue[0]?.topic ?? ''
    const [place, records] = [...held].find(([name, { length }]) => name.startsWith(`${topic} `) && length > 1) ?? []
    const last = records?.at(-1)
    const id = String(last?.headers['ce_id'])
    held.set(place ?? '', (records ?? []).slice(0, -1))
    const found = await verified({ log, held }, { demanded: 'latest' })
    expect(found.counts).toMatchObject({ missing: 1, changed: 0, added: 0 })
    const { key = '', rowRevision = 0 } = found.first ?? {}
    expect(`${key}/${rowRevision}`).toBe(id.slice(id.indexOf('queue/')))
    expect(found.first).toMatchObject({ kind: 'missing', topic: { topic } })
  })

  test('with any record changed, removed or added are found to differ there', async () => {
    const anyPlant = fc.constantFrom('changed', 'missing', 'added')
    await fc.assert(
      fc.asyncProperty(anyPlant, fc.nat(), fc.nat(), async (kind, pickPlace, pickRecord) => {
        const held: Held = new Map([...all.held].map(([place, records]) => [place, [...records]]))
        const places = [...held.keys()].filter((place) => (held.get(place)?.length ?? 0) > 1)
        const place = places[pickPlace % places.length] as string
        const records = held.get(place) as FetchedRecord[]
        // The first record of a partition may be gone by retention.
        const at = 1 + (pickRecord % (records.length - 1))
        const { headers, offset } = records[at] as FetchedRecord
        plants[kind](records, at)
        const found = await verified({ ...all, held })
        expect(found.differences).toBe(1)
        const id = String(headers['ce_id'])
        const key = id.slice(id.indexOf('/') + 1, id.lastIndexOf('/'))
        const [topic, partition] = place.split(' ')
        expect(found.first).toMatchObject({ kind, where: 'topic', key, topic: { topic } })
        if (kind === 'changed')
          expect(found.first?.topic).toEqual({ topic, partition: Number(partition), offset: String(offset) })
      }),
      lawRuns(40),
    )
  })

  test('that retention has cut at the front miss nothing, and the result says where it cut', async () => {
    const held: Held = new Map([...all.held].map(([place, records]) => [place, records.slice(20)]))
    const found = await verified({ ...all, held })
    expect(found.first).toBeNull()
    expect(found.topics.filter(({ expiredBefore }) => expiredBefore >= 0).length).toBeGreaterThan(0)
  })

  test('that hold records of another generation or tenant beside theirs are compared without them', async () => {
    const held: Held = new Map(
      [...all.held].map(([place, records]) => {
        const last = records.at(-1)
        if (last === undefined) return [place, records]
        const other = { ...last.headers, 'streamvane-generation': 'g0' }
        const foreign = { ...last.headers, ce_source: '/streamvane/another' }
        const added = [other, foreign].map((headers, index) => ({
          ...last,
          headers,
          offset: last.offset + 1n + BigInt(index),
        }))
        return [place, [...records, ...added]]
      }),
    )
    const found = await verified({ ...all, held })
    expect(found.first).toBeNull()
    expect(found.topics.some(({ otherGenerations }) => otherGenerations > 0)).toBe(true)
  })

  test('are told apart from topics that nothing was published to', async () => {
    const held: Held = new Map([...all.held.keys()].map((place) => [place, []]))
    const found = await verified({ ...all, held })
    expect(found.counts.missing).toBeGreaterThan(300)
    expect(topicNames(modelTopics.topics)).toContain(found.first?.topic?.topic)
  })
})
