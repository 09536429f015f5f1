import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addUp, differencesOf } from '../../../../src/app/operations/explain/added-up.js'
import { isOfStates, pointsOf, timesOf } from '../../../../src/app/operations/explain/contributions.js'
import { settingsAfter } from '../../../../src/app/operations/explain/in-force.js'
import { foldRuns } from '../../../../src/app/scoped/scoped-fold.js'
import { traceThrough, type Trace } from '../../../../src/app/scoped/trace.js'
import type { ClockTicked, Fact } from '../../../../src/domain/fact.js'
import type { PointSource, Profile } from '../../../../src/domain/profile.js'
import type { Row } from '../../../../src/domain/row.js'
import { anyConfiguredLog, quickProfile, windowMs, windowStart } from '../../../support/arbitrary-facts.js'
import { anyFetches, anyFetchesBesideEmissions } from '../../../support/arbitrary-fetches.js'
import { lawRuns } from '../../../support/law-runs.js'
import { runOfFacts } from '../../../support/run-of-facts.js'

const runs = lawRuns(60)

const generationOf = (profile: Profile) => ({
  ...{ profile, historyThrough: null, startedAt: new Date(windowStart).toISOString() },
})

/** The clock behind all facts: settings that closed rows are restated by have taken effect then. */
const after: readonly ClockTicked[] = [2, 2.1].map((windows) => ({
  ...{ type: 'ClockTicked', at: windowStart + windows * windowMs },
}))

const foldOf = (facts: readonly Fact[], profile: Profile) =>
  foldRuns(
    {
      ...{ tenant: 'acme', generation: generationOf(profile), scope: {}, trace: true },
      signal: new AbortController().signal,
    },
    [runOfFacts(facts)],
  )

/** What of rows their contributions do not add up to. */
const differencesIn = (
  rows: readonly Row[],
  trace: Trace,
  profile: Profile,
  known: Parameters<typeof settingsAfter>[1],
) => {
  const settings = settingsAfter(generationOf(profile), known)
  return rows.flatMap((row) => {
    const [points, times] = isOfStates(row.family) ? [[], timesOf(row, trace)] : [pointsOf(row, trace), []]
    const rendering = settings.rendering(row.family, row.start, settings.version)
    const differences = differencesOf(row, addUp(points, times, rendering, profile.quantiles))
    return differences.length === 0 ? [] : [{ key: row.key, differences }]
  })
}

const logsOf: Readonly<Record<PointSource, fc.Arbitrary<readonly Fact[]>>> = {
  'metric-records': anyConfiguredLog('metric-records'),
  'detail-events': anyConfiguredLog('detail-events'),
  'conversation-details': anyFetches,
  'metric-records-and-details': anyFetchesBesideEmissions,
}

describe.each(Object.entries(logsOf))('points from %s', { timeout: 120_000 }, (points, anyLog) => {
  const profile = quickProfile(points as PointSource)
  const anyFacts = anyLog.map((facts) => facts.filter(({ type }) => type !== 'ProfilePublished'))

  test('the contributions of every row add up to it, whatever was refused, taken back or came late', async () => {
    await fc.assert(
      fc.asyncProperty(anyFacts, async (facts) => {
        const { rows, trace, scanned, frontier } = await foldOf([...facts, ...after], profile)
        const known = { configuration: scanned.configuration, frontier }
        expect(differencesIn(rows, trace as Trace, profile, known)).toEqual([])
      }),
      runs,
    )
  })

  test('what a trace held through a place in the log is the trace of a fold that ends there', async () => {
    await fc.assert(
      fc.asyncProperty(anyFacts, fc.nat({ max: 60 }), async (facts, cut) => {
        const whole = await foldOf(facts, profile)
        const part = await foldOf(facts.slice(0, cut), profile)
        // A trace ends with the state of its points, not with how they came to it.
        const told = ({ points: found, ...others }: Trace) => ({
          ...others,
          points: found.map(({ settledAt, ...point }) => ({
            ...point,
            isPending: point.isPending && settledAt === null && point.takenBack === null,
          })),
        })
        const cutOut = told(traceThrough(whole.trace as Trace, BigInt(Math.min(cut, facts.length))))
        const ended = told(part.trace as Trace)
        const pending = (trace: typeof ended) => trace.points.map(({ isPending }) => isPending)
        expect(cutOut.points.map(({ metric, value, at, takenBack }) => [metric, value, at, takenBack])).toEqual(
          ended.points.map(({ metric, value, at, takenBack }) => [metric, value, at, takenBack]),
        )
        expect(pending(cutOut)).toEqual(pending(ended))
        expect(cutOut.spans).toEqual(ended.spans)
        expect(cutOut.refused).toEqual(ended.refused)
      }),
      runs,
    )
  })
})
