import * as E from 'fp-ts/lib/Either.js'
import { claimWatch, withoutTransactions } from './at-least-once.js'
import { ClusterError, type PartitionReader, type TransactionalProducer } from './cluster.js'
import { kafkaDefaults } from './options.js'
import type { Owner } from './progress/progress.js'
import type { ProgressPlace } from './progress/progress-reader.js'
import type { SinkContext } from './sink-context.js'
import type { Delivery, SinkFailure } from '../sink.js'

/** How rows are delivered to this cluster, by the configuration and by what the cluster says of transactions. */
export const deliveryOf = async (
  { options, transactionalId }: SinkContext,
  reader: Pick<PartitionReader, 'noTransactions'>,
): Promise<E.Either<SinkFailure, Delivery>> => {
  const { delivery = kafkaDefaults.delivery } = options
  if (delivery === 'at-least-once') return E.right('at-least-once')
  const reason = await reader.noTransactions(transactionalId)
  if (reason === undefined) return E.right('exactly-once')
  if (delivery === 'detect') return E.right('at-least-once')
  return E.left({
    tag: 'Refused',
    reason:
      `rows cannot be published exactly once: the cluster has no transactions for ${transactionalId} (${reason}). Azure ` +
      `Event Hubs has them in its Premium and Dedicated tiers only. Use another cluster, or set egress.kafka.delivery: ` +
      `at-least-once; rows may then come again after a failure, with the same ce_id`,
  })
}

/** A producer that is connected, and belongs to nobody yet. */
type OpenedProducer = Readonly<{
  delivery: Delivery
  /**
   * The producer of the instance that is about to claim the progress, whose record is at `place`. Claims of others are
   * looked for behind `from`.
   */
  claimedBy: (owner: Owner, place: ProgressPlace, from: bigint) => Promise<TransactionalProducer>
  disconnect: () => Promise<void>
}>

/** Where `detect` is configured and the broker refuses this user the transactional id, it opens one without. */
export const openProducer = async (context: SinkContext, delivery: Delivery): Promise<OpenedProducer> => {
  if (delivery === 'at-least-once') return openPlain(context)
  const { cluster, transactionalId, options } = context
  const { transactionTimeoutMs: timeoutMs = kafkaDefaults.transactionTimeoutMs } = options
  const { compression = kafkaDefaults.compression } = options
  try {
    const producer = await cluster.transactionalProducer({ transactionalId, timeoutMs, compression })
    return { delivery, claimedBy: async () => producer, disconnect: () => producer.disconnect() }
  } catch (cause) {
    const isForbidden = cause instanceof ClusterError && NO_TRANSACTIONS.has(cause.protocolError ?? '')
    if (options.delivery === 'detect' && isForbidden) return openPlain(context)
    throw cause
  }
}

const NO_TRANSACTIONS = new Set([
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
])

const openPlain = async ({ cluster, options, progressTopic }: SinkContext): Promise<OpenedProducer> => {
  const plain = await cluster.plainProducer({ compression: options.compression ?? kafkaDefaults.compression })
  let reader: PartitionReader | undefined
  const disconnect = async (): Promise<void> => {
    await reader?.close().catch(() => {})
    await plain.disconnect()
  }
  return {
    delivery: 'at-least-once',
    claimedBy: async (owner, place, from) => {
      reader = await cluster.reader()
      await reader.partitions(place.topic) // a reader learns the leaders of a topic so
      return { ...withoutTransactions(plain, progressTopic, claimWatch(reader, place, owner, from)), disconnect }
    },
    disconnect,
  }
}
