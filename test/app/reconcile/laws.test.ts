import fc from 'fast-check'
import { expect, test } from 'vitest'
import { statisticsOf } from '../../../src/app/reconcile/reasons/finding.js'
import { isEqual } from '../../../src/app/reconcile/report/report.js'
import { isMetricName, metricKind, type MetricName } from '../../../src/domain/metric.js'
import { type Row, measureIn } from '../../../src/domain/row.js'
import { at, compare, iso, QUARTER, row, type Result, type Values } from './fixtures.js'

const COUNTS = ['nOffered', 'nTransferred', 'nConnected', 'nError'] as const
const DURATIONS = ['tAnswered', 'tAbandon', 'tFlowOut', 'tTalkComplete', 'tHandle', 'tAlert'] as const
const QUERIED: readonly MetricName[] = [...COUNTS, ...DURATIONS, 'nOverSla', 'tWait', 'tShortAbandon']
const QUEUES = ['sales', 'support', 'a/b', '-', 'constructor']
const MEDIA = ['voice', 'chat']
const QUARTERS = 12

const anyValues: fc.Arbitrary<Values> = fc
  .record({
    // Every interval has something: of one that is empty the API does not even say that it exists.
    counts: fc.tuple(...COUNTS.map((metric) => fc.integer({ min: metric === 'nOffered' ? 1 : 0, max: 20 }))),
    durations: fc.tuple(...DURATIONS.map(() => fc.array(fc.nat(200_000), { maxLength: 4 }))),
  })
  .map(({ counts, durations }) => {
    const values: Record<string, number | readonly number[]> = {}
    COUNTS.forEach((metric, index) => counts[index] !== 0 && (values[metric] = counts[index] as number))
    DURATIONS.forEach(
      (metric, index) => durations[index]?.length !== 0 && (values[metric] = durations[index] as readonly number[]),
    )
    const over = (durations[0] ?? []).filter((ms) => ms > 20_000).length
    if (over > 0) values['nOverSla'] = over
    return values
  })

const anyRows: fc.Arbitrary<readonly Row[]> = fc
  .uniqueArray(
    fc.record({
      queue: fc.constantFrom(...QUEUES),
      media: fc.constantFrom(...MEDIA),
      quarter: fc.nat(QUARTERS - 1),
      values: anyValues,
    }),
    { selector: ({ queue, media, quarter }) => JSON.stringify([queue, media, quarter]), maxLength: 25 },
  )
  .map((cells) =>
    cells.map(({ queue, media, quarter, values }) => row([queue, media, null, null], at(quarter), values)),
  )

/**
 * What the API would say of these rows, in intervals of so many quarters, grouped by these dimensions: sparse, as it
 * is.
 */
const aggregatesOf = (
  rows: readonly Row[],
  quarters: number,
  dimensions: readonly ('queueId' | 'mediaType')[],
): readonly Result[] => {
  const groups = new Map<string, Map<number, Row[]>>()
  for (const each of rows) {
    const group: Record<string, string> = {}
    for (const name of dimensions) group[name] = each.dimensions[name === 'queueId' ? 0 : 1] as string
    const start = Math.floor((each.start - at(0)) / (quarters * QUARTER)) * quarters * QUARTER + at(0)
    const intervals = groups.get(JSON.stringify(group)) ?? new Map<number, Row[]>()
    groups.set(JSON.stringify(group), intervals.set(start, [...(intervals.get(start) ?? []), each]))
  }
  return [...groups].map(([group, intervals]) => ({
    group: JSON.parse(group) as Record<string, string>,
    data: [...intervals].map(([start, within]) => ({
      interval: iso(start, start + quarters * QUARTER),
      metrics: [...QUERIED.flatMap((metric) => metricOf(metric, within)), ...serviceLevelOf(within)],
    })),
  }))
}

const metricOf = (metric: MetricName, rows: readonly Row[]) => {
  const measures = rows.flatMap((each) => measureIn(each, metric) ?? []).filter(({ count }) => count > 0)
  if (measures.length === 0) return []
  const add = (of: 'count' | 'sum') => measures.reduce((sum, each) => sum + each[of], 0)
  if (metricKind(metric) === 'count') return [{ metric, stats: { count: add('count') } }]
  const [min, max] = [Math.min(...measures.map((each) => each.min)), Math.max(...measures.map((each) => each.max))]
  return [{ metric, stats: { count: add('count'), sum: add('sum'), min, max } }]
}

const serviceLevelOf = (rows: readonly Row[]) => {
  const ratios = rows.flatMap((each) => each.kpis['serviceLevel'] ?? [])
  const numerator = ratios.reduce((sum, each) => sum + each.numerator, 0)
  const denominator = ratios.reduce((sum, each) => sum + (each.denominator ?? 0), 0)
  return denominator === 0
    ? []
    : [{ metric: 'oServiceLevel', stats: { numerator, denominator, ratio: numerator / denominator } }]
}

const anyGrouping = fc.constantFrom<readonly ('queueId' | 'mediaType')[]>(['queueId', 'mediaType'], ['queueId'])
const anyLength = fc.constantFrom(1, 2, 4, 12)

test('aggregates made from the rows equal the rows, in any grouping and length of interval', async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(anyRows, anyLength, anyGrouping, fc.boolean(), async (rows, quarters, grouping, isComplete) => {
      const report = await compare([rows], [{ results: aggregatesOf(rows, quarters, grouping) }], { isComplete })
      expect({ differences: report.differences, quarantined: report.quarantined }).toEqual({
        differences: [],
        quarantined: [],
      })
      expect(report.coverage).toMatchObject({ withoutRows: [], uncovered: [], notCompared: [] })
      expect(report.figures.equal).toBe(report.figures.compared)
      expect(isEqual(report)).toBe(report.figures.compared > 0)
      compared += report.figures.compared
    }),
    { numRuns: 80 },
  )
  expect(compared).toBeGreaterThan(1_000)
})

test('one added or removed event gives one difference, at its place and of its class', async () => {
  const planted = fc.record({
    rows: anyRows.filter(({ length }) => length > 0),
    quarters: anyLength,
    grouping: anyGrouping,
    metric: fc.constantFrom<MetricName>('nOffered', 'tTalkComplete', 'tAlert', 'nError'),
    at: fc.nat(),
    ms: fc.integer({ min: 1, max: 10_000 }),
    isTheirs: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(planted, async ({ rows, quarters, grouping, metric, at: chosen, ms, isTheirs }) => {
      const index = chosen % rows.length
      const target = rows[index] as Row
      const more = rows.map((each, place) => (place === index ? withOneMore(each, metric, ms) : each))
      // The metric must stand somewhere in the answer, or it was not asked for.
      const asked = { metrics: [...QUERIED, 'oServiceLevel'] }
      const [theirs, ours] = isTheirs ? [more, rows] : [rows, more]
      const report = await compare([ours], [{ results: aggregatesOf(theirs, quarters, grouping) }], { asked })
      expect(report.quarantined).toEqual([])
      expect(report.differences).toHaveLength(1)
      const [difference] = report.differences
      expect(difference).toMatchObject({ metric, class: isTheirs ? 'missing-event' : 'extra-event' })
      expect(difference?.interval.start).toBeLessThanOrEqual(target.start)
      expect(difference?.interval.end).toBeGreaterThan(target.start)
      expect(difference?.group['queueId']).toBe(target.dimensions[0])
      const sign = isTheirs ? 1 : -1
      const found = Object.fromEntries((difference?.statistics ?? []).map((each) => [each.statistic, each.difference]))
      expect(found['count']).toBe(sign)
      if (statisticsOf(metric).includes('sum')) expect(found['sum']).toBe(sign * ms)
    }),
    { numRuns: 80 },
  )
})

test('an event on different sides of an interval edge is a clock edge in both intervals, and the only difference', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(QUARTERS - 2),
      anyValues,
      anyValues,
      fc.integer({ min: 1, max: 10_000 }),
      async (quarter, a, b, ms) => {
        const before = [
          row(['sales', 'voice', null, null], at(quarter), a),
          row(['sales', 'voice', null, null], at(quarter + 1), b),
        ] as const
        const [first, second] = before
        const theirs = [withOneMore(first, 'tHandle', ms), second]
        const ours = [first, withOneMore(second, 'tHandle', ms)]
        const report = await compare([ours], [{ results: aggregatesOf(theirs, 1, ['queueId', 'mediaType']) }], {
          asked: { metrics: [...QUERIED, 'oServiceLevel'], from: at(quarter), to: at(quarter + 2) },
        })
        expect(
          report.differences.map(({ metric, class: reason, interval }) => [metric, reason, interval.start]),
        ).toEqual([
          ['tHandle', 'clock-edge', at(quarter)],
          ['tHandle', 'clock-edge', at(quarter + 1)],
        ])
      },
    ),
    { numRuns: 60 },
  )
})

/** The row with one more emission of a metric. */
function withOneMore(before: Row, metric: MetricName, ms: number): Row {
  const value = isMetricName(metric) && metricKind(metric) === 'count' ? 1 : ms
  const measure = measureIn(before, metric)
  const is = measure === undefined || measure.count === 0
  const more = is
    ? { count: 1, sum: value, min: value, max: value, sketch: [] }
    : {
        ...measure,
        count: measure.count + 1,
        sum: measure.sum + value,
        min: Math.min(measure.min, value),
        max: Math.max(measure.max, value),
      }
  const measures = [...before.measures]
  measures[row(['x', 'voice', null, null], at(0), { [metric]: [1] }).measures.findIndex((each) => each !== undefined)] =
    more
  return { ...before, measures }
}
