import { describe, expect, onTestFinished, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import { wallPeriods, type Periods } from '../../../../src/app/pipeline/egress/periods.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import type { Sink } from '../../../../src/egress/sink.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { recordingSink, type Fate } from '../../../support/recording-sink.js'
import { silent } from '../../../support/pipeline.js'
import { kpiLog } from './kpi-log.js'

/** Periods that end when the test says so. */
const periodsByHand = () => {
  let isDue = false
  const waiting: (() => void)[] = []
  let ended: (() => void)[] = []
  const periods: Periods = {
    due: (signal) =>
      new Promise((resolve) => {
        if (isDue) return resolve()
        waiting.push(resolve)
        signal.addEventListener('abort', () => resolve())
      }),
    done: () => {
      isDue = false
      for (const resolve of ended.splice(0)) resolve()
    },
  }
  /** Ends the period; resolves when everything of it is published. */
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      ended = [...ended, resolve]
      isDue = true
      for (const each of waiting.splice(0)) each()
    })
  return { periods, end }
}

const running = (log: EventLog, sink: Sink, periods: Periods) => {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const ended = runEgress({
    ...{ tenant: 't', logs: singleLog(log), sink, periods, batchMax: 2, untilCaughtUp: false },
    ...{ signal: stop.signal, logger: silent, now: () => 0 },
  })
  return { stop: () => (stop.abort(), ended) }
}

const revisionsIn = ({ records }: ReturnType<typeof recordingSink>) =>
  records.map(({ header }) => [header.dimensions[0], header.revision])

describe('a sink with periods', () => {
  test('publishes at the end of a period the latest revision of each row that changed, and nothing before', async () => {
    const { log, append } = await kpiLog()
    const { periods, end } = periodsByHand()
    const recording = recordingSink()
    const { stop } = running(log, recording.sink, periods)
    await append([{ row: 0 }, { row: 4 }])
    await append([{ row: 0 }])
    expect(recording.records).toEqual([])
    await end()
    expect(revisionsIn(recording)).toEqual([
      ['1', 1],
      ['0', 2],
    ])
    await end()
    expect(recording.records).toHaveLength(2)
    await append([{ row: 4 }])
    await append([{ row: 4 }])
    await end()
    expect(revisionsIn(recording).slice(2)).toEqual([['1', 3]])
    expect(await stop()).toEqual({ kind: 'stopped' })
  })

  test('leaves a batch that the projector has not finished to the next period', async () => {
    const { log, append } = await kpiLog()
    const { periods, end } = periodsByHand()
    const recording = recordingSink()
    running(log, recording.sink, periods)
    await append([{ row: 0 }])
    await append([{ row: 4 }], false)
    await end()
    expect(revisionsIn(recording)).toEqual([['0', 1]])
    await append([])
    await end()
    expect(revisionsIn(recording)).toEqual([
      ['0', 1],
      ['1', 1],
    ])
  })

  test.each<Fate>(['lost', 'lost answer'])(
    'whose destination fails in the middle of a period (%s) publishes the rest when it is back, each row once',
    async (fate) => {
      const { log, append } = await kpiLog()
      const { periods, end } = periodsByHand()
      const recording = recordingSink(undefined, ['ok', fate])
      running(log, recording.sink, periods)
      await append([{ row: 0 }, { row: 1 }, { row: 2 }, { row: 4 }, { row: 5 }])
      await end()
      expect(recording.records.map(({ header }) => header.key)).toHaveLength(5)
      expect(new Set(recording.records.map(({ header }) => header.key)).size).toBe(5)
    },
  )

  test('that is stopped before the end of a period publishes nothing early; the next start loses nothing', async () => {
    const { log, append } = await kpiLog()
    const recording = recordingSink()
    const first = periodsByHand()
    const { stop } = running(log, recording.sink, first.periods)
    await append([{ row: 0 }])
    expect(await stop()).toEqual({ kind: 'stopped' })
    expect(recording.records).toEqual([])
    const second = periodsByHand()
    running(log, recording.sink, second.periods)
    await second.end()
    expect(revisionsIn(recording)).toEqual([['0', 1]])
  })
})

describe('periods of the wall clock', () => {
  const never = new AbortController().signal
  const minute = (n: number): number => Date.parse('2026-01-05T10:00:00Z') + n * 60_000

  /** Periods of five minutes of a clock that is moved by waiting alone. */
  const fromMinute = (start: number) => {
    let at = minute(start)
    const periods = wallPeriods(
      5 * 60_000,
      () => at,
      (ms) => {
        at += ms
        return Promise.resolve()
      },
    )
    return { periods, now: () => at, goOn: (minutes: number) => (at += minutes * 60_000) }
  }

  test('end at multiples of their length, whenever the egress began', async () => {
    const { periods, now, goOn } = fromMinute(3)
    await periods.due(never)
    expect(now()).toBe(minute(5))
    goOn(1)
    periods.done()
    await periods.due(never)
    expect(now()).toBe(minute(10))
  })

  test('a period that is due and not done stays due: what a failure cut short goes on at once', async () => {
    const { periods, now, goOn } = fromMinute(3)
    await periods.due(never)
    goOn(1)
    await periods.due(never)
    expect(now()).toBe(minute(6))
  })

  test('a stop ends the wait', async () => {
    const stop = new AbortController()
    const due = wallPeriods(24 * 3_600_000, () => minute(0)).due(stop.signal)
    stop.abort()
    await expect(due).resolves.toBeUndefined()
  })
})
