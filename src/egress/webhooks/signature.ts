import { createHmac, createPrivateKey, sign, type KeyObject } from 'node:crypto'

/**
 * Signatures of the Standard Webhooks specification, version 1.0.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */

/** A key that signs: `v1` is symmetric (HMAC-SHA256), `v1a` asymmetric (Ed25519). */
type SigningKey = Readonly<{ kind: 'v1'; secret: Buffer }> | Readonly<{ kind: 'v1a'; key: KeyObject }>

/** A signing key cannot be used. The message does not quote it. */
export class SigningKeyUnusable extends Error {
  override readonly name = 'SigningKeyUnusable'
}

/**
 * The keys in a text, separated by white space: `whsec_…` (24 to 64 random bytes) or `whsk_…` (an Ed25519 secret key:
 * its 32 bytes of seed, or these with the 32 bytes of the public key), each in base64. Throws `SigningKeyUnusable`.
 */
export const signingKeysIn = (text: string): readonly SigningKey[] => {
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) throw new SigningKeyUnusable('there is no signing key')
  return words.map(signingKeyOf)
}

const signingKeyOf = (text: string, index: number): SigningKey => {
  const unusable = (why: string): SigningKeyUnusable => new SigningKeyUnusable(`signing key ${index + 1} ${why}`)
  const [, prefix, base64 = ''] = /^(whsec|whsk)_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const bytes = Buffer.from(base64, 'base64')
  if (prefix === 'whsec') {
    if (bytes.length < HMAC_BYTES_MIN || bytes.length > HMAC_BYTES_MAX)
      throw unusable(`has ${bytes.length} bytes; a whsec_ key has ${HMAC_BYTES_MIN} to ${HMAC_BYTES_MAX}`)
    return { kind: 'v1', secret: bytes }
  }
  if (prefix === undefined) throw unusable('is neither whsec_ nor whsk_ with base64 behind it')
  if (bytes.length !== SEED_BYTES && bytes.length !== 2 * SEED_BYTES)
    throw unusable(`has ${bytes.length} bytes; a whsk_ key has ${SEED_BYTES} or ${2 * SEED_BYTES}`)
  const der = Buffer.concat([ED25519_PKCS8, bytes.subarray(0, SEED_BYTES)])
  return { kind: 'v1a', key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) }
}

const HMAC_BYTES_MIN = 24
const HMAC_BYTES_MAX = 64
const SEED_BYTES = 32
/** What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410, 7). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * The headers of an attempt at `nowMs` to deliver the message `id`: every key signs, so that receivers can change from
 * one to the other at their own time.
 */
export const signedHeaders = (
  id: string,
  body: string,
  nowMs: number,
  keys: readonly SigningKey[],
): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(nowMs / 1_000))
  const content = Buffer.from(`${id}.${timestamp}.${body}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((key) => `${key.kind},${signatureOf(content, key)}`).join(' '),
  }
}

const signatureOf = (content: Buffer, key: SigningKey): string =>
  key.kind === 'v1'
    ? createHmac('sha256', key.secret).update(content).digest('base64')
    : sign(null, content, key.key).toString('base64')
