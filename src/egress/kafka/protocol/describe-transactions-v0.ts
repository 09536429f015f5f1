import { compactArray, compactText, FlexibleReader, INT32_BYTES, NO_TAGS } from './flexible.js'

/** Kafka's DescribeTransactions request, version 0 (Kafka 3.0 or later), to the coordinator of a transactional id. */
export const DESCRIBE_TRANSACTIONS = { apiKey: 65, apiVersion: 0, apiName: 'DescribeTransactions' } as const

/** `error`: code of the protocol, 0 for none. `startedAt`: epoch ms; -1 if no transaction is under way. */
export type TransactionState = Readonly<{
  error: number
  state: string
  timeoutMs: number
  startedAt: number
  producerId: bigint
  epoch: number
}>

export const describeTransactionRequest = (transactionalId: string): Buffer =>
  Buffer.concat([NO_TAGS, compactArray([compactText(transactionalId)]), NO_TAGS])

/** What the coordinator says of the one id that was asked for. */
export const readTransactionState = (bytes: Buffer): TransactionState | undefined => {
  const from = new FlexibleReader(bytes)
  from.tags()
  from.skip(INT32_BYTES) // throttle time
  let found: TransactionState | undefined
  from.array(() => {
    const error = from.int16()
    from.text() // transactional id
    const state = from.text() ?? ''
    const timeoutMs = from.int32()
    const startedAt = Number(from.int64())
    const producerId = from.int64()
    found = { error, state, timeoutMs, startedAt, producerId, epoch: from.int16() }
    from.array(() => {
      from.text() // topic
      from.array(() => from.skip(INT32_BYTES)) // partitions
      from.tags()
    })
    from.tags()
  })
  return found
}
