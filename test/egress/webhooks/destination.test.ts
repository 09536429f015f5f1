import * as E from 'fp-ts/lib/Either.js'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { recordIdentity } from '../../../src/egress/record-identity.js'
import { recordJson } from '../../../src/egress/record-values.js'
import type { GenerationRecord, RowRecord } from '../../../src/egress/sink.js'
import { webhookDestination } from '../../../src/egress/webhooks/destination.js'
import { agentRow, queueRow, sinkRecord } from '../../contract/some-rows.js'
import { scratchFolder } from '../../support/streamvane.js'
import { idle, newSecret, opened, optionsFor, receiver } from './webhook-rig.js'

const OK = E.right(undefined)
const row = (queueId: string, revision: number): RowRecord => sinkRecord(queueRow({ queueId, revision }))
const rows = (...revisions: readonly number[]): readonly RowRecord[] => revisions.map((n) => row('sales', n))
const stated: GenerationRecord = {
  ...{ kind: 'generation-complete', generation: 'g1', promotion: 1 },
  statement: { tenant: 'acme', family: 'queue', rows: 1, digest: 7 },
}

describe('a webhook', () => {
  test('is one record, with its identity as id and the value that a Kafka topic holds', async () => {
    const to = await receiver()
    const record = row('sales', 3)
    expect(await (await opened(to)).deliver([record], idle)()).toEqual(OK)
    const [message] = to.taken
    expect(message?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'streamvane' })
    expect(message?.id).toBe(recordIdentity(record).replaceAll('.', '~2e'))
    expect(JSON.parse(message?.body ?? '')).toEqual({
      type: 'streamvane.kpi.queue.v1',
      timestamp: '2026-01-05T10:00:00.000Z',
      id: recordIdentity(record),
      data: JSON.parse(JSON.stringify(recordJson(record))),
    })
  })

  test('of a replay has the same id and is marked', async () => {
    const to = await receiver()
    const destination = await opened(to)
    await destination.deliver(rows(1), idle)()
    await destination.deliver([sinkRecord(queueRow({ revision: 1 }), { replay: true })], idle)()
    const [first, again] = to.taken
    expect(again?.id).toBe(first?.id)
    expect(again?.events[0]).toEqual({ ...first?.events[0], replay: true })
  })

  test('carries a token where one is configured', async () => {
    const to = await receiver()
    await (await opened(to, { token: Secret.literal('opensesame') })).deliver(rows(1), idle)()
    expect(to.taken[0]?.headers.authorization).toBe('Bearer opensesame')
  })

  test('of a batch holds its records in order, and the same records have the same id', async () => {
    const to = await receiver()
    const destination = await opened(to, { batch: { recordsMax: 2, bytesMax: 1 << 20 } })
    for (let time = 0; time < 2; time++) await destination.deliver(rows(1, 2, 3), idle)()
    expect(to.taken.map(({ events }) => events.map(({ data }) => data.revision))).toEqual([[1, 2], [3], [1, 2], [3]])
    expect(to.taken.map(({ id }) => id)).toEqual([0, 1, 0, 1].map((n) => to.taken[n]?.id))
    expect(to.taken[0]?.id).toMatch(/^batch\/[0-9a-f]{32}$/)
  })

  test('of a batch ends before it is larger than configured', async () => {
    const to = await receiver()
    const destination = await opened(to, { batch: { recordsMax: 100, bytesMax: 3_000 } })
    await destination.deliver(rows(...Array.from({ length: 20 }, (_, n) => n + 1)), idle)()
    expect(to.taken.length).toBeGreaterThan(1)
    for (const { body, events } of to.taken)
      expect(Buffer.byteLength(body) <= 3_000 || events.length === 1, `${events.length} records`).toBe(true)
    expect(to.taken.flatMap(({ events }) => events).map(({ data }) => data.revision)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 1),
    )
  })
})

describe('the order of webhooks', () => {
  test('is that of the log within a queue or agent, while others are sent at the same time', async () => {
    const to = await receiver()
    to.thinksMs = 5
    const queues = ['sales', 'support', 'billing', 'returns', 'claims']
    const records = [1, 2, 3].flatMap((n) => [
      ...queues.map((queue) => row(queue, n)),
      sinkRecord(agentRow({ revision: n })),
    ])
    expect(await (await opened(to, { parallel: 4 })).deliver(records, idle)()).toEqual(OK)
    expect(to.overlaps).toEqual([])
    expect(to.atOnceMax).toBeGreaterThan(1)
    expect(to.atOnceMax).toBeLessThanOrEqual(4)
    for (const queue of queues) {
      const ofQueue = to.taken.flatMap(({ events }) => events).filter(({ data }) => data['queueId'] === queue)
      expect(ofQueue.map(({ data }) => data.revision)).toEqual([1, 2, 3])
    }
  })

  test('puts what states completeness behind the rows before it and before those behind it', async () => {
    const to = await receiver()
    to.thinksMs = 5
    const records = [row('sales', 1), row('support', 1), stated, row('sales', 2), row('support', 2)]
    await (await opened(to)).deliver(records, idle)()
    const types = to.taken.map(({ events }) => events[0]?.type)
    expect(types).toEqual([
      ...['queue', 'queue', 'generation-complete', 'queue', 'queue'].map((type) => `streamvane.kpi.${type}.v1`),
    ])
  })

  test('is kept over failures: behind a message that fails nothing of its queue is sent', async () => {
    const to = await receiver()
    const destination = await opened(to)
    to.judge = ({ events }) => (events[0]?.data.revision === 2 ? { status: 500 } : undefined)
    expect(await destination.deliver(rows(1, 2, 3), idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
    expect(to.taken.map(({ events }) => events[0]?.data.revision)).toEqual([1])
    to.judge = () => undefined
    expect(await destination.deliver(rows(1, 2, 3), idle)()).toEqual(OK)
    expect(
      to.taken.map(({ events }) => events[0]?.data.revision),
      'what was taken is not sent again',
    ).toEqual([1, 2, 3])
  })

  test('holds up one queue for a failure that is its own, and all of them where the endpoint is overloaded', async () => {
    const to = await receiver()
    const records = [1, 2, 3].flatMap((n) => [row('sales', n), row('support', n)])
    const failing = (status: number) => {
      to.judge = ({ events }) => (events[0]?.data['queueId'] === 'sales' ? { status } : undefined)
    }
    failing(500)
    await (await opened(to)).deliver(records, idle)()
    expect(to.taken).toHaveLength(3)
    failing(503)
    to.thinksMs = 5
    await (await opened(to)).deliver(records, idle)()
    expect(to.taken.length).toBeLessThan(6)
  })
})

describe('an answer of the receiver', () => {
  test.each([301, 302, 307, 308])('%i is a failure and no redirect is followed', async (status) => {
    const [to, elsewhere] = [await receiver(), await receiver()]
    to.judge = () => ({ status, headers: { location: elsewhere.url } })
    expect(await (await opened(to)).deliver(rows(1), idle)()).toMatchObject({
      left: { tag: 'NotConnected', cause: { message: expect.stringContaining('redirects are not followed') } },
    })
    expect([elsewhere.attempts, elsewhere.unverified]).toEqual([[], []])
  })

  test.each([401, 403, 404, 429, 500, 502, 503, 504])('%i is tried again until it is taken', async (status) => {
    const to = await receiver()
    const destination = await opened(to)
    to.misbehave({ status, body: 'not\nnow' })
    expect(await destination.deliver(rows(1), idle)()).toMatchObject({
      left: {
        tag: 'NotConnected',
        cause: { message: expect.stringMatching(new RegExp(`answers ${status}.*: not\\\\u000anow`)) },
      },
    })
    expect(await destination.deliver(rows(1), idle)()).toEqual(OK)
    expect(to.attempts.map(({ id }) => id)).toEqual([to.taken[0]?.id, to.taken[0]?.id])
  })

  test('with Retry-After says when to come back, in seconds or as a date', async () => {
    const to = await receiver()
    const destination = await opened(to)
    const date = new Date(Date.now() + 90_000).toUTCString()
    for (const [value, least, most] of [['7', 7_000, 7_000] as const, [date, 80_000, 91_000] as const]) {
      to.misbehave({ status: 429, headers: { 'retry-after': value } })
      const answer = await destination.deliver(rows(1), idle)()
      const waitMs = E.isLeft(answer) && answer.left.tag === 'NotConnected' ? answer.left.retryAfterMs : undefined
      expect(waitMs).toBeGreaterThanOrEqual(least)
      expect(waitMs).toBeLessThanOrEqual(most)
    }
  })

  test('410 stops the sink, which says what to do', async () => {
    const to = await receiver()
    to.judge = () => ({ status: 410 })
    expect(await (await opened(to)).deliver([row('sales', 1), row('support', 1)], idle)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('take this sink out of egress.sinks') },
    })
    expect(to.taken).toEqual([])
  })

  test.each([400, 409, 413, 415, 422])('%i sets the record aside and the others go on', async (status) => {
    const to = await receiver()
    to.judge = ({ events }) => (events[0]?.data.revision === 2 ? { status, body: 'no such queue' } : undefined)
    const destination = await opened(to)
    expect(await destination.deliver(rows(1, 2, 3), idle)()).toEqual(OK)
    expect(to.taken.map(({ events }) => events[0]?.data.revision)).toEqual([1, 3])
    expect(destination.refused).toEqual([
      expect.stringMatching(new RegExp(`^g1/queue/sales/.*/2: .*answers ${status}: no such queue`)),
    ])
    expect(destination.deadLettered?.()).toBe(1)
  })

  test('that refuses a batch has each record sent on its own, so that only the one that is meant is set aside', async () => {
    const to = await receiver()
    to.judge = ({ events }) => (events.some(({ data }) => data.revision === 2) ? { status: 422 } : undefined)
    const destination = await opened(to, { batch: { recordsMax: 10, bytesMax: 1 << 20 } })
    expect(await destination.deliver(rows(1, 2, 3), idle)()).toEqual(OK)
    expect(to.taken.map(({ events }) => events.map(({ data }) => data.revision))).toEqual([[1], [3]])
    expect(destination.refused).toHaveLength(1)
  })

  test('that refuses a record stops the sink where that is configured', async () => {
    const to = await receiver()
    to.misbehave({ status: 400, body: 'unknown field' })
    const destination = await opened(to, { onBadRow: 'stop' })
    expect(await destination.deliver(rows(1), idle)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringMatching(/answers 400: unknown field.*dead-letter/) },
    })
    expect(destination.refused).toEqual([])
  })

  test('that fails for one record again and again sets it aside after as many attempts as configured', async () => {
    const to = await receiver()
    to.judge = ({ events }) => (events[0]?.data.revision === 2 ? { status: 500 } : undefined)
    const destination = await opened(to, { attemptsMax: 3 })
    for (let time = 1; time < 3; time++)
      expect(await destination.deliver(rows(1, 2, 3), idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
    expect(await destination.deliver(rows(1, 2, 3), idle)()).toEqual(OK)
    expect(to.taken.map(({ events }) => events[0]?.data.revision)).toEqual([1, 3])
    expect(destination.refused).toHaveLength(1)
  })

  test('that overloads never counts as an attempt', async () => {
    const to = await receiver()
    const destination = await opened(to, { attemptsMax: 1 })
    for (const fault of [{ status: 503 }, { status: 429 }, 'drop'] as const) {
      to.misbehave(fault)
      expect(await destination.deliver(rows(1), idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
    }
    expect(await destination.deliver(rows(1), idle)()).toEqual(OK)
    expect(destination.refused).toEqual([])
  })
})

describe('a connection that breaks', () => {
  test.each(['drop', 'lose'] as const)('(%s) has the message sent again with the same id and bytes', async (fault) => {
    const to = await receiver()
    const destination = await opened(to)
    to.misbehave(fault)
    expect(await destination.deliver(rows(1, 2), idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
    expect(await destination.deliver(rows(1, 2), idle)()).toEqual(OK)
    const [first, again] = to.attempts
    expect([again?.id, again?.body]).toEqual([first?.id, first?.body])
    expect(to.taken.map(({ events }) => events[0]?.data.revision)).toEqual(fault === 'drop' ? [1, 2] : [1, 1, 2])
  })

  test('or is never answered is given up after the configured time', async () => {
    const to = await receiver()
    to.misbehave('hang')
    const destination = await opened(to, { timeoutMs: 100 })
    expect(await destination.deliver(rows(1), idle)()).toMatchObject({
      left: { tag: 'NotConnected', cause: { message: expect.stringContaining('no answer within 100 ms') } },
    })
  })

  test('names the endpoint without its path, which may be a secret', async () => {
    const to = await receiver()
    const destination = await opened(to)
    await to.close()
    const answer = await destination.deliver(rows(1), idle)()
    const words = E.isLeft(answer) && answer.left.tag === 'NotConnected' ? String(answer.left.cause) : ''
    expect(words).toContain(`http://127.0.0.1:${new URL(destination.place).port}: `)
    expect(words).not.toContain('hooks')
    expect(words).toContain('ECONNREFUSED')
  })
})

describe('signing keys', () => {
  test('are read again for each message: a file that holds the new key beside the old one, then the new one alone', async () => {
    const file = join(await scratchFolder(), 'keys')
    const [old, fresh] = [newSecret(), newSecret()]
    await writeFile(file, `${old}\n`)
    const to = await receiver({ secret: old })
    const destination = await opened(to, { signingKeys: Secret.file(file) })
    await destination.deliver(rows(1), idle)()
    await writeFile(file, `${fresh}\n${old}\n`)
    await destination.deliver(rows(2), idle)()
    expect(to.taken).toHaveLength(2)
    const { body = '', headers } = to.taken[1] ?? {}
    expect(() => new Webhook(fresh).verify(body, headers as Record<string, string>)).not.toThrow()
    await writeFile(file, fresh)
    expect(await destination.deliver(rows(3), idle)()).toMatchObject({
      left: { cause: { message: expect.stringContaining('compare `signingKeys`') } },
    })
  })

  test('that cannot be used are refused when the sink connects, with where they stand and not what they say', async () => {
    const to = await receiver()
    const destination = webhookDestination(optionsFor(to, { signingKeys: Secret.literal('whsec_c2hvcnQ=') }))
    const answer = await destination.open(idle)()
    expect(answer).toMatchObject({ left: { tag: 'Refused', reason: expect.stringContaining('has 5 bytes') } })
    expect(JSON.stringify(answer)).not.toContain('c2hvcnQ')
  })
})
