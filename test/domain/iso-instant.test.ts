import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isoInstantOf } from '../../src/domain/iso-instant.js'

const year = fc.integer({ min: 2000, max: 2199 })

test('every instant that exists is read as Date.parse reads it, in every spelling of its zone', () => {
  const offset = fc.tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 14 * 60 }), fc.constantFrom('', ':'))
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2000-01-01'), max: new Date('2199-12-31'), noInvalidDate: true }),
      offset,
      (date, [sign, minutes, colon]) => {
        const iso = date.toISOString()
        const [hh, mm] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'))
        for (const text of [iso, iso.replace('Z', `${sign}${hh}${colon}${mm}`), iso.replace(/\.\d+/, '')])
          expect(isoInstantOf(text)).toBe(Date.parse(text))
      },
    ),
  )
})

test('a day is taken exactly if the calendar has it', () => {
  const pad = (part: number): string => String(part).padStart(2, '0')
  fc.assert(
    fc.property(year, fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }), (y, month, day) => {
      const utc = new Date(Date.UTC(y, month - 1, day))
      const exists = utc.getUTCFullYear() === y && utc.getUTCMonth() === month - 1 && utc.getUTCDate() === day
      expect(isoInstantOf(`${y}-${pad(month)}-${pad(day)}T10:00:00Z`)).toBe(
        exists ? utc.getTime() + 10 * 3_600_000 : 'impossible',
      )
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  '2026-02-30T10:00:00Z',
  '2026-02-29T10:00:00Z',
  '2100-02-29T10:00:00Z',
  '2026-04-31T10:00:00+02:00',
  '2026-00-10T10:00:00Z',
  '2026-13-10T10:00:00Z',
  '2026-01-00T10:00:00Z',
  '2026-01-32T10:00:00Z',
  '2026-01-05T24:00:00Z',
  '2026-01-05T24:00Z',
  '2026-01-05T25:00:00Z',
  '2026-01-05T10:60:00Z',
  '2026-01-05T10:00:60Z',
  '2016-12-31T23:59:60Z',
  '2026-01-05T10:00:00+24:00',
  '2026-01-05T10:00:00+14:01',
  '2026-01-05T10:00:00-1500',
  '2026-01-05T10:00:00+01:60',
  '2026-01-05T10:00:00+0199',
])('%s does not exist', (text) => expect(isoInstantOf(text)).toBe('impossible'))

test.each(['2026-01-05', '2026-01-05T10:00:00', '2026-01-05 10:00:00Z', '5 Jan 2026', '', '2026-1-5T10:00:00Z'])(
  '%j is not an instant with a zone',
  (text) => expect(isoInstantOf(text)).toBe('malformed'),
)
