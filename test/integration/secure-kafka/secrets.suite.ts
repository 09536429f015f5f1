import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { applyTopics } from '../../../src/egress/kafka/topic-admin.js'
import type { SecureBroker } from '../../support/secure-kafka/secure-broker.js'
import { ingressOf, running, scratchFolder, streamvane } from '../../support/streamvane.js'

/** Every secret that these tests plant holds this word. */
const PLANTED = /planted/i

export const secretsSuite = (started: () => SecureBroker) =>
  describe('secrets in what the program prints', () => {
    const configured = async (password: string) => {
      const dir = await scratchFolder()
      const file = join(dir, 'password')
      writeFileSync(file, password)
      const { client, authority } = started()
      const kafka = {
        brokers: [started().at('SASL')],
        format: 'json',
        ssl: {
          caFile: authority.caFile,
          clientCertificateFile: client.certificateFile,
          clientKey: { file: client.keyFile },
          clientKeyPassphrase: { env: 'PASSPHRASE' },
        },
        sasl: { mechanism: 'scram-sha-256', username: 'egress', password: { file } },
        registry: { url: 'http://127.0.0.1:1', username: 'u', password: { env: 'REGISTRY_PASSWORD' } },
      }
      const config = join(dir, 'streamvane.yaml')
      writeFileSync(config, stringify({ logLevel: 'trace', ingress: { port: 0 }, egress: { sink: 'kafka', kafka } }))
      return ['--config', config, '--data', join(dir, 'data')]
    }
    const env = { PASSPHRASE: 'planted-passphrase', REGISTRY_PASSWORD: 'planted-registry-password' }

    test('config check shows none', async () => {
      const args = await configured(started().passwordOf('egress'))
      for (const more of [[], ['--json']]) {
        const { code, stdout, stderr } = await streamvane(['config', 'check', ...args, ...more], { env })
        expect(code).toBe(0)
        expect(stdout).toContain('***')
        expect(stdout + stderr).not.toMatch(PLANTED)
      }
    })

    test('a run with a wrong password ends with exit code 4, and its log holds none', async () => {
      const args = await configured('planted-wrong-password')
      const { code, stdout, stderr } = await streamvane(['topics', 'check', ...args], { env })
      expect(code).toBe(4)
      expect(stderr).toContain('Authentication failed')
      const run = await streamvane(['run', ...args], { env })
      expect(run.code).toBe(4)
      expect(run.stderr).toContain('Authentication failed')
      expect(stdout + stderr + run.stdout + run.stderr).not.toMatch(PLANTED)
    })

    test('a run, its health and topics check with the right password hold none', async () => {
      await applyTopics({ brokers: [started().plain], replicationFactor: 1 })
      const args = await configured(started().passwordOf('egress'))
      const { code, stdout, stderr } = await streamvane(['topics', 'check', '--json', ...args], { env })
      expect(stdout).toContain('we are User:egress')
      expect(code).toBe(0)
      const process = running(['run', ...args], env)
      const url = await ingressOf(process)
      const health = await (await fetch(new URL('/readyz', url))).text()
      process.kill('SIGTERM')
      await process.ended
      expect(stdout + stderr + health + process.stderr()).not.toMatch(PLANTED)
    })
  })
