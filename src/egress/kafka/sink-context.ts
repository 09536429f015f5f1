import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Cluster, Identities, PartitionReader, TopicRecords, TransactionalProducer } from './cluster.js'
import type { FamilyReadiness } from './family-readiness.js'
import { kafkaDefaults, transactionalIdOf, type KafkaSinkOptions } from './options.js'
import type { BadRows } from './dead-letter/dead-letter.js'
import { pause } from '../../log/backoff.js'
import { SIGN_EVERY_MS, type SignsOfLife } from './progress/other-owner.js'
import { encodeProgress, type Owner, type Place } from './progress/progress.js'
import type { Delivery, Progress } from '../sink.js'
import { defaultTopics, type Markers, type Topics } from '../topics.js'

/** What stays the same over all connections of one sink. */
export type SinkContext = Readonly<{
  options: KafkaSinkOptions
  cluster: Cluster
  topics: Topics
  markers: Markers
  progressTopic: string
  transactionalId: string
  /** Ids that the registry gave, by fingerprint of the schema. */
  schemaIds: Map<string, number>
  /** As whom this sink claims the progress; each claim adds its number. */
  owner: Owner
  badRows: BadRows
  signs: SignsOfLife
}>

/** One connection: a producer whose epoch was the latest when the progress was claimed. */
export type Connected = {
  readonly producer: TransactionalProducer
  readonly delivery: Delivery
  /** As whom the progress was claimed. */
  readonly owner: Owner
  readonly readiness: FamilyReadiness
  /** Partition of the progress topic that holds our record. */
  readonly progressPartition: number
  /** What our last progress record said, and when it was written. */
  written: Readonly<{ progress: Progress | undefined; at: number }>
  /** Where rows are published. Gets the ids of further topics. */
  place: Place
}

export const sinkContext = (options: KafkaSinkOptions, cluster: Cluster): SinkContext => ({
  options,
  cluster,
  topics: options.topics ?? defaultTopics,
  markers: options.markers ?? { kind: 'off' },
  progressTopic: options.progressTopic ?? kafkaDefaults.progressTopic,
  transactionalId: transactionalIdOf(options),
  schemaIds: new Map(),
  badRows: { isSearching: false, deadLettered: 0 },
  signs: options.signs ?? signsOfThisMachine,
  owner: { id: randomUUID(), host: hostname(), pid: process.pid, since: new Date().toISOString() },
})

const signsOfThisMachine: SignsOfLife = {
  now: Date.now,
  pause,
  isRunning: (pid) => {
    try {
      return process.kill(pid, 0)
    } catch (cause) {
      return (cause as NodeJS.ErrnoException).code === 'EPERM' // it runs, as another user
    }
  },
  silentAfterMs: 3 * SIGN_EVERY_MS,
}

const iso = (at: number): string => new Date(at).toISOString()

/** The progress record as a message. */
export const progressMessage = (
  { progressTopic, transactionalId, signs }: SinkContext,
  { progressPartition, place, owner }: Pick<Connected, 'progressPartition' | 'place' | 'owner'>,
  progress: Progress | undefined,
): TopicRecords => {
  const value = encodeProgress({ progress, owner: { ...owner, at: iso(signs.now()) }, place })
  return { topic: progressTopic, messages: [{ key: transactionalId, value, partition: progressPartition }] }
}

/** Where rows are published now. Topics that were recorded `before` and are not asked for keep their recorded id. */
export const placeNow = (
  { options: { tenant } }: SinkContext,
  { clusterId, topics }: Identities,
  before: Place | undefined,
): Place => ({
  tenant,
  clusterId,
  topics: topics === undefined ? undefined : { ...before?.topics, ...Object.fromEntries(topics) },
})

/** Runs `work` with a reader of the cluster, and closes it. */
export const withReader = async <A>(
  { cluster }: SinkContext,
  work: (reader: PartitionReader) => Promise<A>,
): Promise<A> => {
  const reader = await cluster.reader()
  try {
    return await work(reader)
  } finally {
    await reader.close().catch(() => {})
  }
}
