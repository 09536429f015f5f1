import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clockStream } from '../../../src/domain/stream-name.js'
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
    await log.close()
    expect(await running(log, ['ingress']).ended).toMatchObject({ kind: 'failed', cause: { name: 'NotIngested' } })
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
  const both = running(reached, ['projector', 'egress'], { sinks: [sink] })
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
