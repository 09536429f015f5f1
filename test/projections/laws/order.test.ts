import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { twoOrders, quickProfile } from '../../support/arbitrary-facts.js'
import { lastValues, rowsOf, textsOf } from '../../support/given.js'

/** Many in little time: each run of the suite tries others. */
const runs = { numRuns: 80 }

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
