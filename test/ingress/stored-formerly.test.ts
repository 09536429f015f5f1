import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { conversationStream } from '../../src/domain/stream-name.js'
import { ingest } from '../../src/ingress/ingest.js'
import { readRawEvents } from '../../src/ingress/raw-event.js'
import { LogUnavailable, type EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { bodies, bytes, changed, conversationId, notification } from './envelopes.js'
import { eventsOf } from './log-content.js'

const origin = { tenant: 'acme', source: 'test', receivedAt: Date.parse('2026-01-05T10:01:00Z') }
const { template, body } = bodies.flowMetrics
const flowId = 'c2d1f0e9-8b7a-4c6d-9e5f-4a3b2c1d0e9f'
const own = conversationStream('acme', conversationId)
const ofFlow = conversationStream('acme', flowId)
const record = bytes(notification(template, flowId, body))
const another = bytes(notification(template, flowId, changed(body, { recordId: 'another' })))

/** Stores a record as the version before this one did: in the stream of its flow. */
const storeFormerly = async (log: EventLog, raw: Uint8Array): Promise<void> => {
  const [read] = readRawEvents(raw, origin)
  if (read === undefined || E.isLeft(read.read)) throw new Error('the record cannot be read')
  await log.append([{ stream: ofFlow, expected: 'any', events: [read.read.right.event] }])
}

test('a flow metric record is stored in the stream of its conversation', async () => {
  const log = memoryLog()
  expect(await ingest(log, [record], origin)).toMatchObject({ stored: 1 })
  expect(await eventsOf(log, own)).toHaveLength(1)
  expect(await eventsOf(log, ofFlow)).toEqual([])
})

test('a record that an earlier version stored in the stream of its flow is a duplicate, and others are stored', async () => {
  const log = memoryLog()
  await storeFormerly(log, record)
  expect(await ingest(log, [record, another], origin)).toMatchObject({ stored: 1, duplicate: 1 })
  expect(await ingest(log, [record, another], origin)).toMatchObject({ stored: 0, duplicate: 2 })
  expect(await eventsOf(log, ofFlow)).toHaveLength(1)
  expect(await eventsOf(log, own)).toHaveLength(1)
})

test('when the stream of an earlier version was erased, records are stored with their conversation', async () => {
  const log = memoryLog()
  await storeFormerly(log, record)
  await log.erase(ofFlow)
  expect(await ingest(log, [another], origin)).toMatchObject({ stored: 1, erased: 0 })
})

test('when the log cannot be asked for the stream of an earlier version, nothing is acknowledged and the batch may be sent again', async () => {
  const log: EventLog = { ...memoryLog(), streamRevision: () => Promise.reject(new LogUnavailable('away')) }
  await expect(ingest(log, [record], origin)).rejects.toMatchObject({ name: 'NotIngested', retryable: true })
})
