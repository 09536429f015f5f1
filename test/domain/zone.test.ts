import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { intervalAt } from '../../src/domain/granularity.js'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import { localDay, offsetAt, utc, zoneProblems, type Zone } from '../../src/domain/zone.js'
import { local, tableOf, wallClock } from './zone-tables.js'

const zones = new Map<string, Zone>()
const zone = (name: string): Zone => {
  let known = zones.get(name)
  if (known === undefined) zones.set(name, (known = tableOf(name)))
  return known
}

/**
 * Clocks of every kind: none, an hour, half an hour, at midnight, just after it, suspended for a month, and far from
 * Greenwich either way.
 */
const names = [
  ...[
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Pacific/Chatham',
  ],
  ...[
    'America/Santiago',
    'America/Havana',
    'America/Asuncion',
    'America/St_Johns',
    'America/Nuuk',
    'America/Scoresbysund',
    'Atlantic/Azores',
  ],
  ...[
    'Asia/Beirut',
    'Asia/Gaza',
    'Asia/Tehran',
    'Africa/Cairo',
    'Africa/Casablanca',
    'Pacific/Kiritimati',
    'Pacific/Pago_Pago',
  ],
]

const hours = (name: string, date: string): number => {
  const { start, end } = localDay(zone(name), local(zone(name), `${date}T12:00`))
  return (end - start) / HOUR_MS
}
const begins = (name: string, date: string): string => {
  const day = localDay(zone(name), local(zone(name), `${date}T12:00`))
  return `${wallClock(name, day.start)} ${new Date(day.start).toISOString()}`
}

describe('a local day', () => {
  test.each([
    ['Europe/Berlin', '2026-03-28', 24],
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['Europe/Berlin', '2026-10-26', 24],
    ['America/New_York', '2026-03-08', 23],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    ['Asia/Beirut', '2026-03-29', 23],
    ['America/Havana', '2026-03-08', 23],
    ['America/Havana', '2026-11-01', 25],
    ['America/Santiago', '2026-09-06', 23],
    ['America/Santiago', '2026-04-04', 25],
    ['Asia/Kathmandu', '2026-03-29', 24],
  ])('of %s on %s has %d hours', (name, date, length) => {
    expect(hours(name, date)).toBe(length)
  })

  test.each([
    ['Europe/Berlin', '2026-03-29', '2026-03-29T00:00:00 2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-03-30', '2026-03-30T00:00:00 2026-03-29T22:00:00.000Z'],
    ['Asia/Kathmandu', '2026-01-05', '2026-01-05T00:00:00 2026-01-04T18:15:00.000Z'],
    // There is no midnight: clocks go from 23:59:59 to 01:00.
    ['Asia/Beirut', '2026-03-29', '2026-03-29T01:00:00 2026-03-28T22:00:00.000Z'],
    ['America/Santiago', '2026-09-06', '2026-09-06T01:00:00 2026-09-06T04:00:00.000Z'],
    ['America/Havana', '2026-03-08', '2026-03-08T01:00:00 2026-03-08T05:00:00.000Z'],
    // Midnight comes twice: the day begins with the first.
    ['America/Havana', '2026-11-01', '2026-11-01T00:00:00 2026-11-01T04:00:00.000Z'],
    // 23:00 comes twice: the day begins after the second.
    ['America/Santiago', '2026-04-05', '2026-04-05T00:00:00 2026-04-05T04:00:00.000Z'],
  ])('of %s on %s begins at %s', (name, date, start) => {
    expect(begins(name, date)).toBe(start)
  })

  test('holds both passes of the repeated hour', () => {
    const berlin = zone('Europe/Berlin')
    const [first, second] = [Date.parse('2026-10-25T00:30:00Z'), Date.parse('2026-10-25T01:30:00Z')]
    expect(wallClock('Europe/Berlin', first)).toBe(wallClock('Europe/Berlin', second))
    expect(localDay(berlin, first)).toEqual(localDay(berlin, second))
    expect(intervalAt('PT1H', berlin, first)).not.toEqual(intervalAt('PT1H', berlin, second))
  })

  const anyDay = fc.tuple(
    fc.constantFrom(...names),
    fc.integer({ min: Date.UTC(2020, 0, 3), max: Date.UTC(2029, 11, 28) }),
  )

  test('ends where the next begins, and begins at its midnight or at the change that skips it', () => {
    fc.assert(
      fc.property(anyDay, ([name, at]) => {
        const day = localDay(zone(name), at)
        expect(day.start).toBeLessThanOrEqual(at)
        expect(day.end).toBeGreaterThan(at)
        expect(localDay(zone(name), day.start)).toEqual(day)
        expect(localDay(zone(name), day.end - 1)).toEqual(day)
        expect(localDay(zone(name), day.end).start).toBe(day.end)
        expect(localDay(zone(name), day.start - 1).end).toBe(day.start)
        const date = wallClock(name, day.start).slice(0, 10)
        expect(wallClock(name, at).slice(0, 10)).toBe(date)
        expect(wallClock(name, day.end - 1).slice(0, 10)).toBe(date)
        if (!wallClock(name, day.start).endsWith('T00:00:00'))
          expect(zone(name).offsets.map(([from]) => from)).toContain(day.start)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is the date that the wall clock shows, on both sides of every change', () => {
    for (const name of names) {
      for (const [change] of zone(name).offsets.slice(1)) {
        for (let at = change - 26 * HOUR_MS; at <= change + 26 * HOUR_MS; at += 30 * MINUTE_MS) {
          const { start, end } = localDay(zone(name), at)
          const [shown, first, last] = [at, start, end - 1].map((instant) => wallClock(name, instant).slice(0, 10))
          expect([name, first, last]).toEqual([name, shown, shown])
        }
      }
    }
  })

  test('is a whole number of base intervals, wherever these are accepted', () => {
    fc.assert(
      fc.property(anyDay, fc.constantFrom(15, 30, 60), ([name, at], minutes) => {
        fc.pre(zoneProblems(zone(name), minutes * MINUTE_MS).length === 0)
        const { start, end } = localDay(zone(name), at)
        expect([start % (minutes * MINUTE_MS), end % (minutes * MINUTE_MS)]).toEqual([0, 0])
      }),
      { numRuns: 1_000 },
    )
  })

  test('of UTC is that of the epoch, before 1970 too', () => {
    expect(localDay(utc, -1)).toEqual({ start: -DAY_MS, end: 0 })
    expect(localDay(utc, 0)).toEqual({ start: 0, end: DAY_MS })
    expect(intervalAt('P1D', utc, DAY_MS + 5)).toEqual({ start: DAY_MS, end: 2 * DAY_MS })
  })
})

describe('clocks that none of today’s zones has', () => {
  const midnight = Date.UTC(2026, 5, 10)

  test('back over midnight: the repeated end of a date belongs to the day that has begun', () => {
    // At 00:01 back to 23:01 of the day before, as in Newfoundland until 2011.
    const back: Zone = {
      name: 'Back',
      offsets: [
        [0, HOUR_MS],
        [midnight - HOUR_MS + MINUTE_MS, 0],
      ],
    }
    const repeated = midnight - 30 * MINUTE_MS
    expect(localDay(back, repeated)).toEqual({ start: midnight - HOUR_MS, end: midnight + DAY_MS })
    expect(localDay(back, midnight - HOUR_MS - 1)).toEqual({
      start: midnight - HOUR_MS - DAY_MS,
      end: midnight - HOUR_MS,
    })
  })

  test('a date is left out: the day before ends where the day after begins', () => {
    // From −10 to +14 at midnight, as in Samoa in 2011: the 10th of June does not take place.
    const change = midnight + 10 * HOUR_MS
    const skipping: Zone = {
      name: 'Skipping',
      offsets: [
        [0, -10 * HOUR_MS],
        [change, 14 * HOUR_MS],
      ],
    }
    expect(localDay(skipping, change - 1)).toEqual({ start: change - DAY_MS, end: change })
    expect(localDay(skipping, change)).toEqual({ start: change, end: change + DAY_MS })
  })

  test('forward over midnight: the day begins at the change', () => {
    // From 23:30 to 00:30.
    const change = midnight - 30 * MINUTE_MS
    const over: Zone = {
      name: 'Over',
      offsets: [
        [0, 0],
        [change, HOUR_MS],
      ],
    }
    expect(localDay(over, change - 1)).toEqual({ start: midnight - DAY_MS, end: change })
    expect(localDay(over, change)).toEqual({ start: change, end: midnight + DAY_MS - HOUR_MS })
  })

  test('two changes within a day', () => {
    const twice: Zone = {
      name: 'Twice',
      offsets: [
        [0, 0],
        [midnight - 5 * HOUR_MS, 3 * HOUR_MS],
        [midnight - HOUR_MS, HOUR_MS],
      ],
    }
    // 19:00 becomes 22:00; midnight by +3 is three hours before that of UTC, and two hours later the clocks go back
    // over it.
    expect(localDay(twice, midnight - 4 * HOUR_MS)).toEqual({ start: midnight - DAY_MS, end: midnight - 3 * HOUR_MS })
    expect(localDay(twice, midnight).end).toBe(midnight + DAY_MS - HOUR_MS)
  })

  test('a table without entries is UTC', () => {
    expect(localDay({ name: 'Empty', offsets: [] }, 5)).toEqual({ start: 0, end: DAY_MS })
  })
})

test('the offset at a change is the new one, before all changes the first', () => {
  const berlin = zone('Europe/Berlin')
  const change = Date.parse('2026-03-29T01:00:00Z')
  expect(offsetAt(berlin, change - 1)).toBe(HOUR_MS)
  expect(offsetAt(berlin, change)).toBe(2 * HOUR_MS)
  expect(offsetAt(berlin, -1e15)).toBe(HOUR_MS)
})

describe('days can be made of base intervals', () => {
  test.each([
    ['Europe/Berlin', 60],
    ['Europe/Berlin', 15],
    ['Asia/Kolkata', 30],
    ['Asia/Kathmandu', 15],
    ['Australia/Lord_Howe', 30],
    ['Asia/Beirut', 60],
  ])('of %s of %i minutes', (name, minutes) => {
    expect(zoneProblems(zone(name), minutes * MINUTE_MS)).toEqual([])
  })

  test.each([
    [
      'Asia/Kathmandu',
      30,
      /^days of Asia\/Kathmandu cannot be made of 30-minute intervals: its offset is \+05:45 from .*; take intervals of 15 minutes$/,
    ],
    ['Asia/Kathmandu', 60, /offset is \+05:45 .*; take intervals of 15 minutes$/],
    ['Asia/Kolkata', 60, /60-minute intervals: its offset is \+05:30 .*; take intervals of 15 or 30 minutes$/],
    ['Australia/Lord_Howe', 60, /offset is \+10:30 .*; take intervals of 15 or 30 minutes$/],
    ['America/St_Johns', 60, /offset is -03:30 .*; take intervals of 15 or 30 minutes$/],
    ['Pacific/Chatham', 30, /offset is \+13:45 .*; take intervals of 15 minutes$/],
  ])('but not of %s of %i minutes', (name, minutes, reason) => {
    const problems = zoneProblems(zone(name), minutes * MINUTE_MS)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(reason)
  })

  test('nor where clocks change within an interval', () => {
    const odd: Zone = {
      name: 'Odd',
      offsets: [
        [0, 0],
        [Date.UTC(2026, 0, 5, 10, 1), HOUR_MS],
      ],
    }
    expect(zoneProblems(odd, 15 * MINUTE_MS)).toEqual([
      'days of Odd cannot be made of 15-minute intervals: its clocks change at 2026-01-05T10:01:00.000Z; take a shorter interval or another zone',
    ])
  })

  test('nor of an offset that no interval divides', () => {
    expect(zoneProblems({ name: 'Old', offsets: [[0, 20 * MINUTE_MS]] }, 15 * MINUTE_MS)[0]).toMatch(
      /\+00:20 .*take another zone$/,
    )
  })
})
