import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import {
  anyConfiguration,
  anyCuts,
  anyLog,
  quickProfile,
  settingsStrewn,
  twoOrders,
  windowMs,
  windowStart,
} from '../../support/arbitrary-facts.js'
import { lastFigures, lastValues, rowsOf, textsOf } from '../../support/given.js'
import { rowsIn } from '../../support/kpi-events.js'
import { lawRuns } from '../../support/law-runs.js'

const runs = lawRuns(40)

const isWork = ({ type }: Fact): boolean => type === 'AfterCallWorkCompleted'
const tick = (windows: number): Fact => ({ type: 'ClockTicked', at: windowStart + windows * windowMs })

/** What a fold keeps of, so that the same a second time is known to it. */
const isKnownAgain = ({ type }: Fact): boolean =>
  type === 'UserSessionEnded' ||
  isWork({ type } as Fact) ||
  type === 'AgentStateEntered' ||
  type === 'ClockTicked' ||
  type === 'OutboundInitiated'

describe.each(['metric-records', 'detail-events'] as const)(
  'points from %s: restating and then settling is computing once',
  { timeout: 60_000 },
  (points) => {
    const profile = quickProfile(points)

    test('settings of the organisation that come on the way, late or early, end where those known from the start do', () => {
      fc.assert(
        fc.property(settingsStrewn, anyCuts, ({ log, settings, strewn }, cuts) => {
          const known = rowsOf(log, profile, [], { configuration: settings })
          expect(lastFigures(rowsOf(strewn, profile, cuts))).toEqual(lastFigures(known))
        }),
        runs,
      )
    })

    test('whatever is configured says the same at the start of the log as known before it', () => {
      fc.assert(
        fc.property(anyLog, anyConfiguration(points), (log, configuration) => {
          const first = rowsOf([...configuration, ...log, tick(2), tick(3)], profile)
          expect(lastFigures(rowsOf([...log, tick(2), tick(3)], profile, [], { configuration }))).toEqual(
            lastFigures(first),
          )
          // Where it stands in the log too, it is what is known already.
          const both = rowsOf([...log, ...configuration, tick(2), tick(3)], profile, [], { configuration })
          expect(lastFigures(both)).toEqual(lastFigures(first))
        }),
        runs,
      )
    })

    test('a fact that says again what is known changes no row, in whatever batch', () => {
      fc.assert(
        fc.property(twoOrders, anyConfiguration(points), anyCuts, ([log], configuration, cuts) => {
          const once: readonly Fact[] = [...configuration, ...log]
          const twice = once.flatMap((fact) =>
            isKnownAgain(fact) || configuration.includes(fact as never) ? [fact, { ...fact }] : [fact],
          )
          expect(lastFigures(rowsOf(twice, profile, cuts))).toEqual(lastFigures(rowsOf(once, profile)))
          expect(textsOf(rowsOf(twice, profile))).toEqual(textsOf(rowsOf(once, profile)))
        }),
        runs,
      )
    })
  },
)

describe('after-call work', { timeout: 60_000 }, () => {
  const profile = quickProfile('detail-events')

  test('that comes hours after its session was taken for handled ends where it would have, had it been known at once', () => {
    fc.assert(
      fc.property(twoOrders, ([log]) => {
        const late = [...log.filter((fact) => !isWork(fact)), tick(4), ...log.filter(isWork), tick(5)]
        expect(lastValues(rowsOf(late, profile))).toEqual(lastValues(rowsOf([...log, tick(4), tick(5)], profile)))
      }),
      runs,
    )
  })

  test('that contradicts what is known is refused, and no row changes by it', () => {
    fc.assert(
      fc.property(twoOrders, ([log]) => {
        const fold = new KpiProjection('acme', profile)
        for (const fact of log) {
          fold.apply(fact)
          if (fact.type === 'UserSessionEnded')
            expect(fold.apply({ ...fact, talkMs: fact.talkMs + 1 })?.reason).toBe('contradictory')
          if (fact.type === 'AfterCallWorkCompleted')
            expect(fold.apply({ ...fact, acwMs: fact.acwMs + 1 })?.reason).toBe('contradictory')
        }
        expect(textsOf(rowsIn(fold.drainEvents()))).toEqual(textsOf(rowsOf(log, profile)))
      }),
      runs,
    )
  })
})
