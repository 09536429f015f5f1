import { ClusterError, type OutgoingRecord, type TopicRecords, type TransactionalProducer } from '../cluster.js'

/** A record that the broker refuses even alone. */
export type RefusedRecord = Readonly<{ topic: string; message: OutgoingRecord; error: ClusterError }>

/** Answers to a send that are about its records: the same records are refused again, others are not. */
const ABOUT_THE_RECORDS = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])

export const isAboutTheRecords = (cause: unknown): cause is ClusterError =>
  cause instanceof ClusterError && ABOUT_THE_RECORDS.has(cause.protocolError ?? '')

/**
 * Sends records so that one that is refused is found: a send holds records of one partition only, so it is appended as
 * a whole or not at all, and where it is refused its halves are sent, down to single records. The order within a
 * partition is kept. Resolves with the records that were refused alone.
 *
 * A send to several partitions tells no more than that one of them refused. What the others appended is unknown, and
 * the producer's sequence numbers with it: that producer must be thrown away (see `kafkaSink`).
 */
export const sendPiecemeal = async (
  producer: Pick<TransactionalProducer, 'send'>,
  records: readonly TopicRecords[],
): Promise<readonly RefusedRecord[]> => {
  const refused: RefusedRecord[] = []
  const send = async (topic: string, messages: OutgoingRecord[]): Promise<void> => {
    try {
      await producer.send([{ topic, messages }])
    } catch (error) {
      const [message] = messages
      if (message === undefined || !isAboutTheRecords(error)) throw error
      if (messages.length === 1) {
        refused.push({ topic, message, error })
        return
      }
      const half = messages.length >> 1
      await send(topic, messages.slice(0, half))
      await send(topic, messages.slice(half))
    }
  }
  for (const { topic, messages } of records)
    for (const ofPartition of byPartition(messages)) await send(topic, ofPartition)
  return refused
}

const byPartition = (messages: readonly OutgoingRecord[]): Iterable<OutgoingRecord[]> => {
  const groups = new Map<number, OutgoingRecord[]>()
  for (const message of messages) {
    const group = groups.get(message.partition)
    if (group === undefined) groups.set(message.partition, [message])
    else group.push(message)
  }
  return groups.values()
}
