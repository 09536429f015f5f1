import { TransactionCoordinator, type CoordinatorOptions, type PendingMarker } from './coordinator.js'
import type { BaseOffset } from '../../../src/egress/kafka/cluster.js'
import { ModelPartition, type NewRecord, type ProducerEpoch } from './partition.js'

/** The broker answers a request with an error; `name` is that of the protocol. */
export class ProtocolError extends Error {
  override readonly name: string

  constructor(name: string) {
    super(`the model broker answers ${name}`)
    this.name = name
  }
}

export type Produced = Readonly<{
  topic: string
  partition: number
  firstSequence: number
  records: readonly NewRecord[]
}>

type ModelTopic = { readonly id: string; readonly partitions: readonly ModelPartition[] }

/**
 * A cluster of one broker as a state machine: requests in, answers out. It has no clock and no threads. What Kafka does
 * by itself happens when it is called: `writeMarker`, `advance`, `compact`.
 *
 * All appends are durable and replicated at once: a broker that is killed and started again comes back with what it
 * acknowledged.
 */
export class ModelBroker {
  readonly clusterId: string
  readonly coordinator: TransactionCoordinator
  private readonly topics = new Map<string, ModelTopic>()
  private topicsCreated = 0
  private nowMs = 0

  constructor({
    clusterId = 'model',
    ...options
  }: Partial<CoordinatorOptions> & Readonly<{ clusterId?: string }> = {}) {
    this.clusterId = clusterId
    this.coordinator = new TransactionCoordinator({
      ...{ epochMax: 32_766, timeoutMaxMs: 900_000, fencedAs: 'INVALID_PRODUCER_EPOCH' },
      ...options,
    })
  }

  get now(): number {
    return this.nowMs
  }

  // Requests of clients.

  /** Metadata: ids of the topics that exist. */
  identify(topics: readonly string[]): Readonly<{ clusterId: string; topics: ReadonlyMap<string, string> }> {
    const ids = topics.flatMap((name) => {
      const topic = this.topics.get(name)
      return topic === undefined ? [] : [[name, topic.id] as const]
    })
    return { clusterId: this.clusterId, topics: new Map(ids) }
  }

  partitionsOf(topic: string): number {
    return this.topics.get(topic)?.partitions.length ?? 0
  }

  partition(topic: string, partition: number): ModelPartition {
    const found = this.topics.get(topic)?.partitions[partition]
    if (found === undefined) throw new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION')
    return found
  }

  /** Without a transactional id every call gets another producer id, and nobody is fenced. */
  initProducerId(transactionalId: string | undefined, timeoutMs: number): ProducerEpoch {
    if (transactionalId === undefined) return this.coordinator.newProducerId()
    return orThrow(this.coordinator.initProducerId(transactionalId, timeoutMs))
  }

  addPartitionsToTransaction(
    transactionalId: string,
    producer: ProducerEpoch,
    partitions: readonly TopicPartition[],
  ): void {
    for (const { topic, partition } of partitions) this.partition(topic, partition)
    const names = partitions.map(({ topic, partition }) => nameOf(topic, partition))
    throwIf(this.coordinator.addPartitions(transactionalId, producer, names, this.nowMs))
  }

  /**
   * Produce with acks=all. Each partition takes its batch or refuses it on its own; the answer is the first refusal, as
   * a client sees it. `transactionalId` is `undefined` for a producer that is idempotent and nothing else.
   */
  produce(
    transactionalId: string | undefined,
    producer: ProducerEpoch,
    produced: readonly Produced[],
  ): readonly BaseOffset[] {
    let refusal: string | undefined
    const answers: BaseOffset[] = []
    for (const { topic, partition, firstSequence, records } of produced) {
      const log = this.partition(topic, partition)
      const unverified =
        transactionalId === undefined || log.isOpen(producer.producerId)
          ? undefined
          : this.coordinator.verify(transactionalId, producer, nameOf(topic, partition))
      const isTransactional = transactionalId !== undefined
      const offset = log.end
      const outcome = unverified ?? log.append({ producer, firstSequence, isTransactional, records })
      if (outcome !== 'appended' && outcome !== 'duplicate') refusal ??= outcome
      answers.push({ topic, partition, ...(outcome === 'appended' && { offset }) })
    }
    throwIf(refusal)
    return answers
  }

  endTransaction(transactionalId: string, producer: ProducerEpoch, ending: 'commit' | 'abort'): void {
    throwIf(this.coordinator.endTransaction(transactionalId, producer, ending))
  }

  // What happens by itself.

  pendingMarkers(): readonly PendingMarker[] {
    return this.coordinator.pendingMarkers()
  }

  writeMarker(marker: PendingMarker): void {
    const [topic, partition] = partitionOf(marker.partition)
    // Markers for a partition that was deleted are dropped.
    this.topics.get(topic)?.partitions[partition]?.writeMarker(marker.producer, marker.ending)
    this.coordinator.markerWritten(marker)
  }

  writeAllMarkers(): void {
    for (const marker of this.pendingMarkers()) this.writeMarker(marker)
  }

  /** Time passes; transactions that are open for too long are aborted. */
  advance(ms: number): void {
    this.nowMs += ms
    this.coordinator.expire(this.nowMs)
  }

  // What an operator does.

  createTopic(topic: string, partitions: number): void {
    if (this.topics.has(topic)) throw new ProtocolError('TOPIC_ALREADY_EXISTS')
    const id = `topic-${(this.topicsCreated += 1)}`
    this.topics.set(topic, { id, partitions: Array.from({ length: partitions }, () => new ModelPartition()) })
  }

  deleteTopic(topic: string): void {
    this.topics.delete(topic)
  }

  compact(topic: string): void {
    for (const partition of this.topics.get(topic)?.partitions ?? []) partition.compact()
  }
}

export type TopicPartition = Readonly<{ topic: string; partition: number }>

/** Topics have no spaces in their names. */
const nameOf = (topic: string, partition: number): string => `${partition} ${topic}`
const partitionOf = (name: string): readonly [topic: string, partition: number] => {
  const space = name.indexOf(' ')
  return [name.slice(space + 1), Number(name.slice(0, space))]
}

const throwIf = (error: string | undefined): void => {
  if (error !== undefined) throw new ProtocolError(error)
}

const orThrow = <A extends object>(answer: A | string): A => {
  if (typeof answer === 'string') throw new ProtocolError(answer)
  return answer
}
