import { expect, onTestFinished, test, vi } from 'vitest'
import { Activity } from '../../../../src/app/pipeline/activity.js'
import { Lag } from '../../../../src/app/pipeline/egress/lag.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import { kpiLog } from './kpi-log.js'

test('the lag is what the stream holds beyond what is dealt with, and since when; also while nothing is dealt with', async () => {
  const { log, append } = await kpiLog()
  let now = 1_000
  const activity = new Activity(() => now)
  const lag = new Lag(activity, () => now, 1)
  onTestFinished(() => lag.close())
  expect(activity.report().figures).toBeUndefined()

  await append([{ row: 0 }])
  lag.follow(log, kpiStream('t', 'g1'), 2) // the row and its checkpoint are dealt with
  expect(activity.report().figures).toEqual({ lagRows: 0, lagMs: 0 })
  now = 5_000
  await append([{ row: 0 }, { row: 1 }])
  await vi.waitFor(() => expect(activity.report().figures).toEqual({ lagRows: 3, lagMs: 0 }))
  now = 9_000
  expect(activity.report().figures).toEqual({ lagRows: 3, lagMs: 4_000 })
  lag.passed(3)
  expect(activity.report().figures).toEqual({ lagRows: 1, lagMs: 4_000 })
  lag.passed(4)
  expect(activity.report().figures).toEqual({ lagRows: 0, lagMs: 0 })
})
