import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clockStream } from '../../../src/domain/stream-name.js'
import { appendTakeBack, appendTick } from '../../../src/ingress/clock.js'
import { NotIngested } from '../../../src/ingress/not-ingested.js'
import type { Deliver } from '../../../src/ingress/source.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { at } from '../../ingress/envelopes.js'
import { answers } from '../../support/answers.js'
import { awayAndBack } from '../../support/log-away.js'
import { take } from '../../support/pipeline.js'
import { recordingSink } from '../../support/recording-sink.js'
import { EVERY, NOON, running, sourceOf } from './running.js'

/** Lets a test wait until something that is told has come true. */
const waiting = () => {
  let check = (): void => undefined
  return {
    tell: () => check(),
    until: (isTrue: () => boolean) =>
      new Promise<void>((resolve) => {
        check = () => void (isTrue() && resolve())
        check()
      }),
  }
}

/** Resolves once the clock has come to `at`. */
const tickedTo = async (log: EventLog, at: number): Promise<void> => {
  for await (const message of log.subscribe({ prefixes: [clockStream('t')], signal: new AbortController().signal }))
    if (message.kind === 'events')
      for (const { data } of message.events)
        if ((JSON.parse(Buffer.from(data).toString()) as { at: number }).at === at) return
}

const ticksOf = async (log: EventLog): Promise<unknown[]> => {
  const ticks: unknown[] = []
  for await (const batch of log.readStream(clockStream('t')))
    ticks.push(...batch.map(({ data }) => (JSON.parse(Buffer.from(data).toString()) as { at: unknown }).at))
  return ticks
}

describe('the clock of a running ingress', () => {
  const DAY = 86_400_000

  test('holds a tick while the machine is 30 days ahead, reports it, and ticks again when the time is right', async () => {
    const log = memoryLog()
    let now = NOON
    const changes: (string | undefined)[] = []
    const changed = waiting()
    const onClock = (held: { kind: string } | undefined): void => {
      if (held?.kind === changes.at(-1)) return
      changes.push(held?.kind)
      changed.tell()
    }
    const ingress = running(log, ['ingress'], { now: () => now, onClock })
    await tickedTo(log, NOON)
    now = NOON + 30 * DAY
    await changed.until(() => changes.length === 1)
    now = NOON + EVERY
    await tickedTo(log, now)
    await ingress.stop()
    expect(changes).toEqual(['held', undefined])
    expect(await ticksOf(log)).toEqual([NOON, NOON + EVERY])
  })

  test('goes on after a long pause as soon as an event shows that so much time has passed', async () => {
    const log = memoryLog()
    const base = Math.floor(at / EVERY) * EVERY
    await appendTick(log, 't', base - 30 * DAY)
    let deliver!: Deliver
    const changed = waiting()
    let isHeld = false
    const onClock = (held: unknown): void => {
      isHeld = held !== undefined
      changed.tell()
    }
    const source = sourceOf((given) => (deliver = given))
    const ingress = running(log, ['ingress'], { now: () => base, onClock, sources: [source] })
    await changed.until(() => isHeld)
    await deliver({ raws: [Buffer.from(answers(1)[0] as string)], origin: 'test' })
    await tickedTo(log, base)
    await ingress.stop()
    expect(await ticksOf(log)).toEqual([base - 30 * DAY, base])
  })

  test('goes on after a long pause as soon as somebody has ticked it by hand', async () => {
    const log = memoryLog()
    await appendTick(log, 't', NOON - 30 * DAY)
    const changed = waiting()
    let isHeld = false
    const onClock = (held: unknown): void => {
      isHeld = held !== undefined
      changed.tell()
    }
    let now = NOON
    const ingress = running(log, ['ingress'], { now: () => now, onClock })
    await changed.until(() => isHeld)
    await appendTick(log, 't', NOON)
    await changed.until(() => !isHeld)
    now = NOON + EVERY
    await tickedTo(log, now)
    await ingress.stop()
    expect(await ticksOf(log)).toEqual([NOON - 30 * DAY, NOON, NOON + EVERY])
  })

  test('that stands beyond the machine is reported, and goes on once it was taken back', async () => {
    const log = memoryLog()
    await appendTick(log, 't', NOON)
    await appendTick(log, 't', NOON + 30 * DAY)
    const changed = waiting()
    let kind: string | undefined
    const onClock = (held: { kind: string } | undefined): void => {
      kind = held?.kind
      changed.tell()
    }
    const ingress = running(log, ['ingress'], { now: () => NOON + EVERY, onClock })
    await changed.until(() => kind === 'frontier-ahead')
    await appendTakeBack(log, 't', NOON, 1)
    await tickedTo(log, NOON + EVERY)
    await ingress.stop()
    expect(kind).toBeUndefined()
  })

  test('waits for a log that is out of reach, and ticks the step that has come by then', async () => {
    const { log, reached, goAway, comeBack, failuresMore } = awayAndBack()
    let now = NOON
    const ingress = running(reached, ['ingress'], { now: () => now })
    await tickedTo(log, NOON)
    goAway()
    for (let step = 1; step <= 3; step++) {
      now = NOON + step * EVERY
      await failuresMore(1)
    }
    comeBack()
    await tickedTo(log, now)
    expect(await ingress.stop()).toEqual({ kind: 'stopped' })
    expect(await ticksOf(log)).toEqual([NOON, now])
  })

  test('that the log will never take a tick of ends the process and says why', async () => {
    const log = memoryLog()
    const refusing: EventLog = {
      ...log,
      append: async (appends) => appends.map(() => E.left({ tag: 'Refused' as const, reason: 'read-only' })),
    }
    expect(await running(refusing, ['ingress']).ended).toMatchObject({ kind: 'failed', cause: { name: 'NotIngested' } })
  })

  test('by the time of events: a tick that could not be appended comes with the repeat of what it was for', async () => {
    const log = memoryLog()
    let isClockAway = true
    const withoutClock: EventLog = {
      ...log,
      append: async (appends) =>
        isClockAway && appends.some(({ stream }) => stream === clockStream('t'))
          ? appends.map(() => E.left({ tag: 'NotAvailable' as const, cause: new Error('away') }))
          : log.append(appends),
    }
    const batch = { raws: [Buffer.from(answers(1)[0] as string)], origin: 'test' }
    let deliver!: Deliver
    const opened = new Promise<void>((resolve) => {
      const ingress = sourceOf((given) => ((deliver = given), resolve()))
      const { stop } = running(withoutClock, ['ingress'], { sources: [ingress] }, 'event-time')
      onTestFinished(async () => void (await stop()))
    })
    await opened
    await expect(deliver(batch)).rejects.toBeInstanceOf(NotIngested)
    isClockAway = false
    expect(await deliver(batch)).toMatchObject({ stored: 0, duplicate: 1 })
    await deliver(batch)
    expect(await ticksOf(log)).toEqual([Math.floor(at / EVERY) * EVERY])
  })
})

test('projector and egress begin once there is a log, and go on when it comes back', async () => {
  const { log, reached, goAway, comeBack, failuresMore } = awayAndBack()
  const { sink, reached: published } = recordingSink()
  goAway()
  const both = running(reached, ['projector', 'egress'], { sinks: [{ sink }] })
  await failuresMore(3)
  comeBack()
  await take(log, 't', answers(20))
  await published('g1', 21)
  goAway()
  await failuresMore(3)
  comeBack()
  await take(log, 't', answers(5, 20))
  await published('g1', 26)
  expect(await both.stop()).toEqual({ kind: 'stopped' })
})

test('working off that is stopped before its end is not told as caught up', async () => {
  const log = memoryLog()
  await take(log, 't', answers(20))
  const { sink } = recordingSink()
  const { stage, ended } = running(log, ['projector', 'egress'], { sinks: [{ sink }], untilCaughtUp: true })
  await stage('projector').pause()
  await stage('projector').stop()
  await stage('egress').stop()
  expect(await ended).toEqual({ kind: 'stopped' })
})
