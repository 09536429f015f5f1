import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { publishedText, type Row } from '../../../src/domain/row.js'
import { anyConfiguredLog, quickProfile } from '../../support/arbitrary-facts.js'
import { lastRows, rowsOf, textsOf } from '../../support/given.js'
import { rowsIn } from '../../support/kpi-events.js'
import { lawRuns } from '../../support/law-runs.js'
import { anyHappenings, publishedBy } from '../../support/published-life.js'

const runs = lawRuns(40)
const options = { restatedPerTick: 3 }
const every = Array.from({ length: 400 }, (_, index) => index)

/** Rows in the order in which they were published. */
const published = (...life: Parameters<typeof publishedBy>): readonly Row[] => rowsIn(publishedBy(...life))

describe.each(['metric-records', 'detail-events', 'conversation-details'] as const)(
  'points from %s, published now and then, through restarts and crashes',
  { timeout: 60_000 },
  (points) => {
    const profile = quickProfile(points)
    const anyLog = anyConfiguredLog(points)

    test('what was published last is the present state of every row that holds something', () => {
      fc.assert(
        fc.property(anyLog, anyHappenings, (log, happenings) => {
          const present = (rows: readonly Row[]) =>
            textsOf([...lastRows(rows).values()].filter((row) => publishedText(row) !== '')).toSorted()
          expect(present(published(log, happenings, profile, options.restatedPerTick))).toEqual(
            present(rowsOf(log, profile, every, options)),
          )
        }),
        runs,
      )
    })

    test('each revision is published once at most, in order, with the bytes it has when every change is published', () => {
      fc.assert(
        fc.property(anyLog, anyHappenings, (log, happenings) => {
          const finest = new Set(textsOf(rowsOf(log, profile, every, options)))
          const last = new Map<string, number>()
          for (const row of published(log, happenings, profile, options.restatedPerTick)) {
            expect(row.revision).toBeGreaterThan(last.get(row.key) ?? 0)
            last.set(row.key, row.revision)
            expect(finest).toContain(JSON.stringify(row))
          }
        }),
        runs,
      )
    })
  },
)
