import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'

/** Bytes of a master key, and of a data key. */
export const KEY_BYTES = 32
/** Bytes of a data key that is wrapped (RFC 3394 adds a check of 8 bytes). */
export const WRAPPED_BYTES = KEY_BYTES + 8
export const MASTER_ID_BYTES = 8

/** A key that wraps data keys. `id` is eight bytes of its digest in hexadecimal: it tells keys apart, not what they are. */
export type MasterKey = Readonly<{ id: string; key: Buffer }>

/** The first wraps new data keys, all unwrap. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]]

/** A text is no master key, or one that is needed is not there. The message tells no key. */
export class MasterKeyRefused extends Error {
  override readonly name = 'MasterKeyRefused'
}

/**
 * The master keys in a text, separated by white space: 32 bytes in base64 each. The first wraps new data keys, all unwrap.
 *
 * @throws MasterKeyRefused if a word is no such key, or there is none.
 */
export const masterKeysIn = (text: string): MasterKeys => {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const [first, ...others] = words.map((word, index) => masterKey(bytesOf(word, index + 1)))
  if (first === undefined) throw new MasterKeyRefused(`there is no key: ${HOW}`)
  return [first, ...others]
}

const HOW = 'a key is 32 random bytes in base64, as `openssl rand -base64 32` prints them'

const bytesOf = (word: string, nth: number): Buffer => {
  const bytes = Buffer.from(word, 'base64')
  if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== word)
    throw new MasterKeyRefused(`key ${nth} is not ${KEY_BYTES} bytes in base64: ${HOW}`)
  return bytes
}

export const masterKey = (key: Buffer): MasterKey => ({
  id: createHash('sha256')
    .update('streamvane master key\0')
    .update(key)
    .digest('hex')
    .slice(0, 2 * MASTER_ID_BYTES),
  key,
})

/** What a data key is wrapped for: its number in the key file, and the digest of its stream. */
export type WrappedFor = Readonly<{ number: number; streamDigest: Buffer }>

/**
 * Wraps a data key (RFC 3394, AES-256). The wrapping key is derived from the master key for one number and one stream, so a
 * wrapped key that is put elsewhere is found out. Wrapping has no nonce: nothing can be used twice.
 */
export const wrap = (master: MasterKey, dataKey: Buffer, to: WrappedFor): Buffer => {
  const cipher = createCipheriv('id-aes256-wrap', wrappingKey(master, to), RFC_3394_IV)
  return Buffer.concat([cipher.update(dataKey), cipher.final()])
}

/** The data key again; `undefined` if these bytes are not its wrapping for this number and stream. */
export const unwrap = (master: MasterKey, wrapped: Buffer, to: WrappedFor): Buffer | undefined => {
  try {
    const decipher = createDecipheriv('id-aes256-wrap', wrappingKey(master, to), RFC_3394_IV)
    return Buffer.concat([decipher.update(wrapped), decipher.final()])
  } catch {
    return undefined
  }
}

const RFC_3394_IV = Buffer.alloc(8, 0xa6)

const wrappingKey = ({ key }: MasterKey, { number, streamDigest }: WrappedFor): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUInt8(DERIVATION.wrapping)
  head.writeUIntBE(number, 3, 6)
  return createHmac('sha256', key).update(head).update(streamDigest).digest()
}

/** The first byte of what a key is derived from: keys for different uses never meet. */
export const DERIVATION = { event: 1, wrapping: 2 } as const
