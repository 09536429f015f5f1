import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowKey } from '../../src/domain/row.js'
import { anyCuts, anyLog, quickProfile } from '../support/arbitrary-facts.js'
import { lastRows, rowsOf } from '../support/given.js'

const every = Array.from({ length: 400 }, (_, index) => index)

describe.each(['metric-records', 'detail-events'] as const)('points from %s', (points) => {
  const profile = quickProfile(points)

  test('a row revision says the same however the log was cut into batches', () => {
    fc.assert(
      fc.property(anyLog, anyCuts, (log, cuts) => {
        // Cut after every fact: every revision that ever was on show. Any other cut may skip revisions but not say something else.
        const finest = new Map(rowsOf(log, profile, every).map((row) => [`${rowKey(row)} ${row.revision}`, row]))
        for (const row of rowsOf(log, profile, cuts)) expect(row).toEqual(finest.get(`${rowKey(row)} ${row.revision}`))
      }),
    )
  })

  test('the last revision of each row does not depend on the cuts', () => {
    fc.assert(
      fc.property(anyLog, anyCuts, (log, cuts) => {
        expect(lastRows(rowsOf(log, profile, cuts))).toEqual(lastRows(rowsOf(log, profile)))
      }),
    )
  })

  test('revisions of a row only ever rise, so none is handed out twice', () => {
    fc.assert(
      fc.property(anyLog, anyCuts, (log, cuts) => {
        const last = new Map<string, number>()
        for (const row of rowsOf(log, profile, cuts)) {
          expect(row.revision).toBeGreaterThan(last.get(rowKey(row)) ?? 0)
          last.set(rowKey(row), row.revision)
        }
      }),
    )
  })

  test('a row is provisional before its interval closes, and final or corrected ever after', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const settled = new Set<string>()
        for (const row of rowsOf(log, profile, every)) {
          if (row.status !== 'provisional') settled.add(rowKey(row))
          expect(row.status === 'provisional').toBe(!settled.has(rowKey(row)))
        }
      }),
    )
  })
})
