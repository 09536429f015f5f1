import { expect, onTestFinished, test } from 'vitest'
import { healthOf } from '../../../../src/app/pipeline/health.js'
import { LateCount } from '../../../../src/app/pipeline/projector/late-share.js'
import { DAY_MS, MINUTE_MS } from '../../../../src/domain/interval.js'
import { appendTick } from '../../../../src/ingress/clock.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { at } from '../../../ingress/envelopes.js'
import { answers } from '../../../support/answers.js'
import { take } from '../../../support/pipeline.js'
import { running } from '../running.js'

test('the share of too-late events is an alarm above a tenth of a hundred events, and for five minutes', () => {
  let now = 0
  const late = new LateCount(() => now)
  late.add(99, 99)
  expect(late.share()).toEqual({ events: 99, tooLate: 99, isAlarming: false })
  late.add(1, 0)
  expect(late.share().isAlarming).toBe(true)
  now = 4 * MINUTE_MS
  late.add(890, 0)
  expect(late.share()).toEqual({ events: 990, tooLate: 99, isAlarming: false })
  now = 6 * MINUTE_MS
  expect(late.share()).toEqual({ events: 890, tooLate: 0, isAlarming: false })
})

test('health has an alarm while events are too late behind a clock that jumped, and the process stays ready', async () => {
  const log = memoryLog()
  await appendTick(log, 't', at + 30 * DAY_MS)
  const projector = running(log, ['projector'], { now: () => at })
  onTestFinished(async () => void (await projector.stop()))
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (healthOf(projector.stages, { kind: 'well' }, at).stages['projector']?.state === 'running') resolve()
      else setTimeout(look, 1)
    }
    look()
  })
  await take(log, 't', answers(150))
  const alarms = () => healthOf(projector.stages, { kind: 'well' }, at).stages['projector']?.alarms
  while (alarms()?.length !== 1) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(alarms()).toEqual([{ alarm: 'events-too-late', since: new Date(at).toISOString() }])
  expect(healthOf(projector.stages, { kind: 'well' }, at).ready).toBe(true)
})
