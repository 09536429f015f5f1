import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { kafkaAddress } from '../../../src/egress/kafka/connection.js'
import { kafkaSink } from '../../../src/egress/kafka/sink.js'
import { applyTopics } from '../../../src/egress/kafka/topic-admin.js'
import { Secret } from '../../../src/credentials/secret.js'
import { failureText, type SinkFailure } from '../../../src/egress/sink.js'
import { batchAt } from '../../egress/batches.js'
import { namedTopics } from '../../egress/named-topics.js'
import { freshName } from '../../support/kafka.js'
import type { SecureBroker } from '../../support/secure-kafka/secure-broker.js'

const WRITES_MAX = 10_000

/** The listener ends sessions after 10.5 s, and kafkajs authenticates again 10 s ahead: within half a second. */
export const rotationSuite = (started: () => SecureBroker) =>
  describe('a SCRAM password that is rotated while the sink publishes', () => {
    test('stops nothing: the old one is tried again, and the new one is taken from its file', async () => {
      const named = namedTopics(freshName('rotation'))
      await applyTopics({ brokers: [started().plain], ...named, partitions: 1, replicationFactor: 1 })
      const file = join(started().dir, 'rotated-password')
      writeFileSync(file, started().passwordOf('rotated'))
      const address = kafkaAddress({
        brokers: [started().at('ROTATE')],
        sasl: { mechanism: 'scram-sha-512', username: 'rotated', password: Secret.file(file) },
        retries: 1,
      })
      const sink = kafkaSink({ ...address, ...named, tenant: 'acme', values: { format: 'json' } })
      const { signal } = new AbortController()
      const connected = async () => E.isRight(await sink.connect(signal)())
      let written = 0
      const untilFailure = async (): Promise<SinkFailure> => {
        while (written < WRITES_MAX) {
          const result = await sink.write(batchAt(written + 1), signal)()
          if (E.isLeft(result)) return result.left
          written += 1
        }
        throw new Error('the session never ended')
      }

      expect(await connected()).toBe(true)
      expect(E.isRight(await sink.write(batchAt(1), signal)())).toBe(true)
      written = 1
      await started().setScramPassword('rotated', 'planted-rotated-password')
      const failure = await untilFailure()
      expect(failure.tag).toBe('NotConnected')
      expect(failureText(failure)).not.toContain('planted')

      const refused = await sink.connect(signal)()
      expect(refused).toMatchObject({ left: { tag: 'NotConnected' } })
      expect(E.isLeft(refused) && failureText(refused.left)).toMatch(/may be in rotation and are tried again/)

      writeFileSync(file, 'planted-rotated-password')
      const again = await sink.connect(signal)()
      expect(again).toEqual(E.right({ generation: 'g1', revision: written * 10 }))
      expect(E.isRight(await sink.write(batchAt(written + 1), signal)())).toBe(true)
      await sink.close()
    })
  })
