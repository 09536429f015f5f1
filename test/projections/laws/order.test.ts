import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { anyCuts, twoOrders, quickProfile } from '../../support/arbitrary-facts.js'
import { lastValues, rowsOf, textsOf } from '../../support/given.js'
import { lawRuns } from '../../support/law-runs.js'
import { restartedFold } from '../../support/restarted-fold.js'

const runs = lawRuns(80)

describe.each(['metric-records', 'detail-events'] as const)('points from %s', { timeout: 60_000 }, (points) => {
  const profile = quickProfile(points)

  test('the last values do not depend on the order in which facts arrived, between the ticks or across them', () => {
    fc.assert(
      fc.property(twoOrders, ([one, other]) => {
        expect(lastValues(rowsOf(one, profile))).toEqual(lastValues(rowsOf(other, profile)))
      }),
      runs,
    )
  })

  test('nor on how often the clock ticked on the way, once it has come as far', () => {
    fc.assert(
      fc.property(twoOrders, fc.array(fc.boolean(), { minLength: 1 }), ([log], keep) => {
        const fewer = log.filter(
          (fact, index) =>
            fact.type !== 'ClockTicked' || index === log.length - 1 || keep[index % keep.length] === true,
        )
        expect(lastValues(rowsOf(fewer, profile))).toEqual(lastValues(rowsOf(log, profile)))
      }),
      runs,
    )
  })

  test('a tick that lags behind the frontier changes nothing', () => {
    fc.assert(
      fc.property(twoOrders, fc.nat(), ([log], place) => {
        const lagging: Fact[] = log.flatMap((fact, index) =>
          fact.type === 'ClockTicked' && index !== place ? [fact, { ...fact, at: fact.at - 1 }, fact] : [fact],
        )
        expect(textsOf(rowsOf(lagging, profile))).toEqual(textsOf(rowsOf(log, profile)))
      }),
      runs,
    )
  })
})

describe('in history, where nothing is too late', { timeout: 60_000 }, () => {
  // States last as long as an interval, and closed intervals are beyond the horizon at once.
  const quick = quickProfile('metric-records')
  const profile = {
    ...quick,
    lateHorizonMs: 0,
    agentState: { ...quick.agentState, stateMaxMs: quick.intervalMs },
  }

  test('the last values do not depend on the order, on cuts, or on what was spilled and loaded again', () => {
    fc.assert(
      fc.property(twoOrders, anyCuts, fc.boolean(), ([one, other], cuts, restarts) => {
        const { rows, refusals } = restartedFold(one, profile, cuts, restarts, { inHistory: true })
        expect(refusals).toEqual([])
        const known = rowsOf(other, { ...profile, lateHorizonMs: quick.lateHorizonMs })
        expect(lastValues(rows)).toEqual(lastValues(known))
      }),
      runs,
    )
  })
})
