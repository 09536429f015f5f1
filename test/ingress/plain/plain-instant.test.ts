import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isoInstantOf } from '../../../src/domain/iso-instant.js'
import { plainInstant } from '../../../src/ingress/plain/plain-instant.js'

const instantOf = (text: string): number | undefined => {
  const bytes = Buffer.from(JSON.stringify(text))
  return plainInstant(bytes, 0, bytes.length)
}

const two = (min: number, max: number) => fc.integer({ min, max }).map((value) => String(value).padStart(2, '0'))
const year = fc.integer({ min: 1_990, max: 2_210 }).map(String)

describe('an instant to the millisecond in UTC', () => {
  test('is read as its text is, if it exists and lies between 2000 and 2200', () => {
    fc.assert(
      fc.property(
        fc.tuple(year, two(0, 13), two(0, 32), two(0, 25), two(0, 61), two(0, 61)),
        fc.integer({ min: 0, max: 999 }),
        ([years, months, days, hours, minutes, seconds], ms) => {
          const time = `${hours}:${minutes}:${seconds}.${String(ms).padStart(3, '0')}`
          const text = `${years}-${months}-${days}T${time}Z`
          const whole = isoInstantOf(text)
          const isExpected = typeof whole === 'number' && years >= '2000' && years < '2200'
          expect(instantOf(text)).toBe(isExpected ? whole : undefined)
        },
      ),
      { numRuns: 5_000 },
    )
  })

  test.each([
    '2026-01-05T10:00:12Z',
    '2026-01-05T10:00:12.4Z',
    '2026-01-05T10:00:12.411+0',
    '2026-01-05 10:00:12.411Z',
    '2026-01-05T10:00:12,411Z',
    '2026-01-05T1a:00:12.411Z',
    '2o26-01-05T10:00:12.411Z',
    '',
  ])('is not %s, which is left to the parser', (text) => {
    expect(instantOf(text)).toBeUndefined()
  })
})
