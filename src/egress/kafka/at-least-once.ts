import { ClusterError, type PartitionReader, type PlainProducer, type TransactionalProducer } from './cluster.js'
import { decodeProgress, supersedes, type Owner } from './progress/progress.js'
import { supersededBy } from './progress/progress-check.js'
import type { ProgressPlace } from './progress/progress-reader.js'

/**
 * A producer that keeps the order of a transaction and not its atomicity, for clusters that have no transactions: rows
 * are appended when they are sent, the progress record when the transaction commits. A crash in between, or a send that
 * failed half-way, leaves rows behind that come again under the same identity.
 *
 * Nobody is fenced by the broker. `stillOurs` rejects where the claim is not ours any more; it is asked before the rows
 * and again before the progress. A zombie that is stopped between the question and the send appends that one send all
 * the same. Its progress record is not gone by: it carries an older claim.
 */
export const withoutTransactions = (
  plain: PlainProducer,
  progressTopic: string,
  stillOurs: () => Promise<void>,
): TransactionalProducer => {
  let progress: Parameters<PlainProducer['send']>[0] = []
  return {
    begin: async () => {
      progress = []
      await stillOurs()
    },
    send: async (records) => {
      progress = [...progress, ...records.filter(({ topic }) => topic === progressTopic)]
      const rows = records.filter(({ topic }) => topic !== progressTopic)
      return rows.length > 0 ? plain.send(rows) : []
    },
    commit: async () => {
      if (progress.length === 0) return
      await stillOurs()
      await plain.send(progress)
      progress = []
    },
    abort: async () => {
      progress = []
    },
    disconnect: () => plain.disconnect(),
  }
}

/**
 * Looks at what was written to the progress topic since the last look, and rejects as a fenced producer does if the
 * claim that counts is not ours. `from`: the end of the partition before our claim was written.
 */
export const claimWatch = (
  reader: Pick<PartitionReader, 'bounds' | 'fetch'>,
  { topic, partition, key }: ProgressPlace,
  ours: Owner,
  from: bigint,
): (() => Promise<void>) => {
  let at = from
  let current = ours
  return async () => {
    const { end } = await reader.bounds(topic, partition)
    while (at < end) {
      const { records, next } = await reader.fetch(topic, partition, at)
      for (const { key: itsKey, value } of records) {
        if (value === null || itsKey?.toString('utf8') !== key) continue
        const { owner } = decodeProgress(value)
        if (supersedes(owner, current)) current = owner
      }
      if (next === at) break // the rest belongs to a transaction that is open
      at = next
    }
    if (current.id !== ours.id) throw new ClusterError(supersededBy(current, key), 'PRODUCER_FENCED')
  }
}
