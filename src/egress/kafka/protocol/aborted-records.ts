import type { FetchedRecord } from '../cluster.js'

/** A record of a fetch as kafkajs decodes it, control records and records of aborted transactions included. */
export type RawRecord = Readonly<{
  key: Buffer | null
  value: Buffer | null
  headers: Readonly<Record<string, unknown>>
  offset: string
  isControlRecord: boolean
  batchContext: Readonly<{ producerId: string; inTransaction: boolean }>
}>

export type AbortedTransaction = Readonly<{ producerId: string; firstOffset: string }>

/**
 * The records of a fetch without control records and without those of aborted transactions.
 *
 * kafkajs' own filter considers one aborted transaction per record. When reading begins inside two open transactions,
 * it lets aborted records of the second one through.
 */
export const withoutAborted = (
  messages: readonly RawRecord[],
  aborted: readonly AbortedTransaction[],
): readonly FetchedRecord[] => {
  const upcoming = [...aborted].sort((a, b) => (BigInt(a.firstOffset) < BigInt(b.firstOffset) ? -1 : 1))
  const aborting = new Set<string>()
  const records: FetchedRecord[] = []
  for (const { key, value, headers, offset, isControlRecord, batchContext } of messages) {
    const at = BigInt(offset)
    for (let next = upcoming[0]; next !== undefined && BigInt(next.firstOffset) <= at; next = upcoming[0]) {
      aborting.add(next.producerId)
      upcoming.shift()
    }
    if (isControlRecord) aborting.delete(batchContext.producerId)
    else if (!(batchContext.inTransaction && aborting.has(batchContext.producerId)))
      records.push({ key, value, headers, offset: at })
  }
  return records
}
