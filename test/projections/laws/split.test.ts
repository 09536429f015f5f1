import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { MINUTE_MS } from '../../../src/domain/interval.js'
import { bucketOf } from '../../../src/domain/stream-name.js'
import {
  anyConfiguredLog,
  anyCuts,
  anyInstant,
  anyLogTakenBack,
  anyTick,
  quickProfile,
} from '../../support/arbitrary-facts.js'
import { anyFetches, anyFetchesBesideEmissions } from '../../support/arbitrary-fetches.js'
import { nowhere } from '../../support/fact-builders.js'
import { rowsOf, textsOf } from '../../support/given.js'
import { lawRuns } from '../../support/law-runs.js'
import { splitRowsOf, type Split } from '../../support/split-fold.js'

const runs = lawRuns(40)
const few = { restatedPerTick: 3 }

const anySplit: fc.Arbitrary<Split> = fc
  .record({ finders: fc.integer({ min: 1, max: 5 }), salt: fc.nat(), cuts: anyCuts })
  .map(({ finders, salt, cuts }) => ({ finders, cuts, of: (id) => parseInt(bucketOf(`${salt} ${id}`), 16) }))

/** Rows as texts; the order of rows within one batch means nothing. */
const sorted = (rows: ReturnType<typeof rowsOf>): readonly string[] => textsOf(rows).toSorted()

describe.each(['metric-records', 'detail-events'] as const)(
  'points from %s, found by several that own disjoint entities',
  { timeout: 120_000 },
  (points) => {
    const profile = quickProfile(points)

    test.each([
      ['with configuration that changes on the way', anyConfiguredLog(points)],
      ['with a clock that is taken back', anyLogTakenBack],
    ])('give the rows and revisions of one, wherever all restart: %s', (_, anyLog) => {
      fc.assert(
        fc.property(anyLog, anySplit, (log, split) => {
          expect(sorted(splitRowsOf(log, profile, split, few))).toEqual(sorted(rowsOf(log, profile, split.cuts, few)))
        }),
        runs,
      )
    })

    test('give the rows of one in history with known take-backs of the clock', () => {
      fc.assert(
        fc.property(anyLogTakenBack, anySplit, (log, split) => {
          const takeBacks = log.flatMap((fact) => (fact.type === 'ClockTakenBack' ? [fact.at] : []))
          const history = { ...few, inHistory: true, takeBacks }
          expect(sorted(splitRowsOf(log, profile, split, history))).toEqual(
            sorted(rowsOf(log, profile, split.cuts, history)),
          )
        }),
        runs,
      )
    })
  },
)

test.each([
  ['conversation-details', anyFetches],
  ['metric-records-and-details', anyFetchesBesideEmissions],
] as const)(
  'conversation records that are fetched again give the same, by whomever, with points from %s',
  { timeout: 120_000 },
  (points, anyLog) => {
    const profile = quickProfile(points)
    fc.assert(
      fc.property(anyLog, anySplit, (log, split) => {
        expect(sorted(splitRowsOf(log, profile, split))).toEqual(sorted(rowsOf(log, profile, split.cuts)))
      }),
      runs,
    )
  },
)

/** Metric records that are joined by the session of a callback, and the clock between them. */
const anyCallbacks: fc.Arbitrary<readonly Fact[]> = fc.array(
  fc.oneof(
    { arbitrary: anyTick, weight: 1 },
    {
      arbitrary: fc
        .record({
          at: anyInstant,
          metric: fc.constantFrom('nOverSla', 'tCfcAnswered', 'tAnswered'),
          session: fc.constantFrom('c1/s1', 'c1/s2', 'c2/s3'),
        })
        .map(({ at, metric, session }): Fact => ({
          ...{ ...nowhere, type: 'MetricEmitted', metric, value: 1, at, session, queueId: 'sales' },
          mediaType: 'callback',
        })),
      weight: 4,
    },
  ),
  { maxLength: 20 },
)

test('metric records that are joined by their session give the same, by whomever', { timeout: 120_000 }, () => {
  const short = quickProfile('metric-records')
  const profile = { ...short, correlation: { ...short.correlation, restateHorizonMs: 20 * MINUTE_MS } }
  fc.assert(
    fc.property(anyCallbacks, anySplit, (log, split) => {
      expect(sorted(splitRowsOf(log, profile, split))).toEqual(sorted(rowsOf(log, profile, split.cuts)))
    }),
    runs,
  )
})
