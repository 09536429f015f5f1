import { expect, test } from 'vitest'
import { readSettings } from '../../src/ingress/decode/configuration-objects.js'
import { ingest } from '../../src/ingress/ingest.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { bodies, bytes, eventBridge, notification } from './envelopes.js'

const impossible = [
  '2026-02-30T10:00:00Z',
  '2026-02-29T10:00:00.000Z',
  '2026-04-31T10:00:00+02:00',
  '2026-01-05T24:00:00Z',
  '2026-01-05T10:00:60Z',
  '2026-01-05T10:00:00+0190',
  '2026-01-05T10:00:00+15:00',
]
const origin = { tenant: 'acme', source: 'test', receivedAt: 0 }

const ISO = /^\d{4}-\d{2}-\d{2}T/

/** Copies of a value in which one ISO instant, each in turn, is replaced; with the key of that instant. */
const replaced = (value: unknown, by: string, key = ''): readonly (readonly [string, unknown])[] => {
  if (typeof value === 'string') return ISO.test(value) ? [[key, by]] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) =>
    replaced(item, by, name).map(([which, fresh]) => {
      const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...value }
      return [which, Object.assign(copy, { [name]: fresh })] as const
    }),
  )
}

/** Instants that no decoder reads may hold anything. */
const isRead = (key: string, changed: unknown, instant: string): boolean =>
  key !== 'dateActiveQueuesChanged' &&
  !JSON.stringify(changed).includes(`"outOfOffice":{"active":false,"modifiedDate":"${instant}"`)

const audit = {
  topicName: 'v2.audits.entitytype.QUEUE.entityid.a3e7f915-2c48-4b6d-b0f3-6d1e9c5a7b33',
  eventBody: { eventTime: '2026-01-05T10:00:00Z', serviceName: 'ContactCenter', action: 'UPDATE', entityType: 'QUEUE' },
}

const record = {
  conversationId: 'c1',
  participants: [
    {
      purpose: 'agent',
      sessions: [
        {
          sessionId: 's1',
          segments: [{ segmentStart: '2026-01-05T10:00:00Z', queueId: 'q' }],
          metrics: [{ name: 'nOffered', value: 1, emitDate: '2026-01-05T10:00:00Z' }],
        },
      ],
    },
  ],
}

test.each(impossible)('%s is a dead letter in every field that holds an instant', async (instant) => {
  const events = Object.values(bodies).flatMap(({ template, id, body }) =>
    replaced(body, instant)
      .filter(([key, changed]) => isRead(key, changed, instant))
      .flatMap(([key, changed]) =>
        [eventBridge, notification].map((wrap) => [key, bytes(wrap(template, id, changed as typeof body))] as const),
      ),
  )
  const bare = [audit, record]
    .flatMap((value) => replaced(value, instant))
    .map(([key, changed]) => [key, bytes(changed)] as const)
  const all = [...events, ...bare]
  expect(new Set(all.map(([key]) => key))).toEqual(
    new Set(['metricDate', 'startTime', 'modifiedDate', 'eventTime', 'segmentStart', 'emitDate']),
  )
  const receipt = await ingest(
    memoryLog(),
    all.map(([, raw]) => raw),
    origin,
  )
  expect(receipt).toMatchObject({ stored: 0, duplicate: 0, deadLettered: all.length })
  for (const { index, reason, detail } of receipt.problems) {
    expect(reason).toBe('undecodable')
    expect(detail).toContain(`${all[index]?.[0]} is "${instant}"; there is no such date, time or offset`)
  }
})

test.each(impossible)('%s in an object of the configuration is a problem that names the object', (dateModified) => {
  const { settings, problems } = readSettings(
    { id: 'q1', name: 'Sales', mediaSettings: {}, dateModified },
    { effectiveAt: undefined, now: 0 },
  )
  expect(settings).toEqual([])
  expect(problems).toEqual([expect.stringMatching(/Sales.*dateModified .*no such date/)])
})
