import kafkajs from 'kafkajs'
import type { Consumer, PartitionAssigner } from 'kafkajs'
import type { Logger } from 'pino'
import { allBuckets } from '../../../domain/stream-name.js'
import { kafkaClient } from '../../../egress/kafka/connection.js'
import { classifyKafkaError } from '../../../egress/kafka/failures.js'
import { isGroupForbidden } from '../../../egress/kafka/group-rights.js'
import { createTopics } from '../../../egress/kafka/topic-admin.js'
import type { KafkaAddress } from '../../../egress/kafka/options.js'
import { backoffMs, pause } from '../../../log/backoff.js'
import { changeSignal } from '../../../log/change-signal.js'
import { aborted } from '../aborted.js'
import { divideBuckets, type Member } from './bucket-assignment.js'
import type { Assignments } from './points-worker.js'

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol

export type MembershipOptions = Readonly<{
  address: KafkaAddress
  /** A topic with one partition for each bucket. It stays empty. */
  controlTopic: string
  replicationFactor: number
  group: string
  /** Who is not heard of for this long loses its buckets. */
  sessionTimeoutMs: number
  logger: Logger
}>

/** The group cannot be joined, and trying again does not help. The message says how to mend it. */
export class MembershipRefused extends Error {
  override readonly name = 'MembershipRefused'
}

const BACKOFF = { firstMs: 200, maxMs: 10_000 }

/**
 * The process as a member of the group that divides the buckets, by Kafka's consumer-group protocol: it subscribes to the
 * control topic, and partition n stands for bucket n. While Kafka is away everybody keeps what they hold; who is wrongly
 * of that opinion is fenced by the points streams.
 */
export class BucketGroup {
  private readonly options: MembershipOptions
  private readonly leaving = new AbortController()
  /** Partitions of the control topic; `undefined` before the first assignment. */
  private held: readonly number[] | undefined
  private refusal: MembershipRefused | undefined
  private readonly changed = changeSignal()
  private readonly over: Promise<void>

  constructor(options: MembershipOptions) {
    this.options = options
    this.over = this.run()
  }

  /**
   * Yields the buckets of this process, and again whenever they change, until the signal aborts.
   *
   * @throws MembershipRefused
   */
  async *assignments(signal: AbortSignal): Assignments {
    signal.addEventListener('abort', this.changed.notify, { once: true })
    let yielded: readonly number[] | undefined
    while (!signal.aborted) {
      const changed = this.changed.next()
      if (this.refusal !== undefined) throw this.refusal
      const { held } = this
      if (held === undefined || held === yielded) await changed
      else yield (yielded = held).map((bucket) => allBuckets[bucket] as string)
    }
  }

  /** Gives all buckets to the others. */
  async leave(): Promise<void> {
    this.leaving.abort()
    await this.over
  }

  private async run(): Promise<void> {
    const { logger } = this.options
    const { signal } = this.leaving
    for (let attempts = 0; !signal.aborted; attempts++) {
      const consumer = this.consumer()
      try {
        await ensureControlTopic(this.options)
        await this.consume(consumer, () => (attempts = 0))
      } catch (cause) {
        this.refusal = await refusalOf(cause, this.options)
        if (this.refusal !== undefined) break
        logger.warn({ err: cause }, 'points: Kafka is away; the buckets of this process stay with it')
      } finally {
        await consumer.disconnect().catch((cause: unknown) => {
          logger.debug({ err: cause }, 'points: could not leave the group; its session runs out')
        })
      }
      await pause(backoffMs(BACKOFF, attempts), signal)
    }
    this.changed.notify()
  }

  private consumer(): Consumer {
    const { address, group, sessionTimeoutMs, controlTopic } = this.options
    // kafkajs sends heartbeats between two fetches, and an idle fetch takes maxWaitTimeInMs.
    const heartbeatInterval = Math.max(100, Math.floor(sessionTimeoutMs / 6))
    return kafkaClient(address).consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval,
      maxWaitTimeInMs: heartbeatInterval,
      allowAutoTopicCreation: false,
      partitionAssigners: [stickyAssigner(controlTopic, () => this.held ?? [])],
    })
  }

  /** Resolves when the process leaves; throws what ended the consumer where kafkajs does not restart it. */
  private async consume(consumer: Consumer, onJoined: () => void): Promise<void> {
    const { controlTopic } = this.options
    const { GROUP_JOIN, CRASH } = consumer.events
    consumer.on(GROUP_JOIN, ({ payload }) => {
      onJoined()
      this.held = payload.memberAssignment[controlTopic] ?? []
      // There is nothing to read: without partitions to fetch, only heartbeats are sent.
      consumer.pause([{ topic: controlTopic }])
      this.changed.notify()
    })
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error)
      })
    })
    await consumer.connect()
    await consumer.subscribe({ topic: controlTopic })
    await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() })
    await Promise.race([crashed, aborted(this.leaving.signal)])
  }
}

const refusalOf = async (
  cause: unknown,
  { address, group }: MembershipOptions,
): Promise<MembershipRefused | undefined> => {
  if (cause instanceof MembershipRefused) return cause
  if (await isGroupForbidden(cause, address, group))
    return new MembershipRefused(
      `this user may not use the consumer group ${group}: grant READ on it, or change projector.shards.group`,
      { cause },
    )
  const failure = classifyKafkaError(cause)
  return failure.tag === 'Refused' ? new MembershipRefused(failure.reason, { cause }) : undefined
}

/** Every member tells what it holds, and the leader of the group divides so that little changes hands. */
const stickyAssigner =
  (topic: string, held: () => readonly number[]): PartitionAssigner =>
  () => ({
    name: 'streamvane-buckets',
    version: 1,
    protocol: () => ({
      name: 'streamvane-buckets',
      metadata: MemberMetadata.encode({ version: 1, topics: [topic], userData: Buffer.from(JSON.stringify(held())) }),
    }),
    assign: ({ members }) => {
      const told = members.map(({ memberId, memberMetadata }): Member => ({
        id: memberId,
        held: heldIn(memberMetadata),
      }))
      const divided = divideBuckets(
        allBuckets.map((_, index) => index),
        told,
      )
      return Promise.resolve(
        [...divided].map(([memberId, partitions]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: 1,
            assignment: { [topic]: [...partitions] },
            userData: Buffer.alloc(0),
          }),
        })),
      )
    },
  })

const heldIn = (metadata: Buffer): readonly number[] => {
  const userData = MemberMetadata.decode(metadata)?.userData
  return userData === undefined || userData.length === 0 ? [] : (JSON.parse(userData.toString()) as readonly number[])
}

/** Creates the control topic if it is missing. */
const ensureControlTopic = async ({ address, controlTopic, replicationFactor }: MembershipOptions): Promise<void> => {
  const admin = kafkaClient(address).admin()
  try {
    await admin.connect()
    const wanted = { topic: controlTopic, partitions: allBuckets.length, replicationFactor, config: {} }
    if (!(await admin.listTopics()).includes(controlTopic)) await createTopics(admin, [wanted])
    const { topics } = await admin.fetchTopicMetadata({ topics: [controlTopic] })
    const partitions = topics[0]?.partitions.length
    if (partitions !== allBuckets.length)
      throw new MembershipRefused(
        `the control topic ${controlTopic} has ${partitions} partitions and needs ${allBuckets.length}, one for each bucket: choose another name in projector.shards.controlTopic, or delete the topic`,
      )
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}
