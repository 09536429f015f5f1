import type { Admin } from 'kafkajs'
import { kafkaClient } from '../connection.js'
import { rawRequests, type RawRequests } from '../kafkajs-internals.js'
import {
  DESCRIBE_PRODUCERS,
  describeProducersRequest,
  readProducers,
  type OpenTransaction,
} from '../protocol/describe-producers-v0.js'
import {
  DESCRIBE_TRANSACTIONS,
  describeTransactionRequest,
  readTransactionState,
} from '../protocol/describe-transactions-v0.js'
import { withAdmin } from '../topic-admin.js'
import type { ConnectionCheck } from './check-connection.js'
import { coordinatorOf } from './check-producer.js'
import type { Finding } from './finding.js'

const RETRIES = 2
/** No coordinator lets a transaction stay open for longer than this by default (transaction.max.timeout.ms). */
const HANGING_AFTER_MS = 15 * 60_000

/**
 * Who publishes by our transactional id, and whether a transaction hangs in a topic of ours: its producer is gone and no
 * coordinator will end it, so that `read_committed` consumers see nothing behind its first record. Any producer may have
 * left it. Changes nothing. Throws as `checkConnection` does.
 */
export const checkOpenTransactions = (check: ConnectionCheck, now: number): Promise<readonly Finding[]> => {
  const address = { ...check.address, retries: RETRIES }
  return withAdmin(address, async (admin) => {
    const raw = await rawRequests(kafkaClient(address), address)
    try {
      const versions = await raw.versions()
      return [
        versions[DESCRIBE_TRANSACTIONS.apiKey] === undefined
          ? note('fencing', 'this broker does not tell (Kafka 3.0 or later does)')
          : await ownTransaction(raw, check.transactionalId, now),
        ...(versions[DESCRIBE_PRODUCERS.apiKey] === undefined
          ? [note('hanging transactions', 'this broker does not tell (Kafka 2.8 or later does)')]
          : await hangingTransactions(admin, raw, check, now)),
      ]
    } finally {
      await raw.close().catch(() => {})
    }
  })
}

const note = (what: string, says: string): Finding => ({ what, state: 'note', says })

const TRANSACTIONAL_ID_NOT_FOUND = 105

/** The epoch goes up with every start of an egress, and fences those before. */
const ownTransaction = async (raw: RawRequests, transactionalId: string, now: number): Promise<Finding> => {
  const what = `fencing of ${transactionalId}`
  const { error, nodeId } = await coordinatorOf(raw, transactionalId)
  if (error !== 0) return note(what, `cannot be found out: the broker answers with error ${error}`)
  const body = describeTransactionRequest(transactionalId)
  const state = readTransactionState(await raw.send({ ...DESCRIBE_TRANSACTIONS, body }, nodeId))
  if (state === undefined || state.error === TRANSACTIONAL_ID_NOT_FOUND)
    return { what, state: 'ok', says: 'nobody has published by this id' }
  if (state.error !== 0) return note(what, `cannot be found out: the coordinator answers with error ${state.error}`)
  const says = `producer ${state.producerId} in epoch ${state.epoch}, ${state.state}`
  const openMs = state.startedAt > 0 && state.state === 'Ongoing' ? now - state.startedAt : 0
  return openMs > 2 * state.timeoutMs
    ? { what, state: 'differs', says: `${says} for ${Math.round(openMs / 1_000)} s, longer than its timeout allows` }
    : { what, state: 'ok', says }
}

const hangingTransactions = async (
  admin: Admin,
  raw: RawRequests,
  { topics, address }: ConnectionCheck,
  now: number,
): Promise<readonly Finding[]> => {
  const what = 'hanging transactions'
  const existing = new Set(await admin.listTopics())
  const ours = topics.map(({ topic }) => topic).filter((topic) => existing.has(topic))
  if (ours.length === 0) return [note(what, 'there is no topic of ours yet')]
  const open: OpenTransaction[] = []
  let refused = 0
  for (const [nodeId, wanted] of await leadersOf(admin, ours)) {
    const body = describeProducersRequest(wanted)
    const producers = readProducers(await raw.send({ ...DESCRIBE_PRODUCERS, body }, nodeId))
    open.push(...producers.open)
    refused += producers.refused.length
  }
  const hanging = open.filter(({ lastAt }) => now - lastAt > HANGING_AFTER_MS)
  if (hanging.length === 0 && refused > 0)
    return [note(what, `${refused} partitions cannot be looked into without the right to read their topics`)]
  if (hanging.length === 0)
    return [
      { what, state: 'ok', says: open.length === 0 ? 'none' : `none; ${open.length} partitions are being written` },
    ]
  return hanging.map(({ topic, partition, producerId, firstOffset, lastAt }) => ({
    what: `hanging transaction in ${topic} ${partition}`,
    state: 'lacks',
    says: `of producer ${producerId}, open from offset ${firstOffset} on, silent since ${new Date(lastAt).toISOString()}; consumers see nothing behind it`,
    mend: `kafka-transactions.sh --bootstrap-server ${address.brokers[0] ?? ''} abort --topic ${topic} --partition ${partition} --start-offset ${firstOffset}`,
  }))
}

/** The partitions of topics by the broker that leads them. */
const leadersOf = async (
  admin: Admin,
  topics: readonly string[],
): Promise<ReadonlyMap<number, ReadonlyMap<string, readonly number[]>>> => {
  const leaders = new Map<number, Map<string, number[]>>()
  const metadata = await admin.fetchTopicMetadata({ topics: [...topics] })
  for (const { name, partitions } of metadata.topics)
    for (const { leader, partitionId } of partitions) {
      const led = leaders.get(leader) ?? new Map<string, number[]>()
      leaders.set(leader, led)
      led.set(name, [...(led.get(name) ?? []), partitionId])
    }
  return leaders
}
