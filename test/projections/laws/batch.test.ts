import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { publishedText } from '../../../src/domain/row.js'
import { anyConfiguredLog, anyCuts, quickProfile } from '../../support/arbitrary-facts.js'
import { lastRows, rowsOf, textsOf } from '../../support/given.js'
import { lawRuns } from '../../support/law-runs.js'

const runs = lawRuns(40)

const every = Array.from({ length: 400 }, (_, index) => index)
// So few that restating goes on for many ticks, and facts, closings and further changes come in between.
const options = { restatedPerTick: 3 }

describe.each(['metric-records', 'detail-events'] as const)(
  'points from %s, with settings that change on the way',
  { timeout: 60_000 },
  (points) => {
    const profile = quickProfile(points)
    const anyLog = anyConfiguredLog(points)

    test('a row revision says the same however the log was cut into batches', () => {
      fc.assert(
        fc.property(anyLog, anyCuts, (log, cuts) => {
          // Cut after every fact: every revision that ever was on show. Any other cut may skip revisions but not say
          // something else.
          const finest = new Set(textsOf(rowsOf(log, profile, every, options)))
          expect(textsOf(rowsOf(log, profile, cuts, options)).filter((text) => !finest.has(text))).toEqual([])
        }),
        runs,
      )
    })

    test('the last revision of each row does not depend on the cuts, but for rows that hold nothing', () => {
      fc.assert(
        fc.property(anyLog, anyCuts, (log, cuts) => {
          // Nobody is told of a row that was never published and holds nothing; with other cuts it may have been.
          const last = (where: readonly number[]) =>
            textsOf(
              [...lastRows(rowsOf(log, profile, where, options)).values()].filter((row) => publishedText(row) !== ''),
            ).toSorted()
          expect(last(cuts)).toEqual(last([]))
        }),
        runs,
      )
    })

    test('revisions of a row only ever rise, so none is handed out twice, and the first holds something', () => {
      fc.assert(
        fc.property(anyLog, anyCuts, (log, cuts) => {
          const last = new Map<string, number>()
          for (const row of rowsOf(log, profile, cuts, options)) {
            expect(row.revision).toBeGreaterThan(last.get(row.key) ?? 0)
            if (!last.has(row.key)) expect(publishedText(row)).not.toBe('')
            last.set(row.key, row.revision)
          }
        }),
        runs,
      )
    })

    test('a row is provisional before its interval closes, and final or corrected ever after, with a reason', () => {
      fc.assert(
        fc.property(anyLog, (log) => {
          const settled = new Set<string>()
          for (const { key, status, correction } of rowsOf(log, profile, every, options)) {
            if (status !== 'provisional') settled.add(key)
            expect(status === 'provisional').toBe(!settled.has(key))
            expect(correction !== null).toBe(status === 'corrected')
          }
        }),
        runs,
      )
    })
  },
)
