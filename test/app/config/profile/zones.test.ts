import { describe, expect, test } from 'vitest'
import { UnknownZone, zoneOf } from '../../../../src/app/config/profile/zones.js'
import { localDay, offsetAt, utc } from '../../../../src/domain/zone.js'

const HOUR = 3_600_000
const hoursOf = (name: string, at: string): number => {
  const { start, end } = localDay(zoneOf(name), Date.parse(at))
  return (end - start) / HOUR
}
const refusal = (name: string): string => {
  try {
    zoneOf(name)
  } catch (cause) {
    if (cause instanceof UnknownZone) return cause.message
    throw cause
  }
  return 'it was taken'
}

test('UTC is a zone without changes', () => {
  expect(zoneOf('UTC')).toBe(utc)
  expect(zoneOf('utc')).toBe(utc)
})

test('a zone has every clock change from 2015 to 2045, to the second', () => {
  const { name, offsets } = zoneOf('Europe/Berlin')
  expect(name).toBe('Europe/Berlin')
  expect(offsets).toHaveLength(1 + 31 * 2)
  expect(offsets[0]).toEqual([0, HOUR])
  expect(offsets).toContainEqual([Date.parse('2026-03-29T01:00:00Z'), 2 * HOUR])
  expect(offsets).toContainEqual([Date.parse('2026-10-25T01:00:00Z'), HOUR])
  expect(offsets.at(-1)).toEqual([Date.parse('2045-10-29T01:00:00Z'), HOUR])
})

test.each([
  ['Asia/Kathmandu', [[0, 5.75 * HOUR]]],
  ['Asia/Kolkata', [[0, 5.5 * HOUR]]],
  ['America/Phoenix', [[0, -7 * HOUR]]],
])('%s never changed', (name, offsets) => {
  expect(zoneOf(name).offsets).toEqual(offsets)
})

test('days of clock changes have 23 and 25 hours, and 23.5 and 24.5 on Lord Howe', () => {
  expect(['2026-03-28', '2026-03-29', '2026-10-25'].map((day) => hoursOf('Europe/Berlin', `${day}T12:00:00Z`))).toEqual(
    [24, 23, 25],
  )
  expect(['2026-10-03T20:00:00Z', '2026-04-04T20:00:00Z'].map((at) => hoursOf('Australia/Lord_Howe', at))).toEqual([
    23.5, 24.5,
  ])
})

test('the table of a zone agrees with the runtime at every hour of a year', () => {
  for (const name of [
    'Europe/Berlin',
    'America/Santiago',
    'Africa/Casablanca',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Asia/Tehran',
  ]) {
    const zone = zoneOf(name)
    const format = new Intl.DateTimeFormat('en-GB', { timeZone: name, dateStyle: 'short', timeStyle: 'medium' })
    const asUtc = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' })
    for (let at = Date.UTC(2022, 0, 1); at < Date.UTC(2023, 0, 1); at += HOUR)
      if (format.format(at) !== asUtc.format(at + offsetAt(zone, at)))
        expect.fail(`${name} at ${new Date(at).toISOString()}`)
  }
})

test('a zone name gets the spelling of the database, in any case', () => {
  expect(zoneOf('europe/berlin')).toBe(zoneOf('Europe/Berlin'))
})

describe('an unknown zone name is refused with near names', () => {
  test.each([
    ['Europe/Berln', /"Europe\/Berln" is not a time zone; .* did you mean Europe\/Berlin\?/],
    ['Berlin', /did you mean Europe\/Berlin\?/],
    ['America/New York', /did you mean America\/New_York/],
    ['Mars/Olympus', /as in Europe\/Berlin or America\/New_York/],
    ['', /"" is not a time zone/],
  ])('%s', (name, message) => {
    expect(refusal(name)).toMatch(message)
  })
})
