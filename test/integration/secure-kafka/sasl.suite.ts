import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import type { SecureBroker } from '../../support/secure-kafka/secure-broker.js'
import { attempt } from './attempt.js'

const PASSWORD_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

export const saslSuite = (started: () => SecureBroker) =>
  describe('SASL with passwords to a real broker', () => {
    const tls = () => ({ caFile: started().authority.caFile })
    const right = () => Secret.literal(started().passwordOf('egress'))

    test.each(PASSWORD_MECHANISMS)('%s: the right password is accepted', async (mechanism) => {
      const sasl = { mechanism, username: 'egress', password: right() }
      expect(await attempt(started().at('SASL'), { tls: tls(), sasl })).toBe('connected')
    })

    test.each(PASSWORD_MECHANISMS)('%s: a wrong password is refused and not told', async (mechanism) => {
      const sasl = { mechanism, username: 'egress', password: Secret.literal('planted-wrong') }
      const told = await attempt(started().at('SASL'), { tls: tls(), sasl })
      expect(told).toMatch(/^refused: .*Authentication failed/)
      expect(told).not.toContain('planted-wrong')
    })

    test.each(PASSWORD_MECHANISMS)('%s: a password in a file is read again for each connection', async (mechanism) => {
      const file = join(started().dir, `password-${mechanism}`)
      writeFileSync(file, 'planted-old\n')
      const sasl = { mechanism, username: 'egress', password: Secret.file(file) }
      expect(await attempt(started().at('SASL'), { tls: tls(), sasl })).toMatch(/^refused/)
      writeFileSync(file, `${started().passwordOf('egress')}\n`)
      expect(await attempt(started().at('SASL'), { tls: tls(), sasl })).toBe('connected')
    })

    test('a mechanism that the listener does not offer is refused, and the message names its key', async () => {
      const sasl = { mechanism: 'plain', username: 'egress', password: right() } as const
      expect(await attempt(started().at('OAUTH'), { tls: tls(), sasl })).toMatch(
        /^refused: the broker does not offer this SASL mechanism .*egress\.kafka\.sasl\.mechanism/,
      )
    })

    test('credentials for a listener without SASL are refused, and the message says to remove them', async () => {
      const sasl = { mechanism: 'plain', username: 'egress', password: right() } as const
      expect(await attempt(started().at('TLS'), { tls: tls(), sasl })).toMatch(
        /^refused: the broker asks for no SASL at this port: remove egress\.kafka\.sasl/,
      )
    })

    test('no credentials for a listener with SASL are tried again, and the message names the key', async () => {
      expect(await attempt(started().at('SASL'), { tls: tls() })).toMatch(/^failed: .*egress\.kafka\.sasl/)
    })
  })
