import * as E from 'fp-ts/lib/Either.js'
import { classifyKafkaError } from './failures.js'
import type { KafkaSinkOptions } from './options.js'
import { partitioning } from './records.js'
import { readProgress, type Owner } from './progress.js'
import { publish } from './publish.js'
import { sinkContext, withReader, type Connected, type SinkContext } from './sink-context.js'
import { takeOver } from './take-over.js'
import type { Progress, Sink, SinkFailure } from '../sink.js'

/**
 * Rows on Kafka, exactly once: a batch and its progress record are one transaction under a stable transactional id.
 *
 * Disconnected → (connect: see `takeOver`) → connected → (any failure, or close) → disconnected. A producer that failed
 * is thrown away: kafkajs changes its state before the broker answers. The transaction that it left open is aborted
 * when the next producer fences it.
 */
export const kafkaSink = (options: KafkaSinkOptions): Sink => {
  const context = sinkContext(options)
  let state: Connected | undefined

  const disconnect = async (): Promise<void> => {
    const was = state
    state = undefined
    await was?.producer.disconnect().catch(() => {})
  }

  const connect = async (signal: AbortSignal): Promise<E.Either<SinkFailure, Progress | undefined>> => {
    await disconnect()
    signal.throwIfAborted()
    const taken = await takeOver(context, signal)
    if (E.isLeft(taken)) return taken
    state = taken.right.connected
    return E.right(taken.right.progress)
  }

  const attempt =
    <A>(work: () => Promise<E.Either<SinkFailure, A>>) =>
    async (): Promise<E.Either<SinkFailure, A>> => {
      try {
        return await work()
      } catch (cause) {
        const owner = state?.owner
        await disconnect()
        const failure = classifyKafkaError(cause)
        return E.left(failure.tag === 'EpochLost' ? await afterEpochLost(context, owner, failure.by, cause) : failure)
      }
    }

  return {
    name: options.name ?? 'kafka',
    connect: (signal) => attempt(() => connect(signal)),
    write: (batch) =>
      attempt(async () =>
        state === undefined
          ? E.left({ tag: 'NotConnected', cause: new Error('not connected') })
          : publish(context, state, batch),
      ),
    close: disconnect,
  }
}

/**
 * A producer loses its epoch when another instance takes over, and also when the broker gives up its transaction. The
 * claim in the progress topic tells which of the two it was.
 */
const afterEpochLost = async (
  context: SinkContext,
  owner: Owner | undefined,
  by: string,
  cause: unknown,
): Promise<SinkFailure> => {
  if (owner === undefined) return { tag: 'NotConnected', cause }
  const now = await currentOwner(context).catch(() => undefined)
  if (now === undefined || now.id === owner.id) return { tag: 'NotConnected', cause }
  return {
    tag: 'Fenced',
    by: `process ${now.pid} on ${now.host}, which has taken over ${context.transactionalId} (${by})`,
  }
}

const OWNER_READ_LIMIT_MS = 20_000

const currentOwner = (context: SinkContext): Promise<Owner | undefined> =>
  withReader(context, async (reader) => {
    const { progressTopic: topic, transactionalId: key } = context
    const partition = partitioning(new Map([[topic, await reader.partitions(topic)]]))(topic, key)
    return (await readProgress(reader, { topic, partition, key }, AbortSignal.timeout(OWNER_READ_LIMIT_MS)))?.owner
  })
