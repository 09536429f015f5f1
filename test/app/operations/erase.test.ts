import { describe, expect, test } from 'vitest'
import { deadLetters } from '../../../src/app/operations/dead-letters.js'
import { erase } from '../../../src/app/operations/erase.js'
import { Names } from '../../../src/app/names.js'
import { changeConfiguration } from '../../../src/app/operations/imports/import-configuration.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { configStream, conversationStream, kpiStream, userStream } from '../../../src/domain/stream-name.js'
import { appendTick } from '../../../src/ingress/clock.js'
import type { EventLog, RecordedEvent } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { runProjector } from '../../../src/app/pipeline/projector/projector.js'
import { generationOf, project, rowsOf, silent, take } from '../../support/pipeline.js'
import { memorySnapshots } from '../../support/memory-snapshots.js'

const TEN = Date.UTC(2026, 0, 5, 10)

const record = (conversationId: string, metric: string, value: number, second: number): string =>
  JSON.stringify({
    topicName: `v2.analytics.conversation.${conversationId}.metrics`,
    eventBody: {
      ...{
        metric,
        value,
        metricDate: new Date(TEN + second * 1_000).toISOString(),
        recordId: `${conversationId}${metric}`,
      },
      ...{ conversationId, sessionId: 's', queueId: 'sales', mediaType: 'voice' },
    },
  })

const lines = ['c1', 'c2', 'c3'].flatMap((id, index) => [
  record(id, 'nOffered', 1, index),
  record(id, 'tAbandon', 1_000 * (index + 1), 30 + index),
])

const eraseConversation = (raw: EventLog, id: string, dryRun = false) =>
  erase({
    ...{ raw, tenant: 't', stream: conversationStream('t', id), entityId: id, dryRun, now: () => TEN },
    deadLetters: () => deadLetters(singleLog(raw), 't'),
  })

async function* batchesOf<T>(batches: readonly (readonly T[])[]): AsyncGenerator<readonly T[]> {
  yield* batches
}

const eventsIn = async (log: EventLog, stream: string): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readStream(stream)) events.push(...batch)
  return events
}

const rebuilt = async (log: EventLog) => {
  const generation = { ...generationOf(defaultProfile, 'g2'), historyThrough: String(await log.head()) }
  const end = await runProjector({
    ...{ tenant: 't', generation, raw: log, kpi: log, snapshots: memorySnapshots(), batchMax: 100 },
    ...{ untilCaughtUp: true, signal: new AbortController().signal, logger: silent, now: () => 0 },
  })
  expect(end.kind).toBe('caught-up')
  return rowsOf(log, 't', 'g2')
}

const figures = (rows: Awaited<ReturnType<typeof rowsOf>>) =>
  rows
    .filter(({ family }) => family === 'queue')
    .map(({ kpis, erased, correction }) => ({ abandonRate: kpis['abandonRate'], erased, correction }))

describe('an erased conversation', () => {
  test('is gone from the log, and its later events are acknowledged, counted and not stored', async () => {
    const log = memoryLog()
    await take(log, 't', lines)
    expect(await eraseConversation(log, 'c2', true)).toMatchObject({ events: 2, points: 2 })
    expect(await log.streamRevision(conversationStream('t', 'c2'))).toBe(1)
    expect(await eraseConversation(log, 'c2')).toMatchObject({ events: 2, points: 2 })
    expect(await log.streamRevision(conversationStream('t', 'c2'))).toBeUndefined()
    expect(await take(log, 't', [...lines, record('c2', 'tAcd', 5, 40)])).toMatchObject([
      { stored: 0, duplicate: 4, erased: 3 },
    ])
    expect(await eraseConversation(log, 'c2')).toMatchObject({ events: 0, points: 0, erasedBefore: TEN })
  })

  test('counts nothing when it is erased again, also on a server that still returns its events', async () => {
    const log = memoryLog()
    await take(log, 't', lines)
    const events = [...(await eventsIn(log, conversationStream('t', 'c2')))]
    await eraseConversation(log, 'c2')
    const unscavenged: EventLog = {
      ...log,
      readStream: (stream, options) =>
        stream === conversationStream('t', 'c2') ? batchesOf([events]) : log.readStream(stream, options),
    }
    expect(await eraseConversation(unscavenged, 'c2')).toMatchObject({ events: 0, points: 0, erasedBefore: TEN })
  })

  test('is counted by stream and topic where events of other streams, or dead letters, contain its id', async () => {
    const log = memoryLog()
    const flow = JSON.stringify({
      topicName: 'v2.analytics.flow.f1.metrics',
      eventBody: {
        ...{ metric: 'nFlow', value: 1, metricDate: new Date(TEN).toISOString(), recordId: 'r' },
        ...{ conversationId: 'c2', flowId: 'f1', mediaType: 'voice' },
      },
    })
    const state = JSON.stringify({
      topicName: 'v2.detail.events.agent.u1.state',
      eventBody: {
        ...{ conversationId: 'c2', sessionId: 's', sessionStart: TEN, currentState: 'ALERT', currentStateStart: TEN },
        ...{ userId: 'u1', mediaType: 'VOICE' },
      },
    })
    await take(log, 't', [...lines, flow, state, 'not json, but c2'])
    const ofConversation = lines.filter((line) => line.includes('c2')).length + 1 // and the record of its flow
    for (const [dryRun, events] of [
      [true, ofConversation],
      [false, ofConversation],
      [false, 0],
    ] as const) {
      const erasure = await eraseConversation(log, 'c2', dryRun)
      expect(erasure.events).toBe(events)
      expect(erasure.mentions).toMatchObject([{ topic: 'v2.detail.events.agent.{id}.state', events: 1 }])
      expect(erasure.deadLetters).toBe(1)
      for (const { stream } of erasure.mentions) expect(await log.streamRevision(stream)).toBe(0)
    }
  })

  test('leaves published rows unchanged, and rebuilt rows count the missing points', async () => {
    const log = memoryLog()
    await take(log, 't', lines)
    await project({ log, tenant: 't', profile: defaultProfile })
    const before = await rowsOf(log, 't')
    await eraseConversation(log, 'c2')
    await appendTick(log, 't', TEN + 3_600_000)
    const g2 = await rebuilt(log)
    expect(figures(before)).toEqual([{ abandonRate: { numerator: 3, denominator: 3 }, erased: null, correction: null }])
    expect(figures(g2)).toMatchObject([{ abandonRate: { numerator: 2, denominator: 2 }, erased: 2 }])
    expect(await rowsOf(log, 't')).toEqual(before)
  })

  test('is not folded although a server before scavenging still returns it', async () => {
    const log = memoryLog()
    await take(log, 't', lines)
    await eraseConversation({ ...log, erase: async () => ({ _tag: 'Right', right: { events: 2 } }) }, 'c2')
    expect(await log.streamRevision(conversationStream('t', 'c2'))).toBe(1)
    expect(figures(await rebuilt(log))).toMatchObject([{ abandonRate: { numerator: 2, denominator: 2 }, erased: 2 }])
  })

  test('lets a generation that had folded it resume from a snapshot, and without one asks for a rebuild', async () => {
    const log = memoryLog()
    const snapshots = memorySnapshots()
    const run = () => project({ log, tenant: 't', profile: defaultProfile, snapshots })
    await take(log, 't', lines)
    await run()
    await eraseConversation(log, 'c2')
    await take(log, 't', [record('c4', 'nOffered', 1, 50)])
    expect(await run()).toMatchObject({ kind: 'caught-up' })
    expect(figures(await rowsOf(log, 't'))).toMatchObject([{ abandonRate: { numerator: 3, denominator: 4 } }])
    const revision = await log.streamRevision(kpiStream('t', 'g1'))
    await snapshots.clear()
    expect(await run()).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('rebuild --promote') as string,
    })
    expect(await log.streamRevision(kpiStream('t', 'g1'))).toBe(revision)
  })
})

test('with the events of a user goes the name, which stays where another user is erased', async () => {
  const log = memoryLog()
  const named = (objectId: string, name: string) =>
    ({ type: 'ObjectNamed', kind: 'user', objectId, at: TEN, name, gone: false }) as const
  const change = { tenant: 't', source: 'test', now: 0, dryRun: false }
  await changeConfiguration(log, [named('ann', 'Ann'), named('ben', 'Ben')], change)
  const eraseUser = (dryRun: boolean) =>
    erase({
      ...{ raw: log, tenant: 't', stream: userStream('t', 'ann'), entityId: 'ann', dryRun, now: () => TEN },
      also: [configStream('t', 'user', 'ann')],
      deadLetters: () => deadLetters(singleLog(log), 't'),
    })
  const also = [{ stream: 't.config-user-ann', events: 1 }]
  expect(await eraseUser(true)).toMatchObject({ events: 0, also, mentions: [] })
  expect(await eraseUser(false)).toMatchObject({ events: 0, also, mentions: [] })
  const names = new Names(log, 't')
  expect([await names.of('userId', 'ann'), await names.of('userId', 'ben')]).toEqual([undefined, 'Ben'])
  expect(await eraseUser(false)).toMatchObject({ also: [] })
})
