import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { compressSync, uncompressSync } from 'lz4-napi'
import type { NewEvent, RecordedEvent } from '../event-log.js'
import { DICTIONARY_1 } from './dictionary.js'
import { DERIVATION } from './master-key.js'
import { ENCRYPTED_MARK } from './encryption-mark.js'

/**
 * An encrypted event is an event of the same id, type and stream. Its metadata is the head, its data the ciphertext and the tag
 * of AES-256-GCM. The head, numbers big-endian:
 *
 * `u8` 0xF5, with which no metadata begins, because it is in no UTF-8 · `u8` format 1 · `u8` codec of the plaintext · `u48`
 * number of the data key · 16 bytes session · `u48` count
 *
 * The plaintext, packed by its codec, is `u32` length of the metadata, metadata, data. The key is HMAC-SHA256 of the data
 * key over `u8` 1 and the session; the nonce is the count in 12 bytes. A session is 16 random bytes that a writer draws once,
 * and it counts up with every event that it encrypts, so no key meets a nonce twice. What is authenticated besides: the head,
 * `u16` length and UTF-8 of the stream, 16 bytes of the id, UTF-8 of the type.
 */
const FORMAT = 1
const HEAD_BYTES = 31
const NUMBER_AT = 3
const SESSION_AT = 9
const COUNT_AT = 25
export const SESSION_BYTES = 16
const TAG_BYTES = 16
const NONCE_BYTES = 12
/** The largest count: a session ends there, after 2^48 events. */
export const COUNT_MAX = 2 ** 48 - 1

const PLAIN = 0
/** LZ4 in its block format with dictionary 1, behind the length of the plaintext (u32, little-endian). */
const LZ4_DICTIONARY_1 = 1

/** What an encrypted event says of its key. */
export type EncryptedHead = Readonly<{ number: number; session: Buffer; count: number }>

/** Bytes of the head are not those that this version writes, or the ciphertext is not what was encrypted. */
export class NotDecrypted extends Error {
  override readonly name = 'NotDecrypted'
}

/** The key of the events that one session encrypts of one stream. */
export const eventKey = (dataKey: Buffer, session: Buffer): Buffer =>
  createHmac('sha256', dataKey).update(Buffer.of(DERIVATION.event)).update(session).digest()

export const encrypt = (
  event: NewEvent,
  stream: string,
  key: Buffer,
  { number, session, count }: EncryptedHead,
): NewEvent => {
  const { id, type } = event
  const { codec, bytes } = packed(plaintextOf(event))
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(ENCRYPTED_MARK)
  head.writeUInt8(FORMAT, 1)
  head.writeUInt8(codec, 2)
  head.writeUIntBE(number, NUMBER_AT, 6)
  head.set(session, SESSION_AT)
  head.writeUIntBE(count, COUNT_AT, 6)
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(head)).setAAD(boundTo(head, stream, id, type))
  const data = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  return { id, type, data, metadata: head }
}

/** @throws NotDecrypted if the head is of another format. */
export const headOf = ({ metadata }: Pick<NewEvent, 'metadata'>): EncryptedHead => {
  const head = viewOf(metadata)
  if (head.length !== HEAD_BYTES || head[1] !== FORMAT)
    throw new NotDecrypted('its head is none that this version knows: it was changed, or a newer version wrote it')
  return {
    number: head.readUIntBE(NUMBER_AT, 6),
    session: head.subarray(SESSION_AT, COUNT_AT),
    count: head.readUIntBE(COUNT_AT, 6),
  }
}

/**
 * The event as it was before it was encrypted.
 *
 * @throws NotDecrypted if a byte of it was changed, or it was encrypted for another place.
 */
export const decrypt = (event: RecordedEvent, key: Buffer): RecordedEvent => {
  const { stream, revision, position, id, type } = event
  const [head, ciphertext] = [viewOf(event.metadata), viewOf(event.data)]
  const plain = unpacked(head[2]!, decrypted(head, ciphertext, boundTo(head, stream, id, type), key))
  const metadataEnd = 4 + plain.readUInt32BE()
  const [metadata, data] = [plain.subarray(4, metadataEnd), plain.subarray(metadataEnd)]
  return { stream, revision, position, id, type, data, metadata }
}

const RESTORE = 'trying again does not help: restore the log from a backup'

const decrypted = (head: Buffer, ciphertext: Buffer, bound: Buffer, key: Buffer): Buffer => {
  const end = ciphertext.length - TAG_BYTES
  if (end < 0) throw new NotDecrypted(`its ciphertext was cut short; ${RESTORE}`)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(head), { authTagLength: TAG_BYTES })
    decipher.setAAD(bound).setAuthTag(ciphertext.subarray(end))
    const bytes = decipher.update(ciphertext.subarray(0, end))
    decipher.final()
    return bytes
  } catch {
    throw new NotDecrypted(`its bytes were changed, or moved here from another event; ${RESTORE}`)
  }
}

const plaintextOf = ({ metadata, data }: NewEvent): Buffer => {
  const bytes = Buffer.allocUnsafe(4 + metadata.byteLength + data.byteLength)
  bytes.writeUInt32BE(metadata.byteLength)
  bytes.set(metadata, 4)
  bytes.set(data, 4 + metadata.byteLength)
  return bytes
}

const packed = (plain: Buffer): Readonly<{ codec: number; bytes: Buffer }> => {
  const bytes = compressSync(plain, DICTIONARY_1)
  return bytes.length < plain.length ? { codec: LZ4_DICTIONARY_1, bytes } : { codec: PLAIN, bytes: plain }
}

const unpacked = (codec: number, bytes: Buffer): Buffer => {
  switch (codec) {
    case PLAIN:
      return bytes
    case LZ4_DICTIONARY_1:
      return uncompressSync(bytes, DICTIONARY_1)
    default:
      throw new NotDecrypted(`it has codec ${codec}, which this version does not know`)
  }
}

const nonceOf = (head: Buffer): Buffer => {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.set(head.subarray(COUNT_AT), NONCE_BYTES - (HEAD_BYTES - COUNT_AT))
  return nonce
}

/** What the ciphertext is bound to: no event can take that of another. */
const boundTo = (head: Buffer, stream: string, id: string, type: string): Buffer => {
  const streamBytes = Buffer.byteLength(stream)
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + 2 + streamBytes + 16 + Buffer.byteLength(type))
  bytes.set(head)
  let at = bytes.writeUInt16BE(streamBytes, HEAD_BYTES)
  at += bytes.write(stream, at)
  at += bytes.write(id.replaceAll('-', ''), at, 'hex')
  bytes.write(type, at)
  return bytes
}

const viewOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
