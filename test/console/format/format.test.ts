import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clockTime, duration } from '../../../src/console/format/duration.js'
import { ago, day, instant, instantIn, isZone, localOf, time } from '../../../src/console/format/instant.js'
import { bytes, compact, count, counted, percent, rate } from '../../../src/console/format/number.js'

describe('durations', () => {
  test.each([
    [0, '0 s'],
    [400, '0.4 s'],
    [9_990, '9.9 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 05 min'],
    [172_800_000, '2 d'],
    [273_600_000, '3 d 4 h'],
    [-1_500, '-1.5 s'],
  ])('%i ms are shown as %s', (ms, text) => expect(duration(ms)).toBe(text))

  test('a duration that is not known is a dash', () => {
    expect([duration(undefined), duration(null), duration(Number.NaN), clockTime(null)]).toEqual(['–', '–', '–', '–'])
  })

  test.each([
    [20_400, '00:20'],
    [59_600, '01:00'],
    [754_000, '12:34'],
    [3_661_000, '1:01:01'],
  ])('a handling time of %i ms reads %s', (ms, text) => expect(clockTime(ms)).toBe(text))
})

describe('numbers', () => {
  test('counts have their thousands apart, and short ones are exact below ten thousand', () => {
    expect([count(1_234_567), compact(9_999), compact(12_345), count(undefined)]).toEqual([
      '1,234,567',
      '9,999',
      '12.3k',
      '–',
    ])
  })

  test('rates have a decimal place where they are small', () => {
    expect([rate(0), rate(0.44), rate(1_250.4), rate(null)]).toEqual(['0/s', '0.4/s', '1,250/s', '–'])
  })

  test('parts are shown in per cent, bytes in binary units, and nouns in their number', () => {
    expect([percent(0.8734), bytes(0), bytes(1_536), bytes(3 * 1024 ** 3)]).toEqual([
      '87.3 %',
      '0 B',
      '1.5 KiB',
      '3 GiB',
    ])
    expect([counted(1, 'event'), counted(2, 'event'), counted(0, 'entry', 'entries')]).toEqual([
      '1 event',
      '2 events',
      '0 entries',
    ])
  })
})

describe('instants', () => {
  const noon = '2026-07-01T10:05:09Z'

  test('an instant is shown in the chosen zone', () => {
    expect(instant(noon, 'Europe/Berlin')).toBe('2026-07-01 12:05:09')
    expect([day(noon, 'Pacific/Auckland'), time(noon, 'Asia/Kolkata')]).toEqual(['2026-07-01', '15:35'])
    expect([instant(null, 'UTC'), instant('teapot', 'UTC')]).toEqual(['–', '–'])
  })

  test('midnight is hour 00, not 24', () => expect(time('2026-01-05T00:00:00Z', 'UTC')).toBe('00:00'))

  test('what is past is so long ago, what is ahead comes in so long', () => {
    const now = Date.parse(noon)
    expect([ago(now - 61_500, now), ago(now + 5_000, now)]).toEqual(['1 min 01 s ago', 'in 5 s'])
  })

  test('only names of time zones are zones', () => {
    expect([isZone('Europe/Berlin'), isZone('Europe/Atlantis')]).toEqual([true, false])
  })

  test('a local time that comes twice is the first, and one that is skipped is the instant after the gap', () => {
    expect(instantIn('2026-10-25T02:30', 'Europe/Berlin')).toBe(Date.parse('2026-10-25T00:30:00Z'))
    expect(instantIn('2026-03-29T02:30', 'Europe/Berlin')).toBe(Date.parse('2026-03-29T01:30:00Z'))
    expect(instantIn('2026-01-05', 'America/New_York')).toBe(Date.parse('2026-01-05T05:00:00Z'))
    expect(instantIn('tomorrow', 'UTC')).toBeUndefined()
  })

  test('a local time that was shown names an instant that shows the same local time', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia']
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 21 }), fc.constantFrom(...zones), (halfHours, zone) => {
        const ms = Date.UTC(2020, 0, 1) + halfHours * 1_800_000
        const shown = localOf(ms, zone)
        expect(localOf(instantIn(shown, zone), zone)).toBe(shown)
      }),
      { numRuns: 300 },
    )
  })
})
