import { createPublicKey, generateKeyPairSync, randomBytes, verify, type KeyObject } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { signedHeaders, signingKeysIn } from '../../../src/egress/webhooks/signature.js'

const NOW = Date.now()
const BODY = '{"type":"streamvane.kpi.queue.v1","data":{"name":"Störung ☎"}}'
const newSecret = (bytes = 32): string => `whsec_${randomBytes(bytes).toString('base64')}`
const headersOf = (keys: string, now = NOW) => signedHeaders('g1/queue/a/7', BODY, now, signingKeysIn(keys))

describe('the signature of a webhook', () => {
  test('is accepted by the library of the specification', () => {
    const secret = newSecret()
    expect(new Webhook(secret).verify(BODY, headersOf(secret))).toEqual(JSON.parse(BODY))
  })

  test('is that of the example in the specification', () => {
    const keys = signingKeysIn('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    const payload = '{"test": 2432232314}'
    expect(signedHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', payload, 1_614_265_330_000, keys)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  test('is there for each key, so that a receiver verifies with the old one or the new one', () => {
    const [fresh, old] = [newSecret(24), newSecret(64)]
    const headers = headersOf(`${fresh}\n${old}\n`)
    for (const secret of [fresh, old]) expect(() => new Webhook(secret).verify(BODY, headers)).not.toThrow()
    expect(() => new Webhook(newSecret()).verify(BODY, headers)).toThrow('No matching signature found')
  })

  test('changes with the body, the id and the time of the attempt', () => {
    const secret = newSecret()
    const verified = (body: string, more: Readonly<Record<string, string>>) => () =>
      new Webhook(secret).verify(body, { ...headersOf(secret), ...more })
    expect(verified(`${BODY} `, {})).toThrow()
    expect(verified(BODY, { 'webhook-id': 'another' })).toThrow()
    expect(verified(BODY, { 'webhook-timestamp': String(Math.floor(NOW / 1_000) - 1) })).toThrow()
  })

  test('of an Ed25519 key is verified with its public key, from the seed alone or from both halves', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
    const both = Buffer.concat([seed, publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)])
    for (const bytes of [seed, both]) {
      const headers = headersOf(`whsk_${bytes.toString('base64')}`)
      expect(isSignedBy(createPublicKey(privateKey), headers)).toBe(true)
      expect(isSignedBy(generateKeyPairSync('ed25519').publicKey, headers)).toBe(false)
    }
  })
})

/** Verifies `v1a` as the specification describes it, with Node's own implementation. */
const isSignedBy = (key: KeyObject, headers: Readonly<Record<string, string>>): boolean => {
  const [version, signature = ''] = (headers['webhook-signature'] ?? '').split(',')
  const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${BODY}`)
  return version === 'v1a' && verify(null, content, key, Buffer.from(signature, 'base64'))
}

describe('a signing key', () => {
  test.each([
    ['', 'there is no signing key'],
    [newSecret(23), 'signing key 1 has 23 bytes; a whsec_ key has 24 to 64'],
    [newSecret(65), 'signing key 1 has 65 bytes'],
    [`${newSecret()} whsk_AAAA`, 'signing key 2 has 3 bytes; a whsk_ key has 32 or 64'],
    ['whpk_AAAA', 'signing key 1 is neither whsec_ nor whsk_'],
    ['correct horse', 'signing key 1 is neither whsec_ nor whsk_'],
  ])('that cannot be used is refused without being quoted (%#)', (text, message) => {
    expect(() => signingKeysIn(text)).toThrow(message)
    const secret = text.split('_')[1]
    if (secret !== undefined) expect(() => signingKeysIn(text)).not.toThrow(secret)
  })
})
