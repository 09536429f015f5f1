import * as E from 'fp-ts/lib/Either.js'
import type { Cluster } from './cluster.js'
import { classifyKafkaError } from './failures.js'
import { kafkajsCluster } from './kafkajs-cluster.js'
import type { KafkaSinkOptions } from './options.js'
import type { Owner } from './progress/progress.js'
import { compareProgress, supersededBy } from './progress/progress-check.js'
import { refusalOf } from '../progress-mismatch.js'
import { findProgress, type AtOpenTransaction } from './progress/progress-reader.js'
import { encode, giveSign, publish, type Sends } from './publish.js'
import { locate } from './locate.js'
import { partitioning } from './records/records.js'
import { placeNow, sinkContext, withReader, type Connected, type SinkContext } from './sink-context.js'
import { takeOver } from './take-over.js'
import { keepsLatest } from '../topics.js'
import type { Delivery, Progress, ProgressCheck, Sink, SinkBatch, SinkFailure } from '../sink.js'

/**
 * Rows on Kafka, exactly once: a batch and its progress record are one transaction under a stable transactional id.
 *
 * Disconnected → (connect: see `takeOver`) → connected → (any failure, or close) → disconnected. A producer that failed
 * is thrown away: kafkajs changes its state before the broker answers. The transaction that it left open is aborted
 * when the next producer fences it.
 */
export const kafkaSink = (options: KafkaSinkOptions, cluster: Cluster = kafkajsCluster(options)): Sink => {
  const context = sinkContext(options, cluster)
  let state: Connected | undefined
  let hasClaimed = false
  let lastDelivery: Delivery | undefined
  /** The batch that is written next, encoded for this connection. */
  let prepared: Readonly<{ batch: SinkBatch; sends: Sends }> | undefined

  const disconnect = async (): Promise<void> => {
    const was = state
    state = undefined
    prepared = undefined
    await was?.producer.disconnect().catch(() => {})
  }

  const connect = async (
    signal: AbortSignal,
    check: ProgressCheck | undefined,
  ): Promise<E.Either<SinkFailure, Progress | undefined>> => {
    await disconnect()
    signal.throwIfAborted()
    const taken = await takeOver(context, { hasClaimed, check, signal })
    if (E.isLeft(taken)) return taken
    state = taken.right.connected
    lastDelivery = state.delivery
    hasClaimed = true
    return E.right(taken.right.progress)
  }

  const attempt =
    <A>(work: () => Promise<E.Either<SinkFailure, A>>) =>
    async (): Promise<E.Either<SinkFailure, A>> => {
      try {
        return await work()
      } catch (cause) {
        await disconnect()
        const failure = classifyKafkaError(cause)
        if (failure.tag !== 'EpochLost') return E.left(failure)
        const fenced = hasClaimed ? await takenOverBy(context, 'wait').catch(() => undefined) : undefined
        return E.left(fenced ?? { tag: 'NotConnected', cause })
      }
    }

  /** A sign of life is given at any time, and a producer has one transaction at a time. */
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <A>(work: () => Promise<A>): Promise<A> => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }
  const sign = attempt(async () => (state === undefined ? E.right(undefined) : giveSign(context, state)))

  return {
    name: options.name ?? 'kafka',
    connect: (signal, check) => () => inTurn(attempt(() => connect(signal, check))),
    write: (batch) => () =>
      inTurn(
        attempt(async () =>
          state === undefined
            ? E.left({ tag: 'NotConnected', cause: new Error('not connected') })
            : publish(context, state, batch, prepared?.batch === batch ? prepared.sends : undefined),
        ),
      ),
    locate: (records, signal) => attempt(async () => E.right(await locate(context, records, signal))),
    prepare: (batch) => {
      const sends = state === undefined ? undefined : encode(context, state, batch)
      prepared = sends === undefined ? undefined : { batch, sends }
    },
    keepsLatest: keepsLatest(context.topics),
    delivery: () => lastDelivery,
    deadLettered: () => context.badRows.deadLettered,
    stillOwner: () => async () => {
      try {
        const lost = (await takenOverBy(context, 'stop')) ?? (await topicsRecreated(context, state))
        return lost === undefined ? await inTurn(sign) : E.left(lost)
      } catch (cause) {
        const failure = classifyKafkaError(cause)
        return E.left(failure.tag === 'EpochLost' ? { tag: 'NotConnected', cause } : failure)
      }
    },
    close: async () => {
      hasClaimed = false
      await disconnect()
    },
  }
}

/**
 * `Fenced` if the claim in the progress topic is that of another instance. A producer loses its epoch when another
 * instance takes over, and also when the broker gives up its transaction; only the claim tells which of the two it was.
 */
const takenOverBy = async (
  context: SinkContext,
  atOpenTransaction: AtOpenTransaction,
): Promise<SinkFailure | undefined> => {
  const now = await currentOwner(context, atOpenTransaction)
  return now === undefined || now.id === context.owner.id
    ? undefined
    : { tag: 'Fenced', by: supersededBy(now, context.transactionalId) }
}

/** `Refused` if a topic that this connection publishes to was deleted and created again. */
const topicsRecreated = async (
  context: SinkContext,
  connected: Connected | undefined,
): Promise<SinkFailure | undefined> => {
  const before = connected?.place
  if (before?.topics === undefined) return undefined
  const now = await withReader(context, (reader) => reader.identify(Object.keys(before.topics ?? {})))
  const record = { progress: undefined, owner: context.owner, place: before }
  const mismatches = compareProgress(record, { ...context, place: placeNow(context, now, before) })
  const refusal = refusalOf(mismatches, [])
  return refusal === undefined ? undefined : { tag: 'Refused', reason: refusal }
}

const OWNER_READ_LIMIT_MS = 20_000

const currentOwner = (context: SinkContext, atOpenTransaction: AtOpenTransaction): Promise<Owner | undefined> =>
  withReader(context, async (reader) => {
    const { progressTopic: topic, transactionalId: key } = context
    const partitions = await reader.partitions(topic)
    const home = { topic, key, preferred: partitioning(new Map([[topic, partitions]]))(topic, key), partitions }
    const limit = AbortSignal.timeout(OWNER_READ_LIMIT_MS)
    return (await findProgress(reader, home, atOpenTransaction, limit)).record?.owner
  })
