import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact, MetricEmitted } from '../../../src/domain/fact.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { at, emitted, ticked } from '../../support/fact-builders.js'
import { given, lastFigures, rowsOf } from '../../support/given.js'
import { rowsIn } from '../../support/kpi-events.js'

const profile = { ...defaultProfile, families: ['queue'] as const }
const inSession = (
  session: string,
  metric: 'nOverSla' | 'tCfcAnswered' | 'tAnswered',
  value: number,
): MetricEmitted => ({
  ...emitted(metric, value, '10:05', { queue: 'sales', media: 'callback' }),
  session: `c-${session}/${session}`,
})
const answered = inSession('s1', 'tAnswered', 5_000)
const customerFirst = inSession('s2', 'tCfcAnswered', 900_000)
const over = inSession('s2', 'nOverSla', 1)

describe('nOverSla of a customer-first callback', () => {
  test.each([
    ['before its tCfcAnswered', [over, customerFirst]],
    ['after it', [customerFirst, over]],
  ])('that arrives %s leaves the service level of the answered ones alone', (_, facts) => {
    const row = given(profile)
      .facts(answered, ...facts)
      .lookAtOne()
    expect(row.kpis['serviceLevel']).toEqual({ numerator: 1, denominator: 1 })
  })

  test('is taken back from a closed interval, as late, when tCfcAnswered arrives after it closed', () => {
    given(profile)
      .facts(answered, over, ticked('12:00'))
      .emits('queue sales callback 10:00 final 3: tAnswered 5000, nOverSla 1')
      .then(customerFirst)
      .emits('queue sales callback 10:00 corrected 5: tAnswered 5000, tCfcAnswered 900000')
  })

  test('says nothing about another session: its nOverSla counts', () => {
    const late = [inSession('s3', 'tAnswered', 900_000), inSession('s3', 'nOverSla', 1)]
    const row = given(profile)
      .facts(answered, over, ...late, customerFirst)
      .lookAtOne()
    expect(row.kpis['serviceLevel']).toEqual({ numerator: 1, denominator: 2 })
  })

  test('is forgotten after the restate horizon, and what was pending stays counted', () => {
    const projection = new KpiProjection('acme', { ...profile, lateHorizonMs: 365 * 86_400_000 })
    for (const fact of [answered, over, ticked('10:30')]) projection.apply(fact)
    expect(projection.save().customerFirst).toHaveLength(1)
    projection.apply(ticked('2026-01-13T00:00'))
    projection.drainEvents()
    expect(projection.save().customerFirst).toEqual([])
    projection.apply(emitted('nOffered', 1, '10:06', { queue: 'sales', media: 'callback' }))
    const [row] = rowsIn(projection.drainEvents())
    expect(row?.kpis['serviceLevel']).toEqual({ numerator: 0, denominator: 1 })
  })
})

test('the last figures do not depend on the order of callback records and ticks, nor on a restart between them', () => {
  const anyRecord = fc.record({
    session: fc.constantFrom('s1', 's2', 's3'),
    metric: fc.constantFrom('nOverSla' as const, 'tCfcAnswered' as const, 'tAnswered' as const),
    minute: fc.constantFrom('10:05', '10:20'),
  })
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 10 }).chain((records) =>
        fc.tuple(
          fc.constant(records),
          fc.shuffledSubarray(
            records.map((_, index) => index),
            { minLength: records.length },
          ),
          fc.nat({ max: 10 }),
        ),
      ),
      ([records, order, cut]) => {
        const facts = records.map(({ session, metric, minute }) => ({
          ...inSession(session, metric, metric === 'nOverSla' ? 1 : 9_000),
          at: at(minute),
        }))
        const end = ticked('14:00')
        const shuffled: Fact[] = order.map((index) => facts[index] as Fact)
        shuffled.splice(cut, 0, ticked('11:00'))
        expect(lastFigures(rowsOf([...shuffled, end], profile))).toEqual(lastFigures(rowsOf([...facts, end], profile)))
        const first = new KpiProjection('acme', profile)
        shuffled.slice(0, cut).forEach((fact) => first.apply(fact))
        const rows = [...rowsIn(first.drainEvents())]
        const second = new KpiProjection('acme', profile, {
          state: JSON.parse(JSON.stringify(first.save())) as ReturnType<typeof first.save>,
        })
        for (const fact of [...shuffled.slice(cut), end]) second.apply(fact)
        rows.push(...rowsIn(second.drainEvents()))
        expect(lastFigures(rows)).toEqual(lastFigures(rowsOf([...facts, end], profile)))
      },
    ),
  )
})
