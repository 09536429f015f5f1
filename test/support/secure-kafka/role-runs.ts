/** Test support: runs each role of `topics acls` as the installation does, against a broker with ACLs. */
import * as E from 'fp-ts/lib/Either.js'
import type kafkajs from 'kafkajs'
import type { Config } from '../../../src/app/config/schema.js'
import { loadConfig } from '../../../src/app/config/load.js'
import { kafkaSinks, type KafkaSinkSettings } from '../../../src/app/config/sinks/egress-sinks.js'
import { sourceSettings } from '../../../src/app/config/sources/sources-schema.js'
import { consumerGroupPrefix } from '../../../src/app/kafka-acls/roles.js'
import { replay } from '../../../src/app/operations/generations/replay.js'
import { verifySink } from '../../../src/app/operations/verify/topic/verify-sink.js'
import { sinkOf, sinksOf } from '../../../src/app/pipeline/egress/sinks.js'
import { promote, readGenerations, startGeneration } from '../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { BucketGroup } from '../../../src/app/pipeline/shards/membership.js'
import { membershipNamesOf } from '../../../src/app/pipeline/shards/membership-names.js'
import { addressOf, topicsOptionsOf } from '../../../src/app/sinks/open-kafka.js'
import { REPLAY } from '../../../src/app/sinks/sink-kind.js'
import { sourceKindOf } from '../../../src/app/sources/kinds.js'
import type { SourceContext } from '../../../src/app/sources/source-kind.js'
import { kafkaClient } from '../../../src/egress/kafka/connection.js'
import { applyTopics, createTopics, wantedTopics } from '../../../src/egress/kafka/topic-admin.js'
import { failureText, type Sink, type SinkFailure } from '../../../src/egress/sink.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { recordsAt } from '../../../src/plugin/sample-records.js'
import { answers } from '../answers.js'
import { project, silent, take } from '../pipeline.js'
import type { SecureBroker } from './secure-broker.js'

/** The user who gets exactly the rights of a role. */
export const LIMITED = 'limited'

/** An installation whose Kafka user is `limited`, with a topic of each sort, under names that begin with `prefix`. */
export const limitedConfig = (broker: SecureBroker, tenant: string, prefix: string, data: string): Config => {
  const connection = {
    brokers: [broker.at('SASL')],
    ssl: { caFile: broker.authority.caFile },
    sasl: { mechanism: 'scram-sha-512', username: LIMITED, password: { env: 'PASSWORD' } },
  }
  return loadConfig({
    env: { PASSWORD: broker.passwordOf(LIMITED) },
    flags: {
      ...{ tenant, data, profile: { families: ['queue'] } },
      sources: [{ use: 'kafka', name: 'events', ...connection, topics: [`${prefix}events`], sessionTimeoutMs: 6_000 }],
      egress: {
        takeOver: 'always',
        kafka: {
          ...connection,
          ...{ format: 'json', partitions: 1, replicationFactor: 1, onBadRow: 'dead-letter' },
          topics: { queue: [`${prefix}queue`, { name: `${prefix}queue-latest`, records: 'latest' }] },
          ...{ markers: 'topic', markersTopic: `${prefix}markers`, names: 'topic', namesTopic: `${prefix}names` },
          progressTopic: `${prefix}progress`,
        },
      },
    },
  })
}

/** What a role does, from beginning to end; rejects where the broker does not let it. */
export type Run = () => Promise<void>

/** An installation whose topics exist and hold records, with the run of each of its roles. */
export type Installation = Readonly<{ config: Config; runs: Readonly<Record<string, Run>> }>

export const installation = async (
  config: Config,
  admin: kafkajs.Admin,
  produce: (topic: string) => Promise<void>,
): Promise<Installation> => {
  const [sink] = kafkaSinks(config.egress) as [KafkaSinkSettings]
  const log = await projectedLog(config)
  await createTopics(admin, [{ topic: eventsTopic(config), partitions: 1, replicationFactor: 1, config: {} }])
  const runs = {
    'source events': async () => {
      await produce(eventsTopic(config))
      await takesEvent(config)
    },
    'egress kafka': () => publishes(config, log),
    'replay kafka': () => replays(sink, config, log),
    'apply kafka': async () => {
      const [missing] = kafkaSinks(beforeTopics(config).egress) as [KafkaSinkSettings]
      const options = topicsOptionsOf(missing, config, silent)
      await removed(
        admin,
        wantedTopics(options).map(({ topic }) => topic),
      )
      await applyTopics(options)
      await applyTopics(options)
    },
    'verify kafka': () => verifies(sink, config, log),
    'consumer kafka': () => consumes(config),
    shards: async () => {
      await removed(admin, [membershipNamesOf(config).controlTopic])
      await divides(config)
    },
  }
  return { config, runs }
}

/** The same with topics that nothing else uses, for a role that begins without any. */
export const beforeTopics = (config: Config): Config => {
  const { kafka } = config.egress
  const topics = {
    ...kafka.topics,
    queue: kafka.topics.queue.map((route) => ({ ...route, topic: `${route.topic}-new` })),
  }
  const [markersTopic, namesTopic, progressTopic] = [kafka.markersTopic, kafka.namesTopic, kafka.progressTopic].map(
    (topic) => `${topic}-new`,
  ) as [string, string, string]
  return {
    ...config,
    egress: { ...config.egress, kafka: { ...kafka, topics, markersTopic, namesTopic, progressTopic } },
  }
}

const eventsTopic = (config: Config): string =>
  (sourceSettings(config.sources)[0]!.settings as Readonly<{ topics: readonly [string] }>).topics[0]

/** Deletes those of the topics that exist, and waits until none does. */
export const removed = async (admin: kafkajs.Admin, topics: readonly string[]): Promise<void> => {
  const existing = async (): Promise<readonly string[]> =>
    (await admin.listTopics()).filter((topic) => topics.includes(topic))
  const present = await existing()
  if (present.length > 0) await admin.deleteTopics({ topics: [...present] })
  while ((await existing()).length > 0);
}

const projectedLog = async ({ tenant, profile }: Config): Promise<EventLog> => {
  const log = memoryLog()
  await take(log, tenant, answers(3))
  const before = await readGenerations(log, tenant)
  const { state } = await startGeneration(log, tenant, before, profile, undefined, new Date(0))
  await promote(log, tenant, state, 'g1', new Date(1))
  await project({ log, tenant, profile })
  return log
}

const never = new AbortController().signal

const must = <A>(result: E.Either<SinkFailure, A>): A => {
  if (E.isRight(result)) return result.right
  throw new Error(failureText(result.left))
}

/** Rows and their progress, and names and theirs. */
const publishes = async (config: Config, log: EventLog): Promise<void> => {
  const [{ sink, names } = {}] = await sinksOf(config, singleLog(log), silent)
  if (sink === undefined || names === undefined) throw new Error('there is no sink of names')
  const connected = async (each: Pick<Sink, 'connect'>): Promise<void> => {
    must(await each.connect(never, () => Promise.resolve(E.right(undefined)))())
  }
  try {
    await connected(sink)
    const records = recordsAt(1).filter(({ header }) => header.family === 'queue')
    must(await sink.write({ records, progress: { generation: 'g1', revision: 1_000 } }, never)())
    await connected(names)
    const name = { tenant: config.tenant, kind: 'queue', id: 'sales', name: 'Sales', since: 0, revision: 1 } as const
    const changes = [{ tenant: config.tenant, kind: name.kind, id: name.id, change: 1, name }]
    must(await names.write({ changes, progress: { generation: 'names', revision: 1 } })())
  } finally {
    await sink.close()
    await names.close()
  }
}

const replays = async (settings: KafkaSinkSettings, config: Config, log: EventLog): Promise<void> => {
  const logs = singleLog(log)
  const sink = await sinkOf(settings, config, logs, silent, REPLAY)
  const published = await sinkOf(settings, config, logs, silent)
  try {
    const records = await replay({
      ...{ tenant: config.tenant, logs, sink, published, filter: settings.filter, batchMax: 100, signal: never },
    })
    if (records === 0) throw new Error('nothing was replayed')
  } finally {
    await sink.close()
    await published.close()
  }
}

const verifies = async (sink: KafkaSinkSettings, config: Config, log: EventLog): Promise<void> => {
  const generations = await readGenerations(log, config.tenant)
  const { topics } = await verifySink({
    ...{ sink, config, logs: singleLog(log), generations, generation: 'g1', kpi: log },
    ...{ compared: {}, signal: never, logger: silent },
  })
  if (topics.length === 0) throw new Error('no topic was compared')
}

const takesEvent = async (config: Config): Promise<void> => {
  const [settings] = sourceSettings(config.sources)
  if (settings === undefined) throw new Error('there is no source')
  const context = { tenant: config.tenant, logger: silent, now: Date.now } as SourceContext
  const source = sourceKindOf(settings.use).open(settings, context)
  const taken = settling()
  const running = await source.start((batch) => {
    taken.resolve()
    return Promise.resolve({ stored: batch.raws.length } as never)
  })
  try {
    await Promise.race([
      taken.promise,
      running.ended.then((end) => {
        throw end.kind === 'failed' ? end.cause : new Error('the source ended')
      }),
    ])
  } finally {
    await running.close()
  }
}

/** Subscribes to all that is published, in a group of the tenant, until a row and a name have come. */
const consumes = async ({ tenant, egress: { kafka } }: Config): Promise<void> => {
  const groupId = `${consumerGroupPrefix(tenant)}dashboard-${Date.now()}`
  const consumer = kafkaClient(addressOf(kafka, silent)).consumer({ groupId, allowAutoTopicCreation: false })
  const row = kafka.topics.queue[0]!.topic
  const awaited = new Set([row, kafka.namesTopic])
  const done = settling()
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error))
  try {
    await consumer.connect()
    const topics = [...kafka.topics.queue.map(({ topic }) => topic), kafka.namesTopic, kafka.markersTopic]
    await consumer.subscribe({ topics, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ topic }) => {
        awaited.delete(topic)
        if (awaited.size === 0) done.resolve()
      },
    })
    await done.promise
  } finally {
    done.promise.catch(() => undefined)
    await consumer.disconnect()
  }
}

type Settling = Readonly<{ promise: Promise<void>; resolve: () => void; reject: (cause: unknown) => void }>

const settling = (): Settling => {
  let [resolve, reject]: [Settling['resolve'], Settling['reject']] = [() => {}, () => {}]
  const promise = new Promise<void>((...both) => ([resolve, reject] = both))
  return { promise, resolve, reject }
}

/** Joins the group of the buckets, is given all of them, and leaves. */
const divides = async (config: Config): Promise<void> => {
  const kafka = config.egress.kafka
  const group = new BucketGroup({
    ...membershipNamesOf(config),
    ...{ address: addressOf(kafka, silent), replicationFactor: 1, sessionTimeoutMs: 6_000, logger: silent },
  })
  const over = new AbortController()
  try {
    for await (const buckets of group.assignments(over.signal)) if (buckets.length > 0) return
  } finally {
    over.abort()
    await group.leave()
  }
}
