import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { decodeRaw } from '../../../src/ingress/decode/decoders.js'
import { RecordSplitter } from '../../../src/ingress/files/record-splitter.js'
import { readRawEvent } from '../read-one.js'

const origin = { tenant: 't', source: 'test', receivedAt: Date.parse('2026-01-06T00:00:00Z') }
const record = {
  userId: 'u1',
  primaryPresence: [
    {
      systemPresence: 'ON_QUEUE',
      organizationPresenceId: 'p1',
      startTime: '2026-01-05T08:00:00.000Z',
      endTime: '2026-01-05T09:00:00.000Z',
    },
    { systemPresence: 'BREAK', startTime: '2026-01-05T09:00:00.000Z' },
  ],
  routingStatus: [{ routingStatus: 'IDLE', startTime: '2026-01-05T08:00:00.120Z' }],
}

const read = (value: unknown) => readRawEvent(Buffer.from(JSON.stringify(value)), origin)
const facts = (value: unknown): readonly Fact[] => {
  const event = read(value)
  if (E.isLeft(event)) throw new Error(event.left.detail)
  const decoded = decodeRaw(event.right.event.type, event.right.event.data)
  if (E.isLeft(decoded)) throw new Error(decoded.left.detail)
  return decoded.right
}

describe('the states of a user as the analytics API returns them', () => {
  test('are the states that the topics of the user would have said', () => {
    const at = (time: string): number => Date.parse(`2026-01-05T${time}Z`)
    const entered = (kind: string, state: string, time: string) => ({
      ...{ type: 'AgentStateEntered', userId: 'u1', kind, state, at: at(time) },
    })
    expect(facts(record)).toEqual([
      entered('systemPresence', 'ON_QUEUE', '08:00:00.000'),
      entered('organizationPresence', 'p1', '08:00:00.000'),
      entered('systemPresence', 'BREAK', '09:00:00.000'),
      entered('routingStatus', 'IDLE', '08:00:00.120'),
    ])
    expect(
      facts({
        topicName: 'v2.users.u1.routingStatus',
        version: '2',
        eventBody: { id: 'u1', routingStatus: { status: 'IDLE', startTime: '2026-01-05T08:00:00.120Z' } },
      }),
    ).toEqual([entered('routingStatus', 'IDLE', '08:00:00.120')])
  })

  test('are stored in the stream of the user, once, however their members are ordered', () => {
    const [one, other] = [record, Object.fromEntries(Object.entries(record).reverse())].map(read)
    if (one === undefined || other === undefined || E.isLeft(one) || E.isLeft(other)) throw new Error('not read')
    expect(one.right.stream).toMatch(/^t\.[0-9a-f]{2}\.user-u1$/)
    expect(other.right.event.id).toBe(one.right.event.id)
    expect(one.right.latest).toBe(Date.parse('2026-01-05T09:00:00.000Z'))
  })

  test.each([
    ['an instant that is none', { ...record, routingStatus: [{ routingStatus: 'IDLE', startTime: 'soon' }] }],
    ['a user id that names no stream', { ...record, userId: 'a/b' }],
  ])('are not taken with %s', (_, value) => {
    expect(read(value)).toMatchObject({ left: { reason: 'undecodable', topic: 'user-detail' } })
  })

  test('are split from an answer of a job, each with its own bytes', () => {
    const splitter = new RecordSplitter({ recordBytesMax: 1_000_000, answers: true })
    const text = `{"userDetails":[ ${JSON.stringify(record)}, {"userId":"u2","routingStatus":[]} ],"cursor":"c"}`
    const records = [...splitter.push(Buffer.from(text)), ...splitter.end().records]
    expect(records.map(({ bytes }) => bytes.toString())).toEqual([
      JSON.stringify(record),
      '{"userId":"u2","routingStatus":[]}',
    ])
  })
})
