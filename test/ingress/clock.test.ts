import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { appendTick, EventTimeClock, wallTick } from '../../src/ingress/clock.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { eventsOf } from './log-content.js'

const MINUTE = 60_000
const late = 1_000 * MINUTE

describe('the clock of event time', () => {
  test('ticks at whole steps of the latest instant seen, once each', () => {
    const clock = new EventTimeClock(MINUTE)
    expect(
      [10 * MINUTE + 5, 10 * MINUTE + 59_999, 11 * MINUTE, 13 * MINUTE + 1].map((at) => clock.seen(at, late)),
    ).toEqual([10 * MINUTE, undefined, 11 * MINUTE, 13 * MINUTE])
  })

  test('does not move for older input, or input without an instant', () => {
    const clock = new EventTimeClock(MINUTE)
    expect(clock.seen(20 * MINUTE, late)).toBe(20 * MINUTE)
    expect([5 * MINUTE, undefined, 19 * MINUTE].map((at) => clock.seen(at, late))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('never passes the present: an event dated in the future closes no interval', () => {
    const clock = new EventTimeClock(MINUTE)
    expect(clock.seen(90 * MINUTE, 10 * MINUTE + 30_000)).toBe(10 * MINUTE)
    expect(clock.seen(11 * MINUTE, 12 * MINUTE)).toBe(12 * MINUTE) // the future event was seen; time has come on
    expect(clock.end(12 * MINUTE + 7)).toBe(12 * MINUTE + 7)
  })

  test('ends at the latest instant, which need not be a whole step', () => {
    const clock = new EventTimeClock(MINUTE)
    expect(clock.end(late)).toBeUndefined()
    clock.seen(7 * MINUTE + 123, late)
    expect(clock.end(late)).toBe(7 * MINUTE + 123)
    expect(clock.end(late)).toBeUndefined()
  })

  test('its ticks increase and never pass the latest instant seen or the present', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(10_000_000), fc.nat(10_000_000)), { maxLength: 40 }), (steps) => {
        const clock = new EventTimeClock(MINUTE)
        let [latest, last] = [0, -1]
        for (const [at, now] of steps) {
          latest = Math.max(latest, at)
          const tick = clock.seen(at, now)
          if (tick === undefined) continue
          expect(tick).toBeGreaterThan(last)
          expect(tick).toBeLessThanOrEqual(Math.min(latest, now))
          last = tick
        }
      }),
    )
  })
})

test('a tick is stored once, however often it is appended', async () => {
  const log = memoryLog()
  for (const at of [1, 1, 2]) await appendTick(log, 'acme', at * MINUTE)
  const ticks = await eventsOf(log, 'acme.clock')
  expect(ticks.map(({ type, data }) => [type, Buffer.from(data).toString()])).toEqual([
    ['ClockTicked', '{"at":60000}'],
    ['ClockTicked', '{"at":120000}'],
  ])
})

test('a tick that the log refuses is reported', async () => {
  const log = memoryLog()
  await log.close()
  await expect(appendTick(log, 'acme', MINUTE)).rejects.toBeInstanceOf(NotIngested)
})

describe('a tick of the wall clock', () => {
  const limits = { everyMs: MINUTE, jumpMaxMs: 60 * MINUTE, latest: undefined }

  test('comes at whole steps, once each, and the first one without anything to compare it with', () => {
    expect(wallTick(90_500, { ...limits, frontier: undefined })).toEqual({ kind: 'tick', at: MINUTE })
    expect(wallTick(90_500, { ...limits, frontier: MINUTE })).toEqual({ kind: 'none' })
  })

  test('is held beyond the bound after the last tick and the latest event, and not at it', () => {
    const at = 61 * MINUTE
    expect(wallTick(at, { ...limits, frontier: MINUTE })).toEqual({ kind: 'tick', at })
    const later = at + MINUTE
    expect(wallTick(later, { ...limits, frontier: MINUTE })).toEqual({
      kind: 'held',
      at: later,
      aheadMs: later - MINUTE,
    })
    expect(wallTick(later, { ...limits, frontier: MINUTE, latest: 2 * MINUTE })).toEqual({ kind: 'tick', at: later })
    expect(wallTick(later, { ...limits, frontier: undefined, latest: 0 })).toMatchObject({ kind: 'held' })
  })

  test('tells a last tick that lies beyond the machine by more than the bound', () => {
    expect(wallTick(0, { ...limits, frontier: 60 * MINUTE })).toEqual({ kind: 'none' })
    expect(wallTick(0, { ...limits, frontier: 61 * MINUTE })).toMatchObject({ kind: 'frontier-ahead' })
  })
})
