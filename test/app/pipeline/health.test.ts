import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { Activity } from '../../../src/app/pipeline/activity.js'
import { healthOf, healthOfStage, type HealthReport } from '../../../src/app/pipeline/health.js'
import type { StageHandle } from '../../../src/app/pipeline/stage.js'
import { HOUR_MS } from '../../../src/domain/interval.js'
import { appendTick } from '../../../src/ingress/clock.js'
import type { Sink } from '../../../src/egress/sink.js'
import { NotIngested } from '../../../src/ingress/not-ingested.js'
import type { Deliver } from '../../../src/ingress/source.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { answers } from '../../support/answers.js'
import { awayAndBack } from '../../support/log-away.js'
import { take } from '../../support/pipeline.js'
import { recordingSink } from '../../support/recording-sink.js'
import { NOON, running, sourceOf } from './running.js'

const healthNow = (stages: readonly StageHandle[], now = NOON): HealthReport => healthOf(stages, { kind: 'well' }, now)

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1))
}

describe('a process is ready', () => {
  test('while its stages run and have nothing to do, or get on with it', async () => {
    const log = memoryLog()
    await take(log, 't', answers(5))
    const { sink, reached } = recordingSink()
    const { stages, stop } = running(log, ['projector', 'egress'], { sinks: [{ sink }] })
    await reached('g1', 6)
    await until(() => healthNow(stages).ready)
    expect(healthNow(stages)).toMatchObject({
      ready: true,
      stages: {
        projector: { state: 'running', troubles: [], behindMs: 0 },
        egress: { state: 'running', troubles: [] },
      },
    })
    await stop()
    expect(healthNow(stages)).toMatchObject({ ready: false, stages: { egress: { state: 'ended', end: 'stopped' } } })
  })

  test('not while its destination cannot be reached; health says since when, and that it is back', async () => {
    const log = memoryLog()
    await take(log, 't', answers(5))
    const { sink: there, reached } = recordingSink()
    let isAway = true
    const sink: Sink = {
      ...there,
      connect: (...args) =>
        isAway
          ? () => Promise.resolve(E.left({ tag: 'NotConnected' as const, cause: new Error('away') }))
          : there.connect(...args),
    }
    const { stages, stop } = running(log, ['projector', 'egress'], { sinks: [{ sink }] })
    await until(() => healthNow(stages).stages['egress']?.troubles.length === 1)
    expect(healthNow(stages)).toMatchObject({
      ready: false,
      stages: {
        projector: { troubles: [] },
        egress: { troubles: [{ trouble: 'destination-unreachable', since: new Date(NOON).toISOString() }] },
      },
    })
    isAway = false
    await reached('g1', 6)
    await until(() => healthNow(stages).ready)
    await stop()
  })

  test('not while the log is out of reach of the projector', async () => {
    const { log, reached, goAway, comeBack, failuresMore } = awayAndBack()
    await take(log, 't', answers(5))
    const { stages, stop } = running(reached, ['projector'])
    await until(() => healthNow(stages).ready)
    goAway()
    await failuresMore(2)
    await until(() => !healthNow(stages).ready)
    expect(healthNow(stages).stages['projector']?.troubles).toMatchObject([{ trouble: 'log-unavailable' }])
    comeBack()
    await until(() => healthNow(stages).ready)
    await stop()
  })

  test('not while the log takes nothing from the ingress, as on a full disk', async () => {
    const log = memoryLog()
    let isFull = true
    const filled: EventLog = {
      ...log,
      append: (appends) =>
        isFull
          ? Promise.resolve(appends.map(() => E.left({ tag: 'NotAvailable' as const, cause: new Error('ENOSPC') })))
          : log.append(appends),
    }
    let deliver!: Deliver
    const sources = [sourceOf((given) => (deliver = given))]
    const { stages, stop } = running(filled, ['ingress'], { sources }, 'off')
    await until(() => healthNow(stages).ready)
    const batch = { raws: [Buffer.from(answers(1)[0] as string)], origin: 'test' }
    await expect(deliver(batch)).rejects.toBeInstanceOf(NotIngested)
    expect(healthNow(stages)).toMatchObject({
      ready: false,
      stages: { ingress: { troubles: [{ trouble: 'log-unavailable' }] } },
    })
    isFull = false
    await deliver(batch)
    expect(healthNow(stages).ready).toBe(true)
    await stop()
  })

  test('while an operator has paused a stage: the others of the process stay in service, and that one alone is not ready', async () => {
    const { stages, stage, stop } = running(memoryLog(), ['projector'])
    await until(() => healthNow(stages).ready)
    await stage('projector').pause()
    const health = healthNow(stages)
    expect(health).toMatchObject({ ready: true, stages: { projector: { state: 'paused' } } })
    expect(healthOfStage(health, 'projector')).toMatchObject({ ready: false })
    await stop()
  })

  test('while the clock is held, which is an alarm: the next event releases it', async () => {
    const log = memoryLog()
    await appendTick(log, 't', NOON - HOUR_MS * 30)
    const { stages, stop } = running(log, ['ingress'])
    await until(() => healthNow(stages).stages['ingress']?.alarms.length === 1)
    expect(healthNow(stages)).toMatchObject({
      ready: true,
      stages: { ingress: { troubles: [], alarms: [{ alarm: 'clock-held' }] } },
    })
    await stop()
  })

  test('not where there is something to do and nothing was finished for a minute', () => {
    let now = 0
    const activity = new Activity(() => now)
    activity.begun()
    now = 60_000
    activity.moved()
    now = 110_000
    expect(activity.report()).toEqual({ losses: 0, alarms: [], troubles: [], behindSince: 0 })
    now = 120_001
    expect(activity.report()).toEqual({
      losses: 0,
      alarms: [],
      troubles: [{ trouble: 'no-progress', since: 60_000 }],
      behindSince: 0,
    })
    activity.caughtUp()
    now = 10_000_000
    expect(activity.report()).toEqual({ losses: 0, alarms: [], troubles: [], behindSince: undefined })
  })
})
