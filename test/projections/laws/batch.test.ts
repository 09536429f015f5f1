import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
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

    test('the last revision of each row does not depend on the cuts', () => {
      fc.assert(
        fc.property(anyLog, anyCuts, (log, cuts) => {
          const last = (where: readonly number[]) =>
            textsOf([...lastRows(rowsOf(log, profile, where, options)).values()]).toSorted()
          expect(last(cuts)).toEqual(last([]))
        }),
        runs,
      )
    })

    test('revisions of a row only ever rise, so none is handed out twice, and none is of an empty row', () => {
      fc.assert(
        fc.property(anyLog, anyCuts, (log, cuts) => {
          const last = new Map<string, number>()
          for (const { key, revision, measures } of rowsOf(log, profile, cuts, options)) {
            expect(revision).toBeGreaterThan(last.get(key) ?? 0)
            if (!last.has(key) && revision === 1) expect(measures.some((measure) => measure !== undefined)).toBe(true)
            last.set(key, revision)
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
