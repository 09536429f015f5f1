import { describe, expect, test } from 'vitest'
import { intervalDigests } from '../../../../src/app/operations/generations/digest.js'
import { familyOf } from '../../../../src/contract/kpi-stream/stored.js'
import { DAY_MS } from '../../../../src/domain/interval.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { eventsOf } from '../../../ingress/log-content.js'
import { project, rowsOf, take, tickTo } from '../../../support/pipeline.js'
import { comparedRows } from '../../../support/compared-rows.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')

type Day = Readonly<{ lines: readonly string[]; through: number }>

/** Two hours of another centre on each of three days. */
const otherCentres: readonly Day[] = [0, 1, 2].map((day) => {
  const fromMs = FROM + day * DAY_MS
  const simulation = simulate({ seed: day + 1, fromMs, hours: 2, queues: 3, agents: 25 })
  return { lines: [...simulation].map(({ line }) => line), through: fromMs + DAY_MS / 4 }
})

/** One centre over three days, cut by day. */
const oneCentre = (): readonly Day[] => {
  const days: string[][] = []
  for (const { line, deliverAtMs } of simulate({ seed: 5, fromMs: FROM, hours: 60, queues: 2, agents: 6 }))
    (days[Math.floor((deliverAtMs - FROM) / DAY_MS)] ??= []).push(line)
  return days.map((lines, day) => ({ lines, through: FROM + (day + 1) * DAY_MS }))
}

/** A log that took the days in this order, each with a tick at its end, and was projected afterwards. */
const projected = async (days: readonly Day[]): Promise<EventLog> => {
  const log = memoryLog()
  for (const { lines, through } of days) {
    await take(log, 't', lines)
    await tickTo(log, 't', through)
  }
  await project({ log, tenant: 't', profile: defaultProfile, batchMax: 10_000 })
  return log
}

const recordsIn = async (log: EventLog): Promise<number> =>
  (await eventsOf(log, kpiStream('t', 'g1'))).filter((event) => familyOf(event) !== undefined).length

describe.each([
  ['of several centres', () => otherCentres],
  ['of one centre', oneCentre],
])('three days %s that are imported with the last day first', (_, daysOf) => {
  test('publish at most 1.5 times the records of the order of time, and the same values', async () => {
    const days = daysOf()
    const inOrder = await projected(days)
    const lastFirst = await projected(days.toReversed())
    expect(intervalDigests(comparedRows(await rowsOf(lastFirst, 't')))).toEqual(
      intervalDigests(comparedRows(await rowsOf(inOrder, 't'))),
    )
    expect(await recordsIn(lastFirst)).toBeLessThanOrEqual(1.5 * (await recordsIn(inOrder)))
  }, 60_000)
})
