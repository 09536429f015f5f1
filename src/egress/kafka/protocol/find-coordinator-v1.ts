/**
 * Kafka's FindCoordinator request, version 1, for the coordinator of a transactional id or a consumer group. kafkajs
 * sends it as well, but drops the error and the text of the answer: a broker without transactions, or a user without
 * rights on a group, looks like a coordinator that is being elected, and would be asked for ever.
 */
export const FIND_COORDINATOR_API_KEY = 10
export const FIND_COORDINATOR_VERSION = 1

const keyTypes = { group: 0, transaction: 1 } as const

/** `text` is what the broker says about the error, `nodeId` the broker that is the coordinator. */
export type CoordinatorAnswer = Readonly<{ error: number; text: string | undefined; nodeId: number }>

export const coordinatorRequest = (of: string, type: keyof typeof keyTypes = 'transaction'): Buffer => {
  const id = Buffer.from(of)
  const bytes = Buffer.alloc(2 + id.length + 1)
  bytes.writeInt16BE(id.length, 0)
  id.copy(bytes, 2)
  bytes.writeInt8(keyTypes[type], 2 + id.length)
  return bytes
}

/** Reads the beginning of what follows the correlation id of the response. */
export const readCoordinatorResponse = (bytes: Buffer): CoordinatorAnswer => {
  const error = bytes.readInt16BE(THROTTLE_BYTES)
  const length = bytes.readInt16BE(THROTTLE_BYTES + 2)
  const at = THROTTLE_BYTES + 4
  const end = at + Math.max(length, 0)
  return { error, text: length <= 0 ? undefined : bytes.toString('utf8', at, end), nodeId: bytes.readInt32BE(end) }
}

const THROTTLE_BYTES = 4
