import { expect, test } from 'vitest'
import { hasColor, styled } from '../../../src/cli/command/color.js'
import { Pace } from '../../../src/cli/command/pace.js'

test('colours are for terminals, unless NO_COLOR, --no-color or FORCE_COLOR say otherwise', () => {
  const terminal = { isTTY: true }
  const pipe = {}
  expect(hasColor(terminal, {}, [])).toBe(true)
  expect(hasColor(pipe, {}, [])).toBe(false)
  expect(hasColor(terminal, { NO_COLOR: '1' }, [])).toBe(false)
  expect(hasColor(terminal, { NO_COLOR: '' }, [])).toBe(true)
  expect(hasColor(terminal, {}, ['rows', '--no-color'])).toBe(false)
  expect(hasColor(pipe, { FORCE_COLOR: '1' }, [])).toBe(true)
  expect(hasColor(terminal, { FORCE_COLOR: '0' }, [])).toBe(false)
  expect(hasColor(terminal, { FORCE_COLOR: '1', NO_COLOR: '1' }, [])).toBe(false)
  expect(hasColor(terminal, { TERM: 'dumb' }, [])).toBe(false)
  expect([styled('x', 'red', true), styled('x', 'red', false)]).toEqual(['\u001b[31mx\u001b[39m', 'x'])
})

test('a pace tells the rate of the last seconds, and how long the rest takes at that rate', () => {
  const pace = new Pace(0)
  expect([pace.perSecond, pace.leftMs(100)]).toEqual([undefined, undefined])
  pace.mark(1_000, 10)
  expect([pace.perSecond, pace.leftMs(100)]).toEqual([10, 9_000])
  for (let second = 2; second <= 60; second++) pace.mark(second * 1_000, 10 + second * 100)
  expect(pace.perSecond).toBeCloseTo(100, 5)
  expect(pace.leftMs(0)).toBe(0)
})
