import { describe, expect, test } from 'vitest'
import { clockStream, kpiStream } from '../../../src/domain/stream-name.js'
import type { Sink } from '../../../src/egress/sink.js'
import { NotIngested } from '../../../src/ingress/not-ingested.js'
import type { Deliver } from '../../../src/ingress/source.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { answers } from '../../support/answers.js'
import { take } from '../../support/pipeline.js'
import { recordingSink } from '../../support/recording-sink.js'
import { EVERY, NOON, running, sourceOf } from './running.js'

/** Counts the connections that a sink is asked for. */
const counting = (sink: Sink) => {
  let connections = 0
  return {
    connections: () => connections,
    sink: { ...sink, connect: (...args: Parameters<Sink['connect']>) => (connections++, sink.connect(...args)) },
  }
}

/** Resolves once the stream has come to this revision. */
const grownTo = async (log: EventLog, stream: string, revision: number): Promise<void> => {
  const { signal } = new AbortController()
  for await (const message of log.subscribeStream(stream, { from: revision, signal }))
    if (message.kind === 'events') return
}

/** Holds appends to streams that begin with `prefix` until they are let go. */
const holdingAppends = (log: EventLog, prefix: string) => {
  let release!: () => void
  const released = new Promise<void>((resolve) => (release = resolve))
  let begin!: () => void
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const held: EventLog = {
    ...log,
    append: async (appends) => {
      if (appends.some(({ stream }) => stream.startsWith(prefix))) {
        begin()
        await released
      }
      return log.append(appends)
    },
  }
  return { held, begun, release }
}

describe('a paused ingress', () => {
  test('refuses what is delivered, so that it is sent again, and takes it once it is resumed', async () => {
    const log = memoryLog()
    let deliver!: Deliver
    const source = sourceOf((given) => (deliver = given))
    const { stage, stop } = running(log, ['ingress'], { sources: [source] }, 'off')
    await untilSo(() => deliver !== undefined)
    await stage('ingress').pause()
    const [line] = answers(1)
    const batch = { raws: [Buffer.from(line as string)], origin: 'test' }
    const refusal: unknown = await deliver(batch).catch((cause: unknown) => cause)
    expect(refusal).toBeInstanceOf(NotIngested)
    expect(refusal).toMatchObject({ reason: expect.stringContaining('paused') as string })
    expect(await log.head()).toBeUndefined()
    stage('ingress').resume()
    expect(await deliver(batch)).toMatchObject({ stored: 1 })
    expect(await stop()).toEqual({ kind: 'stopped' })
  })

  test('is paused only once the deliveries that had begun are stored', async () => {
    const log = memoryLog()
    const { held, begun, release } = holdingAppends(log, 't.')
    let deliver!: Deliver
    const source = sourceOf((given) => (deliver = given))
    const { stage, stop } = running(held, ['ingress'], { sources: [source] }, 'off')
    await untilSo(() => deliver !== undefined)
    const [line] = answers(1)
    const delivering = deliver({ raws: [Buffer.from(line as string)], origin: 'test' })
    await begun
    const pausing = stage('ingress').pause()
    expect(stage('ingress').state()).toEqual({ kind: 'running' })
    release()
    await pausing
    expect(await log.head()).toBeDefined()
    expect(await delivering).toMatchObject({ stored: 1 })
    await stop()
  })

  test('does not tick the clock, and ticks the step that is due when it is resumed', async () => {
    const log = memoryLog()
    let now = NOON
    let looks = 0
    const { stage, stop } = running(log, ['ingress'], { now: () => (looks++, now) })
    await grownTo(log, clockStream('t'), 0)
    await stage('ingress').pause()
    const before = await log.streamRevision(clockStream('t'))
    now = NOON + 10 * EVERY
    const enough = looks + 3 // the clock goes on looking at the time
    while (looks < enough) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(await log.streamRevision(clockStream('t'))).toBe(before)
    stage('ingress').resume()
    await grownTo(log, clockStream('t'), (before as number) + 1)
    await stop()
  })
})

describe('a paused projector', () => {
  test('finishes the append that has begun and then writes nothing; resumed, it goes on where it was', async () => {
    const log = memoryLog()
    const { held, begun, release } = holdingAppends(log, kpiStream('t', 'g1'))
    await take(log, 't', answers(5))
    const { stage, stop } = running(held, ['projector'])
    await begun
    const pausing = stage('projector').pause()
    release()
    await pausing
    expect(stage('projector').state()).toEqual({ kind: 'paused' })
    const before = (await log.streamRevision(kpiStream('t', 'g1'))) as number
    expect(before).toBeGreaterThan(0)
    await take(log, 't', answers(5, 5))
    // Whatever the subscription delivers meanwhile waits before the gate.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(await log.streamRevision(kpiStream('t', 'g1'))).toBe(before)
    stage('projector').resume()
    await grownTo(log, kpiStream('t', 'g1'), before + 1)
    expect(await stop()).toEqual({ kind: 'stopped' })
  })
})

describe('a paused egress', () => {
  test('keeps its connection, publishes nothing, and goes on where it was', async () => {
    const log = memoryLog()
    const { sink: recording, reached, records } = recordingSink()
    const { sink, connections } = counting(recording)
    await take(log, 't', answers(5))
    const { stage, stop } = running(log, ['projector', 'egress'], { sinks: [{ sink }] })
    await reached('g1', 6)
    await stage('egress').pause()
    const before = records.length
    const rowsBefore = (await log.streamRevision(kpiStream('t', 'g1'))) as number
    await take(log, 't', answers(5, 5))
    await grownTo(log, kpiStream('t', 'g1'), rowsBefore + 1)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(records).toHaveLength(before)
    expect(stage('projector').state()).toEqual({ kind: 'running' })
    stage('egress').resume()
    await reached('g1', 11)
    expect(connections()).toBe(1)
    expect(await stop()).toEqual({ kind: 'stopped' })
  })

  test('that is stopped ends alone; the projector goes on', async () => {
    const log = memoryLog()
    const { sink, reached } = recordingSink()
    await take(log, 't', answers(5))
    const { stage, stop } = running(log, ['projector', 'egress'], { sinks: [{ sink }] })
    await reached('g1', 6)
    expect(await stage('egress').stop()).toEqual({ kind: 'stopped' })
    const rowsBefore = (await log.streamRevision(kpiStream('t', 'g1'))) as number
    await take(log, 't', answers(5, 5))
    await grownTo(log, kpiStream('t', 'g1'), rowsBefore + 1)
    expect(await stop()).toEqual({ kind: 'stopped' })
  })
})

const untilSo = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
