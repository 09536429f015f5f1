/**
 * Two requests of producers, version 0, by which a user learns what it may do without doing it.
 *
 * InitProducerId without a transactional id gives an idempotent producer its id, and concerns nobody else. EndTxn with
 * a producer id that nobody has is answered by the coordinator with the right that is missing, else with
 * INVALID_PRODUCER_ID_MAPPING; a transaction that is under way is not touched. InitProducerId with the transactional id
 * would fence the egress that runs.
 */
export const INIT_PRODUCER_ID = { apiKey: 22, apiVersion: 0, apiName: 'InitProducerId' } as const
export const END_TXN = { apiKey: 26, apiVersion: 0, apiName: 'EndTxn' } as const

export const idempotentProducerRequest = (): Buffer => {
  const bytes = Buffer.alloc(2 + 4)
  bytes.writeInt16BE(NULL_TEXT, 0)
  bytes.writeInt32BE(TIMEOUT_MS, 2)
  return bytes
}

export const foreignEndRequest = (transactionalId: string): Buffer => {
  const id = Buffer.from(transactionalId)
  const bytes = Buffer.alloc(2 + id.length + 8 + 2 + 1)
  bytes.writeInt16BE(id.length, 0)
  id.copy(bytes, 2)
  bytes.writeBigInt64BE(NOBODY, 2 + id.length)
  bytes.writeInt16BE(0, 2 + id.length + 8) // epoch; the last byte says: abort
  return bytes
}

/** The error code of either answer: it stands behind the throttle time. */
export const errorIn = (bytes: Buffer): number => bytes.readInt16BE(4)

const NULL_TEXT = -1
const TIMEOUT_MS = 1_000
/** Kafka gives producer ids in ascending order from 0. */
const NOBODY = 2n ** 62n
