import { describe, expect, onTestFinished, test } from 'vitest'
import { clockReport, takeClockBack, tickClock } from '../../../src/app/operations/clock.js'
import { behindHorizon } from '../../../src/app/operations/dead-letters.js'
import { rebuild } from '../../../src/app/operations/generations/rebuild.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { latestRows } from '../../../src/contract/kpi-stream/latest.js'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/domain/interval.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { valueText } from '../../../src/domain/row.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { silent, take, tickTo } from '../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const NOW = FROM + 3 * HOUR_MS
const jumpMaxMs = HOUR_MS
const lines = [...simulate({ seed: 17, fromMs: FROM, hours: 1, queues: 2, agents: 10 })].map(({ line }) => line)
const half = Math.floor(lines.length / 2)

const options = (raw: EventLog) => ({
  ...{ tenant: 't', profile: defaultProfile, logs: singleLog(raw), data: undefined, raw, batchMax: 100 },
  ...{ untilCaughtUp: true, signal: new AbortController().signal, logger: silent, now: () => 0 },
})
const projected = async (raw: EventLog): Promise<void> => {
  expect(await runLiveProjector(options(raw))).toMatchObject({ kind: 'caught-up' })
}
const tooLate = (raw: EventLog): Promise<number> => behindHorizon(singleLog(raw), 't')
const rows = async (raw: EventLog, generation: string) =>
  [...(await latestRows(raw, 't', generation)).values()].map(({ row }) => row)
const log = (): EventLog => {
  const raw = memoryLog()
  onTestFinished(() => raw.close())
  return raw
}

/** Half of the events, then a tick of a machine that is 30 days ahead. */
const wentWrong = async (raw: EventLog): Promise<void> => {
  await take(raw, 't', lines.slice(0, half))
  await tickTo(raw, 't', FROM + 20 * MINUTE_MS)
  await tickTo(raw, 't', FROM + 30 * DAY_MS)
  await projected(raw)
}
const calm = async (raw: EventLog): Promise<void> => {
  await take(raw, 't', lines.slice(0, half))
  await tickTo(raw, 't', FROM + 20 * MINUTE_MS)
  await projected(raw)
}
const goOn = async (raw: EventLog): Promise<void> => {
  await take(raw, 't', lines.slice(half))
  await tickTo(raw, 't', NOW)
  await projected(raw)
}

describe('a clock that ticked 30 days too far', () => {
  test('makes every later event too late, until it is taken back; then all of them count', async () => {
    const wrong = log()
    await wentWrong(wrong)
    await goOn(wrong)
    expect(await tooLate(wrong)).toBeGreaterThan(100)

    const mended = log()
    await wentWrong(mended)
    expect(await takeClockBack(mended, 't', { to: undefined, now: NOW, jumpMaxMs, dryRun: false })).toEqual({
      from: FROM + 30 * DAY_MS,
      to: FROM + 20 * MINUTE_MS,
    })
    await goOn(mended)
    expect(await tooLate(mended)).toBe(0)

    const right = log()
    await calm(right)
    await goOn(right)
    const textsOf = async (raw: EventLog) =>
      (await rows(raw, 'g1'))
        .map(valueText)
        .filter((text) => text !== '')
        .sort()
    expect(await textsOf(mended)).toEqual(await textsOf(right))
  })

  test('leaves no trace in a rebuild after it was taken back: rows, statuses and revisions are those of a calm log', async () => {
    const wrong = log()
    await wentWrong(wrong)
    await takeClockBack(wrong, 't', { to: undefined, now: NOW, jumpMaxMs, dryRun: false })
    await goOn(wrong)
    const right = log()
    await calm(right)
    await goOn(right)
    const rebuilt = async (raw: EventLog) => {
      const { generation } = await rebuild({ ...options(raw), batchMax: 100_000, promote: true })
      return (await rows(raw, generation.name)).map((row) => JSON.stringify(row)).sort()
    }
    expect(await rebuilt(wrong)).toEqual(await rebuilt(right))
  })

  test('is shown with its jump and the tick to go back to; a dry run changes nothing', async () => {
    const raw = log()
    await wentWrong(raw)
    const before = await clockReport(raw, 't', { now: NOW, jumpMaxMs })
    expect(before).toMatchObject({
      frontier: FROM + 30 * DAY_MS,
      lastNotAfterNow: FROM + 20 * MINUTE_MS,
      jumps: [{ from: FROM + 20 * MINUTE_MS, to: FROM + 30 * DAY_MS }],
    })
    await takeClockBack(raw, 't', { to: undefined, now: NOW, jumpMaxMs, dryRun: true })
    expect(await clockReport(raw, 't', { now: NOW, jumpMaxMs })).toEqual(before)
    await takeClockBack(raw, 't', { to: undefined, now: NOW, jumpMaxMs, dryRun: false })
    expect(await clockReport(raw, 't', { now: NOW, jumpMaxMs })).toMatchObject({
      ...{ frontier: FROM + 20 * MINUTE_MS, takeBacks: 1, jumps: [] },
    })
  })

  test('that went wrong twice is taken back to the same instant twice', async () => {
    const raw = log()
    await tickTo(raw, 't', FROM)
    for (const days of [30, 40]) {
      await tickTo(raw, 't', FROM + days * DAY_MS)
      await takeClockBack(raw, 't', { to: FROM, now: NOW, jumpMaxMs, dryRun: false })
      expect(await clockReport(raw, 't', { now: NOW, jumpMaxMs })).toMatchObject({ frontier: FROM })
    }
  })
})

test('the clock is not taken back to where it is, nor without a sign that it is wrong', async () => {
  const raw = log()
  const back = (to?: number) => takeClockBack(raw, 't', { to, now: NOW, jumpMaxMs, dryRun: false })
  await expect(back(FROM)).rejects.toThrow('never ticked')
  await tickTo(raw, 't', FROM)
  await expect(back()).rejects.toThrow('not in the future: say with --to')
  await expect(back(FROM)).rejects.toMatchObject({ name: 'ClockRefused' })
})

test('a tick by hand moves the clock forward, never into the future', async () => {
  const raw = log()
  const tick = (at: number, dryRun = false) => tickClock(raw, 't', { at, now: NOW, jumpMaxMs, dryRun })
  expect(await tick(FROM, true)).toEqual({ from: undefined, to: FROM })
  expect(await tick(FROM)).toEqual({ from: undefined, to: FROM })
  await expect(tick(FROM)).rejects.toThrow('stands at 2026-01-05T06:00:00.000Z already')
  await expect(tick(NOW + 1)).rejects.toThrow('in the future')
})
