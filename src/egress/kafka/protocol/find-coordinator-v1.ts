/**
 * Kafka's FindCoordinator request, version 1, for the coordinator of a transactional id. kafkajs sends it as well, but
 * drops the error and the text of the answer: a broker without transactions looks like one whose coordinator is being
 * elected, and would be asked for ever.
 */
export const FIND_COORDINATOR_API_KEY = 10
export const FIND_COORDINATOR_VERSION = 1

const TRANSACTION = 1

/** `text` is what the broker says about the error, `nodeId` the broker that is the coordinator. */
export type CoordinatorAnswer = Readonly<{ error: number; text: string | undefined; nodeId: number }>

export const coordinatorRequest = (transactionalId: string): Buffer => {
  const id = Buffer.from(transactionalId)
  const bytes = Buffer.alloc(2 + id.length + 1)
  bytes.writeInt16BE(id.length, 0)
  id.copy(bytes, 2)
  bytes.writeInt8(TRANSACTION, 2 + id.length)
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
