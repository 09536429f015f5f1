import { expect, test } from 'vitest'
import { zoneOf } from '../../../src/app/config/profile/zones.js'
import {
  bytesText,
  countText,
  durationText,
  minuteText,
  percentText,
  secondText,
  spanText,
} from '../../../src/cli/command/figures.js'

test('a ratio is a percentage with one decimal, and nothing where there is nothing to divide by', () => {
  expect(percentText(831, 1_000)).toBe('83.1 %')
  expect(percentText(0, 7)).toBe('0.0 %')
  expect([percentText(1, 0), percentText(5, null)]).toEqual(['', ''])
})

test('a duration is hours, minutes and seconds, rounded to the second', () => {
  expect([252_000, 499, 500, 0, 360_000_000, -61_000].map(durationText)).toEqual([
    '00:04:12',
    '00:00:00',
    '00:00:01',
    '00:00:00',
    '100:00:00',
    '-00:01:01',
  ])
  expect(durationText(3_599_600)).toBe('01:00:00')
})

test('counts have their thousands apart, bytes and spans the unit that suits them', () => {
  expect([countText(1_234_567), countText(12n), countText(2.5)]).toEqual(['1,234,567', '12', '2.5'])
  expect([bytesText(512), bytesText(1_536), bytesText(5 * 1024 ** 3)]).toEqual(['512 B', '1.5 KiB', '5.0 GiB'])
  expect([850, 12_000, 252_000, 3_600_000, 93_600_000].map(spanText)).toEqual([
    '850 ms',
    '12 s',
    '4 min 12 s',
    '1 h',
    '1 d 2 h',
  ])
})

test('an instant is local time of the zone, by the offset in force then', () => {
  const berlin = zoneOf('Europe/Berlin')
  expect(minuteText(Date.UTC(2026, 0, 5, 7), berlin)).toBe('2026-01-05 08:00')
  expect(secondText(Date.UTC(2026, 6, 5, 7, 0, 9), berlin)).toBe('2026-07-05 09:00:09')
})
