import { describe, expect, test } from 'vitest'
import type { Fact } from '../../src/domain/fact.js'
import type { MetricName } from '../../src/domain/metric.js'
import { measureIn, type Row } from '../../src/domain/row.js'
import { bucketOf, quantile, SKETCH_ERROR_MAX } from '../../src/domain/sketch.js'
import { emitted, leftQueue, sessionEnded, ticked, worked } from '../support/fact-builders.js'
import { given } from '../support/given.js'

const queue = { families: ['queue'] as const }
const sales = (metric: MetricName, ...values: readonly number[]) =>
  values.map((value) => emitted(metric, value, '10:05', { queue: 'sales' }))
const sketchOf = (row: Row, metric: MetricName) => measureIn(row, metric)?.sketch
const plain = (row: Row, metric: MetricName) => {
  const measure = measureIn(row, metric)
  return measure === undefined
    ? undefined
    : { count: measure.count, sum: measure.sum, min: measure.min, max: measure.max }
}

describe('quantiles', () => {
  test('are kept of the durations that the profile names, and of no others', () => {
    const row = given({ ...queue, quantiles: ['tAnswered'] })
      .facts(...sales('tAnswered', 9_000, 9_000, 50), ...sales('tHandle', 60_000))
      .lookAtOne()
    expect(sketchOf(row, 'tAnswered')).toEqual([
      [bucketOf(50), 1],
      [bucketOf(9_000), 2],
    ])
    expect(sketchOf(row, 'tHandle')).toEqual([])
  })

  test('read from a row are within the stated error of the true ones', () => {
    const waits = Array.from({ length: 1_000 }, (_, index) => (index * index * 7_919) % 600_000)
    const row = given({ ...queue, quantiles: ['tAnswered'] })
      .facts(...sales('tAnswered', ...waits))
      .lookAtOne()
    const sorted = [...waits].sort((one, other) => one - other)
    for (const share of [0.5, 0.9, 0.95, 0.99]) {
      const exact = sorted[Math.ceil(share * sorted.length) - 1] as number
      const { sketch = [], min = 0, max = 0 } = measureIn(row, 'tAnswered') ?? {}
      expect(Math.abs((quantile(sketch, share, min, max) ?? NaN) - exact)).toBeLessThanOrEqual(exact * SKETCH_ERROR_MAX)
    }
  })

  test('include a handle time that may be withdrawn, as long as it is counted', () => {
    const story = given({ ...queue, points: 'detail-events', quantiles: ['tHandle'] }).facts(
      sessionEnded('ann', '10:05', { talkMs: 60_000 }),
      sessionEnded('bob', '10:06', { talkMs: 90_000 }),
      ticked('12:00'),
    )
    expect(sketchOf(story.lookAtOne(), 'tHandle')).toEqual([
      [bucketOf(60_000), 1],
      [bucketOf(90_000), 1],
    ])
    const [at10, at12] = [...story.then(worked('ann', 5_000, '12:01')).look()].sort(
      (one, other) => one.start - other.start,
    )
    expect(sketchOf(at10 as Row, 'tHandle')).toEqual([[bucketOf(90_000), 1]])
    expect(sketchOf(at12 as Row, 'tHandle')).toEqual([[bucketOf(65_000), 1]])
  })
})

describe('the wait of all that left the queue (tWait)', () => {
  const left = [...sales('tAnswered', 9_000, 3_000), ...sales('tAbandon', 40_000), ...sales('tFlowOut', 1_000)]
  const callbacks = [...sales('tCfcAnswered', 100_000), ...sales('tCfcAbandon', 200_000), ...sales('tCfcFlowOut', 500)]

  test('is the union of tAnswered, tAbandon and tFlowOut', () => {
    expect(
      plain(
        given(queue)
          .facts(...left)
          .lookAtOne(),
        'tWait',
      ),
    ).toEqual({ count: 4, sum: 53_000, min: 1_000, max: 40_000 })
  })

  test('includes the customer-first callbacks where the profile says so', () => {
    const waits = (waitIncludesCustomerFirst: boolean) =>
      plain(
        given({ ...queue, waitIncludesCustomerFirst })
          .facts(...left, ...callbacks)
          .lookAtOne(),
        'tWait',
      )
    expect(waits(true)).toEqual({ count: 7, sum: 353_500, min: 500, max: 200_000 })
    expect(waits(false)).toEqual({ count: 4, sum: 53_000, min: 1_000, max: 40_000 })
  })

  test('of a queue of customer-first callbacks alone exists though nothing was answered or abandoned', () => {
    const row = given(queue)
      .facts(...callbacks)
      .lookAtOne()
    expect(plain(row, 'tWait')?.count).toBe(3)
    expect(row.kpis['averageWait']).toEqual({ numerator: 300_500, denominator: 3 })
    expect(row.kpis['asa']).toBeUndefined()
  })

  test('of an agent is what the agent answered; of a cell that nothing left it is absent', () => {
    const rows = given()
      .facts(
        emitted('tAnswered', 9_000, '10:05', { queue: 'sales', agent: 'ann' }),
        emitted('nOffered', 1, '10:05', { queue: 'empty' }),
      )
      .look()
    expect(rows.map((row) => [row.family, row.dimensions[0], plain(row, 'tWait')?.sum])).toEqual([
      ['queue', 'sales', 9_000],
      ['agent', 'ann', 9_000],
      ['queue', 'empty', undefined],
    ])
  })

  describe('has quantiles', () => {
    const row = (quantiles: readonly MetricName[], facts: readonly Fact[] = left) =>
      given({ ...queue, quantiles })
        .facts(...facts)
        .lookAtOne()

    test('where the profile names tWait: those of all its parts together; the parts have none of their own unless named', () => {
      const named = row(['tWait', 'tAnswered'], [...left, ...callbacks])
      expect(sketchOf(named, 'tWait')).toEqual(
        [500, 1_000, 3_000, 9_000, 40_000, 100_000, 200_000].map((ms) => [bucketOf(ms), 1]),
      )
      expect(sketchOf(named, 'tAnswered')).toEqual([3_000, 9_000].map((ms) => [bucketOf(ms), 1]))
      expect(sketchOf(named, 'tAbandon')).toEqual([])
    })

    test('not where only parts of it are named, even if the row has no other parts, because rows are added', () => {
      expect(sketchOf(row(['tAnswered', 'tAbandon', 'tFlowOut']), 'tWait')).toEqual([])
      expect(sketchOf(row(['tAnswered'], sales('tAnswered', 9_000)), 'tWait')).toEqual([])
    })
  })
})

describe('short abandons (tShortAbandon)', () => {
  const abandons = sales('tAbandon', 2_000, 9_999, 10_000, 10_001)

  test('are the abandons below the threshold, and stay inside tAbandon', () => {
    const row = given(queue)
      .facts(...abandons)
      .lookAtOne()
    expect(plain(row, 'tShortAbandon')).toEqual({ count: 2, sum: 11_999, min: 2_000, max: 9_999 })
    expect(plain(row, 'tAbandon')?.count).toBe(4)
  })

  test('an abandon of exactly the threshold is short where the profile says so', () => {
    const row = given({ ...queue, shortAbandonThrough: true })
      .facts(...abandons)
      .lookAtOne()
    expect(plain(row, 'tShortAbandon')).toEqual({ count: 3, sum: 21_999, min: 2_000, max: 10_000 })
  })

  test('are counted by the threshold of the profile, equal abandons each', () => {
    const row = given({ ...queue, shortAbandonMs: 2_001 })
      .facts(...abandons, ...sales('tAbandon', 2_000))
      .lookAtOne()
    expect(plain(row, 'tShortAbandon')).toEqual({ count: 2, sum: 4_000, min: 2_000, max: 2_000 })
  })

  test('are absent where no abandon was short, and where there was none', () => {
    const of = (metric: MetricName) =>
      plain(
        given(queue)
          .facts(...sales(metric, 30_000))
          .lookAtOne(),
        'tShortAbandon',
      )
    expect(of('tAbandon')).toBeUndefined()
    expect(of('tAnswered')).toBeUndefined()
  })

  test('have quantiles where the profile names them, not where it names all abandons', () => {
    const row = (...quantiles: readonly MetricName[]) =>
      given({ ...queue, quantiles })
        .facts(...abandons)
        .lookAtOne()
    expect(sketchOf(row('tShortAbandon'), 'tShortAbandon')).toEqual([2_000, 9_999].map((ms) => [bucketOf(ms), 1]))
    expect(sketchOf(row('tShortAbandon'), 'tAbandon')).toEqual([])
    expect(sketchOf(row('tAbandon'), 'tShortAbandon')).toEqual([])
  })

  test('are found in detail events too', () => {
    const row = given({ ...queue, points: 'detail-events' })
      .facts(leftQueue('sales', 'ABANDON', 4_000, '10:05'))
      .lookAtOne()
    expect(plain(row, 'tShortAbandon')).toEqual({ count: 1, sum: 4_000, min: 4_000, max: 4_000 })
  })
})
