import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decrypt, encrypt, eventKey, headOf } from '../../../src/log/encryption/envelope.js'
import { DICTIONARY_1 } from '../../../src/log/encryption/dictionary.js'
import type { NewEvent } from '../../../src/log/event-log.js'
import { masterKey, unwrap, wrap } from '../../../src/log/encryption/master-key.js'

/**
 * What another implementation (pyca/cryptography 48, from the formulas of docs/encryption.md) made of the same keys and the
 * same event.
 */
const stream = 'default.2a.conversation-9d0c6f7e-0000-4000-8000-000000000001'
const number = 70_000
const master = masterKey(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))
const dataKey = Buffer.from(Array.from({ length: 32 }, (_, i) => 100 + i))
const session = Buffer.from(Array.from({ length: 16 }, (_, i) => 200 + i))
const event = {
  id: '0c2f9f6e-1111-8222-8333-444455556666',
  type: 'v2.users.{id}.activity',
  metadata: Buffer.from('{"tenant":"default"}'),
  data: Buffer.from('{"name":"Jürgen Müller"}'),
}
const known = {
  masterId: 'f86e537ec52c9285',
  wrapped: '71f52df2e8591c995f11c38b7372b4178cfc84c681398ca2e1f88415c703ccb2c4cd21853cd42714',
  head: 'f50100000000011170c8c9cacbcccdcecfd0d1d2d3d4d5d6d7000000000102',
  ciphertext:
    'ed3f0e68f43c186f45b59dbf62edaaae937252baf3e8df69319e5bc87e88be6123489be9072846369ddf89eab0d224959d14296071187eb49fadb05409181525e8f5',
  /** The same head and key; the metadata is `{}`, and the data the ciphertext above. */
  noise:
    'ed3f0e7ef463813525bc07f758b8cd7f6bab512235326e661806c641cc84adc55aca26ddcb2e0010267b4d7e9a88dc383683fe1e65757f245611fe1cb0b721f21d9fa658f5496b6ec3bab0addafc81c1a12c4bee89228c04',
}
const place = { number, streamDigest: createHash('sha256').update(stream).digest() }

describe('encryption agrees with another implementation', () => {
  test('in the id of a master key and the wrapping of a data key', () => {
    expect(master.id).toBe(known.masterId)
    expect(wrap(master, dataKey, place).toString('hex')).toBe(known.wrapped)
    expect(unwrap(master, Buffer.from(known.wrapped, 'hex'), place)).toEqual(dataKey)
  })

  test('in the bytes of an event that is not compressed, both ways', () => {
    const key = eventKey(dataKey, session)
    const [metadata, data] = [Buffer.from(known.head, 'hex'), Buffer.from(known.ciphertext, 'hex')]
    const stored = { ...event, metadata, data, stream, revision: 3, position: 9n }
    expect(headOf(stored)).toEqual({ number, session, count: 258 })
    expect(decrypt(stored, key)).toEqual({ ...stored, metadata: event.metadata, data: event.data })
    // Noise is not compressed, so that both ways have the same plaintext.
    const noise = { ...event, metadata: Buffer.from('{}'), data }
    const ours = encrypt(noise, stream, key, { number, session, count: 258 })
    expect(Buffer.from(ours.metadata).toString('hex')).toBe(known.head)
    expect(Buffer.from(ours.data).toString('hex')).toBe(known.noise)
  })

  test('in an event that is compressed: Web Crypto and the LZ4 block format, written down anew, read it', async () => {
    const text = JSON.stringify({ topicName: 'v2.analytics.conversation.x.metrics', conversationId: 'x'.repeat(40) })
    const large = { ...event, data: Buffer.from(text.repeat(3)) }
    const ours = encrypt(large, stream, eventKey(dataKey, session), { number, session, count: 7 })
    expect(ours.data.length).toBeLessThan(large.data.length)
    const plain = await readIndependently({ ...ours, metadata: Buffer.from(ours.metadata) })
    expect(plain.subarray(4, 4 + plain.readUInt32BE())).toEqual(large.metadata)
    expect(plain.subarray(4 + plain.readUInt32BE())).toEqual(large.data)
  })
})

const readIndependently = async ({ id, type, metadata, data }: NewEvent & { metadata: Buffer }): Promise<Buffer> => {
  const { subtle } = globalThis.crypto
  const hmac = await subtle.importKey('raw', dataKey, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const raw = await subtle.sign('HMAC', hmac, Buffer.concat([Buffer.of(1), metadata.subarray(9, 25)]))
  const key = await subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt'])
  const name = Buffer.from(stream)
  const additionalData = Buffer.concat([
    ...[metadata, Buffer.of(0, name.length), name],
    ...[Buffer.from(id.replaceAll('-', ''), 'hex'), Buffer.from(type)],
  ])
  const iv = Buffer.concat([Buffer.alloc(6), metadata.subarray(25)])
  const packed = Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, Buffer.from(data)))
  return metadata[2] === 1 ? unpackedLz4(packed.subarray(4), DICTIONARY_1) : packed
}

/** The LZ4 block format: literals and matches, which may begin in the dictionary. */
const unpackedLz4 = (block: Buffer, dictionary: Buffer): Buffer => {
  const out = [...dictionary]
  const length = (at: number, begun: number): readonly [number, number] => {
    if (begun < 15) return [begun, at]
    for (;;) {
      const more = block[at++]!
      begun += more
      if (more < 255) return [begun, at]
    }
  }
  for (let at = 0; at < block.length;) {
    const token = block[at++]!
    const [literals, from] = length(at, token >> 4)
    out.push(...block.subarray(from, from + literals))
    at = from + literals
    if (at === block.length) break
    const offset = block.readUInt16LE(at)
    const [match, next] = length(at + 2, token & 15)
    for (let i = 0; i < match + 4; i++) out.push(out[out.length - offset]!)
    at = next
  }
  return Buffer.from(out.slice(dictionary.length))
}
