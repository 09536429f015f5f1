import * as E from 'fp-ts/lib/Either.js'
import { classifyKafkaError } from './failures.js'
import type { Owner } from './progress/progress.js'
import { compareProgress, supersededBy } from './progress/progress-check.js'
import { findProgress, type AtOpenTransaction } from './progress/progress-reader.js'
import { refusalOf } from '../progress-mismatch.js'
import { giveSign } from './publish.js'
import { partitioning } from './records/records.js'
import { placeNow, withReader, type Connected, type SinkContext } from './sink-context.js'
import { takeOver } from './take-over.js'
import type { Delivery, Progress, Sink, SinkFailure } from '../sink.js'

/**
 * What a sink of a Kafka cluster does beside writing its records: it takes over, learns that another instance took
 * over, gives signs of life, and ends.
 *
 * Disconnected → (connect: see `takeOver`) → connected → (any failure, or close) → disconnected. A producer that failed
 * is thrown away: kafkajs changes its state before the broker answers. The transaction that it left open is aborted
 * when the next producer fences it.
 */
export type KafkaSession = Pick<Sink, 'connect' | 'close'> &
  Readonly<{
    /** The connection, if there is one. */
    connected: () => Connected | undefined
    /** Runs one transaction at a time; `NotConnected` where there is no connection. */
    transact: <A>(
      work: (connected: Connected) => Promise<E.Either<SinkFailure, A>>,
    ) => () => Promise<E.Either<SinkFailure, A>>
    /** A call beside the transactions: a failure ends the connection. */
    attempt: <A>(work: () => Promise<E.Either<SinkFailure, A>>) => () => Promise<E.Either<SinkFailure, A>>
    stillOwner: () => () => Promise<E.Either<SinkFailure, void>>
    /** What the broker allowed when it was connected to last. */
    delivery: () => Delivery | undefined
  }>

/** `onDisconnect` is called whenever a connection ends: what was made ready for it is void. */
export const kafkaSession = (context: SinkContext, onDisconnect: () => void = () => {}): KafkaSession => {
  let state: Connected | undefined
  let hasClaimed = false
  let lastDelivery: Delivery | undefined

  const disconnect = async (): Promise<void> => {
    const was = state
    state = undefined
    onDisconnect()
    await was?.producer.disconnect().catch(() => {})
  }

  const attempt: KafkaSession['attempt'] = (work) => async () => {
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
    connected: () => state,
    connect: (signal, check) => () =>
      inTurn(
        attempt(async (): Promise<E.Either<SinkFailure, Progress | undefined>> => {
          await disconnect()
          signal.throwIfAborted()
          const taken = await takeOver(context, { hasClaimed, check, signal })
          if (E.isLeft(taken)) return taken
          state = taken.right.connected
          lastDelivery = state.delivery
          hasClaimed = true
          return E.right(taken.right.progress)
        }),
      ),
    transact: (work) => () =>
      inTurn(
        attempt(async () =>
          state === undefined ? E.left({ tag: 'NotConnected', cause: new Error('not connected') }) : work(state),
        ),
      ),
    attempt,
    stillOwner: () => async () => {
      try {
        const lost = (await takenOverBy(context, 'stop')) ?? (await topicsRecreated(context, state))
        return lost === undefined ? await inTurn(sign) : E.left(lost)
      } catch (cause) {
        const failure = classifyKafkaError(cause)
        return E.left(failure.tag === 'EpochLost' ? { tag: 'NotConnected', cause } : failure)
      }
    },
    delivery: () => lastDelivery,
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

/**
 * `Refused` if a topic that this connection publishes to was deleted and created again; `NotConnected` where the next
 * connection starts over.
 */
const topicsRecreated = async (
  context: SinkContext,
  connected: Connected | undefined,
): Promise<SinkFailure | undefined> => {
  const before = connected?.place
  if (before?.topics === undefined) return undefined
  const now = await withReader(context, (reader) => reader.identify(Object.keys(before.topics ?? {})))
  const record = { progress: undefined, owner: context.owner, place: before }
  const mismatches = compareProgress(record, { ...context, place: placeNow(context, now, before) })
  const refusal = refusalOf(mismatches, context.options.startsOverOn ?? [])
  if (refusal !== undefined) return { tag: 'Refused', reason: refusal }
  return mismatches.length === 0
    ? undefined
    : { tag: 'NotConnected', cause: new Error('a topic was deleted and created again: everything is published again') }
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
