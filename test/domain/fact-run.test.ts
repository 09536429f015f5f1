import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noDimensions } from '../../src/domain/dimensions.js'
import type { Fact, MetricEmitted } from '../../src/domain/fact.js'
import { FactRunBuilder, factRunOf, NOT_A_POINT } from '../../src/domain/fact-run.js'
import { metricNames } from '../../src/domain/metric.js'
import { anyConfiguredLog, anyLog } from '../support/arbitrary-facts.js'
import { at, emitted, queued, ticked } from '../support/fact-builders.js'
import { lawRuns } from '../support/law-runs.js'

const factsOf = (run: ReturnType<typeof factRunOf>): readonly Fact[] =>
  Array.from({ length: run.length }, (_, entry) => run.fact(entry))

describe('a run of facts', () => {
  test('gives back every fact as it was added', () => {
    const anyFacts = fc.oneof(anyLog, anyConfiguredLog('metric-records'), anyConfiguredLog('detail-events'))
    fc.assert(
      fc.property(anyFacts, (facts) => {
        expect(factsOf(factRunOf(facts))).toEqual(facts)
      }),
      lawRuns(100),
    )
  })

  test('holds the points in columns, and each set of dimension values once', () => {
    const run = factRunOf([
      emitted('tAnswered', 9_000, '10:00', { queue: 'sales' }),
      queued('sales', '10:01'),
      emitted('nOffered', 1, '10:02', { queue: 'sales' }),
      emitted('nOffered', 1, '10:03', { queue: 'service' }),
    ])
    expect([...run.metric.subarray(0, run.length)].map((place) => metricNames[place])).toEqual([
      'tAnswered',
      undefined,
      'nOffered',
      'nOffered',
    ])
    expect(run.metric[1]).toBe(NOT_A_POINT)
    expect([run.value[0], run.at[0]]).toEqual([9_000, at('10:00')])
    expect([run.tuple[0], run.tuple[2], run.tuple[3]]).toEqual([0, 0, 1])
    expect(run.tuples.map(({ queueId }) => queueId)).toEqual(['sales', 'service'])
  })

  test('tells sets of dimension values apart where only their lists are cut differently', () => {
    const point = (skillIds: readonly string[], languageId: string | null): MetricEmitted => ({
      ...{ type: 'MetricEmitted', metric: 'nOffered', value: 1, at: 0 },
      ...{ ...noDimensions, skillIds, languageId },
    })
    const run = factRunOf([point(['a', 'b'], null), point(['a'], 'b'), point(['a,b'], null), point([], 'null')])
    expect(run.tuples).toHaveLength(4)
  })

  test('a metric that the catalogue does not have is no point, and its fact stays whole', () => {
    const fact = emitted('nUnheardOf', 1, '10:00', {})
    const run = factRunOf([fact])
    expect(run.metric[0]).toBe(NOT_A_POINT)
    expect(run.fact(0)).toStrictEqual(fact)
  })

  test('the session of a joined metric is there without making the fact', () => {
    const run = factRunOf([
      { ...emitted('nOverSla', 1, '10:00', {}), session: 'c/s' },
      emitted('nOffered', 1, '10:00', {}),
    ])
    expect([run.session(0), run.session(1)]).toEqual(['c/s', undefined])
  })

  test('several facts share an event, and an event may have none', () => {
    const builder = new FactRunBuilder()
    builder.add(0, ticked('10:00'), at('10:00'))
    builder.add(2, ticked('10:01'), undefined)
    builder.add(2, ticked('10:02'), undefined)
    const run = builder.build()
    expect([...run.event.subarray(0, run.length)]).toEqual([0, 2, 2])
    expect([...run.receivedAt.subarray(0, run.length)]).toEqual([at('10:00'), NaN, NaN])
  })
})
