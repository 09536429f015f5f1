import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact, MetricEmitted } from '../../../src/domain/fact.js'
import { joinedMetrics } from '../../../src/domain/fact.js'
import type { Profile } from '../../../src/domain/profile.js'
import { anyCuts, quickProfile, windowMs, windowStart } from '../../support/arbitrary-facts.js'
import { anyFetchesBesideEmissions } from '../../support/arbitrary-fetches.js'
import { lastFigures, lastValues, rowsOf, textsOf } from '../../support/given.js'
import { lawRuns } from '../../support/law-runs.js'
import { restartedFold } from '../../support/restarted-fold.js'

const runs = lawRuns(60)
const profile: Profile = quickProfile('metric-records-and-details')
const end: Fact = { type: 'ClockTicked', at: windowStart + 2 * windowMs }

const conversationOf = ({ session }: MetricEmitted): string => (session ?? '').split('/')[0] as string

/** What counts of metric records and conversation records by the rule of the documentation, as metric records. */
const counted = (facts: readonly Fact[]): readonly Fact[] => {
  const records = new Map(
    facts.flatMap((fact) => (fact.type === 'ConversationRecorded' ? [[fact.conversationId, fact] as const] : [])),
  )
  const through = (conversationId: string): number =>
    Math.max(
      -Infinity,
      ...(records.get(conversationId)?.points ?? [])
        .filter(({ metric }) => metric !== 'nUnheardOf')
        .map((point) => point.at),
    )
  return [
    ...[...records.values()].flatMap(({ points }) =>
      points.map((point): Fact => ({ type: 'MetricEmitted', ...point })),
    ),
    ...facts.filter((fact) => fact.type === 'MetricEmitted' && fact.at > through(conversationOf(fact))),
  ]
}

/** Callbacks are joined by their session, which the rule above leaves to a test of its own. */
const isJoined = (fact: Fact): boolean =>
  fact.type === 'MetricEmitted' && joinedMetrics.has(fact.metric) && fact.mediaType === 'callback'

describe('metric records and records of whole conversations together', { timeout: 60_000 }, () => {
  test('count the newest record of each conversation, and what was emitted after its last emission', () => {
    fc.assert(
      fc.property(anyFetchesBesideEmissions, anyCuts, (all, cuts) => {
        const facts = all.filter((fact) => !isJoined(fact))
        const plain = rowsOf([...counted(facts), end], { ...profile, points: 'metric-records' })
        expect(lastValues(rowsOf([...facts, end], profile, cuts))).toEqual(lastValues(plain))
      }),
      runs,
    )
  })

  test('end with the same figures in whatever order records and metric records come', () => {
    fc.assert(
      fc.property(anyFetchesBesideEmissions, fc.infiniteStream(fc.nat()), (facts, places) => {
        const inOrder = facts.filter((fact) => fact.type !== 'MetricEmitted')
        const moved: Fact[] = [...inOrder]
        for (const fact of facts)
          if (fact.type === 'MetricEmitted') moved.splice((places.next().value as number) % (moved.length + 1), 0, fact)
        expect(lastFigures(rowsOf([...moved, end], profile))).toEqual(lastFigures(rowsOf([...facts, end], profile)))
      }),
      runs,
    )
  })

  test('without any conversation record are metric records', () => {
    fc.assert(
      fc.property(anyFetchesBesideEmissions, anyCuts, (facts, cuts) => {
        const emitted = [...facts.filter(({ type }) => type !== 'ConversationRecorded'), end]
        expect(lastFigures(rowsOf(emitted, profile, cuts))).toEqual(
          lastFigures(rowsOf(emitted, { ...profile, points: 'metric-records' }, cuts)),
        )
      }),
      runs,
    )
  })

  test('say the same at every revision however the log is cut, and whether state is in memory or spilled', () => {
    fc.assert(
      fc.property(anyFetchesBesideEmissions, anyCuts, fc.boolean(), (facts, cuts, restarts) => {
        const log = [...facts, end]
        const { rows } = restartedFold(log, profile, cuts, restarts)
        expect(textsOf(rows)).toEqual(textsOf(rowsOf(log, profile, cuts)))
      }),
      runs,
    )
  })
})
