import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { rabbitmqDestination } from '../../../src/egress/rabbitmq/destination.js'
import { recordIdentity } from '../../../src/egress/record-identity.js'
import { manyRowsAt, MANY_QUEUES } from '../../egress/batches.js'
import { pythonFor } from '../../support/python.js'
import { sinkOptionsOf } from '../../support/rabbitmq/address.js'
import { describeRabbitmq } from '../../support/rabbitmq/broker.js'

type Line = Readonly<{ id: string; routingKey: string; key: string; revision: number; inBody: number; digest: string }>

const python = pythonFor(process.env['STREAMVANE_REQUIRE_KAFKA'] === '1')

describe.skipIf(python === undefined)('a consumer of RabbitMQ in Python', () => {
  describeRabbitmq('with a client of its own', (broker) => {
    test('sees the revisions of each row in order, and what comes again with the same id and bytes', async () => {
      const idle = new AbortController().signal
      const queue = { name: 'python', type: 'quorum', bindings: ['queue.*.PT15M'] } as const
      const destination = rabbitmqDestination(sinkOptionsOf(broker(), 'python', { queues: [queue] }))
      expect(await destination.open(idle)()).toEqual(E.right(undefined))
      const published = [1, 2, 2, 3].map((n) => manyRowsAt(n).records)
      for (const records of published) expect(await destination.deliver(records, idle)()).toEqual(E.right(undefined))
      await destination.close()

      const count = published.length * MANY_QUEUES
      const script = join(import.meta.dirname, '..', '..', 'support', 'rabbitmq', 'consumer.py')
      const args = [script, broker().url, queue.name, String(count)]
      const { stdout } = await promisify(execFile)(python as string, args, { maxBuffer: 16 * 1024 * 1024 })
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
      expect(lines.map(({ id }) => id)).toEqual(published.flat().map(recordIdentity))
      const digests = new Map<string, string>()
      const latest = new Map<string, number>()
      for (const { id, key, revision, inBody, digest, routingKey } of lines) {
        expect(inBody).toBe(revision)
        expect(routingKey).toBe(`queue.${key.split('/')[1]}.PT15M`)
        expect(digests.get(id) ?? digest).toBe(digest)
        if (!digests.has(id)) expect(revision).toBe((latest.get(key) ?? 0) + 1)
        digests.set(id, digest)
        latest.set(key, Math.max(revision, latest.get(key) ?? 0))
      }
      expect([...latest.values()]).toEqual(Array(MANY_QUEUES).fill(3))
    })
  })
})
