import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConversationRecorded, Fact } from '../../../src/domain/fact.js'
import type { Profile } from '../../../src/domain/profile.js'
import { anyCuts, quickProfile, windowMs, windowStart } from '../../support/arbitrary-facts.js'
import { anyFetches } from '../../support/arbitrary-fetches.js'
import { lastFigures, lastValues, rowsOf, textsOf } from '../../support/given.js'
import { lawRuns } from '../../support/law-runs.js'
import { restartedFold } from '../../support/restarted-fold.js'

const runs = lawRuns(60)
const profile: Profile = quickProfile('conversation-details')
const end: Fact = { type: 'ClockTicked', at: windowStart + 2 * windowMs }

/** The last record of each conversation. */
const newest = (facts: readonly Fact[]): readonly Fact[] => [
  ...new Map(
    facts.flatMap((fact) => (fact.type === 'ConversationRecorded' ? [[fact.conversationId, fact] as const] : [])),
  ).values(),
]

describe('conversation records fetched again', { timeout: 60_000 }, () => {
  test('end with the figures of the last record of each conversation, whatever the earlier ones said', () => {
    fc.assert(
      fc.property(anyFetches, anyCuts, (facts, cuts) => {
        expect(lastFigures(rowsOf([...facts, end], profile, cuts))).toEqual(
          lastFigures(rowsOf([...newest(facts), end], profile)),
        )
      }),
      runs,
    )
  })

  test('give the points that metric records give', () => {
    fc.assert(
      fc.property(anyFetches, (facts) => {
        const points = newest(facts).flatMap((fact) =>
          fact.type === 'ConversationRecorded'
            ? fact.points.map((point): Fact => ({ type: 'MetricEmitted', ...point }))
            : [],
        )
        const plain = rowsOf([...points, end], { ...profile, points: 'metric-records' })
        expect(lastValues(rowsOf([...facts, end], profile))).toEqual(lastValues(plain))
      }),
      runs,
    )
  })

  test('that state nothing any more leave rows that say nothing', () => {
    fc.assert(
      fc.property(anyFetches, (facts) => {
        const emptied = newest(facts).map((fact) => ({ ...fact, points: [] }) as ConversationRecorded)
        const rows = rowsOf([...facts, ...emptied, end], profile)
        expect(lastValues(rows)).toEqual([])
        const last = new Map(rows.map((row) => [row.key, row]))
        for (const { measures, kpis } of last.values())
          expect([measures.filter((measure) => measure !== undefined), kpis]).toEqual([[], {}])
      }),
      runs,
    )
  })

  test('say the same at every revision however the log is cut, and whether closed cells are in memory or spilled', () => {
    fc.assert(
      fc.property(anyFetches, anyCuts, fc.boolean(), (facts, cuts, restarts) => {
        const log = [...facts, end]
        const every = log.map((_, index) => index)
        const finest = new Set(textsOf(rowsOf(log, profile, every)))
        const { rows } = restartedFold(log, profile, cuts, restarts)
        expect(textsOf(rows)).toEqual(textsOf(rowsOf(log, profile, cuts)))
        expect(textsOf(rows).filter((text) => !finest.has(text))).toEqual([])
      }),
      runs,
    )
  })
})
