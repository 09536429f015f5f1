import { expect, test } from 'vitest'
import { acceptedKeysIn, signerKeyIn } from '../../../src/app/config/audit-keys.js'
import { auditSchema } from '../../../src/app/config/audit-schema.js'
import { ConfigError } from '../../../src/app/config/schema.js'
import { signerKeyOf } from '../../../src/audit/note.js'

const { signer, text } = signerKeyOf('acme', new Uint8Array(32).fill(1))
const settings = (value: unknown) => auditSchema.parse(value)

test('the signer key is read from where the configuration says, and its verifier key counts beside earlier ones', () => {
  const earlier = signerKeyOf('acme-2025', new Uint8Array(32).fill(2)).signer.verifier
  const some = settings({ key: { env: 'AUDIT_KEY' }, verifierKeys: [earlier.text] })
  const read = signerKeyIn(some, { AUDIT_KEY: `${text}\n` })
  expect(acceptedKeysIn(some, read).map(({ id }) => id)).toEqual([signer.verifier.id, earlier.id])
})

test('without a key nothing signs', () => {
  expect(signerKeyIn(settings({}), {})).toBeUndefined()
})

test.each([
  ['a missing file', { key: { file: '/nowhere/key' } }, /audit\.key: ENOENT/],
  ['a missing variable', { key: { env: 'NO_SUCH' } }, /audit\.key: a signer key reads/],
  ['a signer key among the verifier keys', { verifierKeys: [text] }, /audit\.verifierKeys: this is a signer key/],
])('%s is refused with the key of the configuration', (_what, value, message) => {
  const some = settings(value)
  expect(() => acceptedKeysIn(some, signerKeyIn(some, {}))).toThrow(ConfigError)
  expect(() => acceptedKeysIn(some, signerKeyIn(some, {}))).toThrow(message)
})

test('a signer key does not stand in the configuration itself', () => {
  expect(auditSchema.safeParse({ key: text }).error?.issues[0]?.message).toMatch(/a reference to a signer key/)
})
