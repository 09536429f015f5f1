import * as E from 'fp-ts/lib/Either.js'
import { expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { sharedAccessTokens } from '../../../src/credentials/shared-access-signature.js'
import { eventHubsDestination } from '../../../src/egress/event-hubs/destination.js'
import type { EventHubsOptions } from '../../../src/egress/event-hubs/options.js'
import { recordIdentity } from '../../../src/egress/record-identity.js'
import { failureText, type SinkFailure } from '../../../src/egress/sink.js'
import { hubOptionsOf, rowsStored } from '../../support/event-hubs/hub.js'
import { standInEventHub } from '../../support/event-hubs/server.js'
import { manyRowsAt, recordsAt } from '../batches.js'

const idle = new AbortController().signal
const inWords = (outcome: E.Either<SinkFailure, void>): string =>
  E.isLeft(outcome) ? `${outcome.left.tag}: ${failureText(outcome.left)}` : 'well'

const opened = async (changes: Partial<EventHubsOptions> = {}, bytesMax?: number) => {
  const hub = await standInEventHub({ eventHub: 'kpis', ...(bytesMax !== undefined && { bytesMax }) })
  const destination = eventHubsDestination(hubOptionsOf(hub, changes))
  onTestFinished(async () => {
    await destination.close()
    await hub.close()
  })
  const outcome = await destination.open(idle)()
  return { hub, destination, outcome, deliver: async (records = recordsAt(1)) => destination.deliver(records, idle)() }
}

test('an event has the identity of the record and the headers of Kafka as properties, and the row key as partition key', async () => {
  const { hub, deliver } = await opened()
  expect(inWords(await deliver())).toBe('well')
  const stored = hub.partitions.flat()
  expect(stored.map(({ id }) => id).sort()).toEqual(recordsAt(1).map(recordIdentity).sort())
  for (const { id, partitionKey, properties } of stored) {
    expect(properties).toMatchObject({ ce_id: id, ce_subject: partitionKey, 'streamvane-delivery': 'at-least-once' })
  }
})

test('events of one key share a batch, no batch is larger than the event hub allows, and their order stays', async () => {
  const limit = 16_384
  const { hub, deliver } = await opened({ key: 'entity' }, limit)
  const records = Array.from({ length: 60 }, (_, index) => recordsAt(index + 1)).flat()
  expect(inWords(await deliver(records))).toBe('well')
  expect(hub.batches.length).toBeLessThan(records.length)
  for (const { bytes } of hub.batches) expect(bytes).toBeLessThanOrEqual(limit)
  const seen = new Map<string, number>()
  for (const { key, revision } of rowsStored(hub)) {
    expect(revision).toBe((seen.get(key) ?? 0) + 1)
    seen.set(key, revision)
  }
  expect([...seen.values()]).toEqual(Array(recordsAt(1).length).fill(60))
})

test('what the event hub turns down because it is busy is sent again after a pause, each event once', async () => {
  const { hub, deliver } = await opened()
  hub.busy.next = 250
  expect(inWords(await deliver(manyRowsAt(1).records as never))).toBe('well')
  expect(hub.busy.next).toBe(0)
  expect(new Set(hub.partitions.flat().map(({ id }) => id)).size).toBe(hub.partitions.flat().length)
})

test('an event hub that stays busy is told as not connected', async () => {
  const { hub, deliver } = await opened()
  hub.busy.next = Infinity
  expect(inWords(await deliver())).toMatch(/^NotConnected: .*server-busy/)
})

test('a revision is not stored behind a later one of its key when the event hub turns the first one down', async () => {
  const { hub, deliver } = await opened({ key: 'entity' }, 16_384)
  const records = Array.from({ length: 30 }, (_, index) => recordsAt(index + 1)).flat()
  hub.busy.next = 3
  expect(inWords(await deliver(records))).toBe('well')
  const seen = new Map<string, number>()
  for (const { key, revision } of rowsStored(hub)) {
    expect(revision).toBe((seen.get(key) ?? 0) + 1)
    seen.set(key, revision)
  }
})

test('a socket that breaks before the answer is told as not connected, and what comes again has the same identity', async () => {
  const { hub, destination, deliver } = await opened()
  hub.cutAfterNext()
  expect(inWords(await deliver())).toMatch(/^NotConnected: /)
  expect(E.isRight(await destination.open(idle)())).toBe(true)
  expect(inWords(await deliver())).toBe('well')
  const stored = hub.partitions.flat()
  const bodies = new Map(stored.map(({ id, body }) => [id, body]))
  expect([...bodies.keys()].sort()).toEqual(recordsAt(1).map(recordIdentity).sort())
  for (const { id, body } of stored) expect(body).toBe(bodies.get(id))
  expect(stored.length).toBeGreaterThan(bodies.size)
})

test.each([
  ['amqp:unauthorized-access', /^Refused: .*right to send/],
  ['amqp:link:message-size-exceeded', /^Refused: .*bytesMax/],
  ['amqp:internal-error', /^NotConnected: .*amqp:internal-error/],
  ['amqp:resource-limit-exceeded', /^NotConnected: .*amqp:resource-limit-exceeded/],
])('a batch that is turned down with %s is told for what it is', async (condition, words) => {
  const { hub, deliver } = await opened()
  hub.rejectNext(condition)
  expect(inWords(await deliver())).toMatch(words)
})

test('a key that is not the one of the namespace is refused and not named', async () => {
  const wrong = 'not-the-key'
  const text = `Endpoint=sb://127.0.0.1;SharedAccessKeyName=send;SharedAccessKey=${wrong};EntityPath=kpis;`
  const source = sharedAccessTokens(Secret.literal(text), 'sb://127.0.0.1/kpis', 'Event Hubs')
  const { outcome } = await opened({ tokens: { kind: 'shared-access', source } })
  expect(inWords(outcome)).toMatch(
    /^Refused: Event Hubs refuses the credentials for kpis at 127\.0\.0\.1.*eventHubsConnectionString/,
  )
  expect(inWords(outcome)).not.toContain(wrong)
})

test('an event hub that is not there is refused with the setting that names it', async () => {
  const { hub } = await opened()
  const source = sharedAccessTokens(Secret.literal(hub.connectionString()), 'sb://127.0.0.1/others', 'Event Hubs')
  const tokens = { kind: 'shared-access', source } as const
  const destination = eventHubsDestination(hubOptionsOf(hub, { eventHub: 'others', tokens }))
  expect(inWords(await destination.open(idle)())).toMatch(
    /^Refused: there is no others at .*egress\.sinks\[hub\]\.eventHub/,
  )
  await destination.close()
})
