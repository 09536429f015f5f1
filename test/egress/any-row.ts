import fc from 'fast-check'
import { families, familyNames, type FamilyName } from '../../src/domain/family.js'
import { kpisOf, type KpiName, type Ratio } from '../../src/domain/kpi.js'
import type { Measure } from '../../src/domain/measure.js'
import { metricKind, metricNames } from '../../src/domain/metric.js'
import type { RowStatus } from '../../src/domain/row.js'
import type { PublishedRow } from '../../src/egress/row-codec.js'
import { keyed } from '../support/keyed.js'
import { metricsOf } from '../../src/egress/row-schema.js'

const wholeNumber = fc.integer({ min: 0, max: 2 ** 40 })
const anyId = fc.oneof(fc.uuid(), fc.string({ minLength: 1, maxLength: 40 }), fc.constantFrom('-', '~', 'a/b', 'Ü✓ x', '𝕊'))

const anyMeasure = (kind: ReturnType<typeof metricKind>): fc.Arbitrary<Measure> => {
  if (kind === 'count') return fc.integer({ min: 1, max: 10_000 }).map((count) => ({ count, sum: count, min: 1, max: 1 }))
  if (kind === 'state') return fc.integer({ min: 1, max: 3_600_000 }).map((sum) => ({ count: 1, sum, min: sum, max: sum }))
  return fc.record({ count: fc.integer({ min: 1, max: 1_000 }), sum: wholeNumber, min: wholeNumber, max: wholeNumber })
}

const anyRowOf = (family: FamilyName): fc.Arbitrary<PublishedRow> =>
  fc
    .record({
      tenant: fc.constantFrom('acme', 'emea-1'),
      dimensions: fc.tuple(
        ...families[family].dimensions.map((name) => (families[family].optional.includes(name) ? fc.option(anyId) : anyId)),
      ),
      start: fc.integer({ min: -1_000, max: 3_000_000 }).map((quarter) => quarter * 900_000),
      status: fc.constantFrom<RowStatus>('provisional', 'final', 'corrected'),
      revision: fc.integer({ min: 1, max: 2 ** 50 }),
      measures: fc.tuple(
        ...metricNames.map((name) =>
          metricsOf(family).includes(name) ? fc.option(anyMeasure(metricKind(name)), { nil: undefined }) : fc.constant(undefined),
        ),
      ),
      kpis: fc.tuple(...kpisOf(family).map(() => fc.option(fc.record({ numerator: fc.integer(), denominator: fc.integer({ min: 1 }) })))),
    })
    .map(({ kpis, start, ...row }) => {
      const present: Partial<Record<KpiName, Ratio>> = {}
      kpisOf(family).forEach(({ name }, index) => {
        const ratio = kpis[index]
        if (ratio) present[name] = ratio
      })
      return { row: keyed({ ...row, family, start, end: start + 900_000 }), kpis: present }
    })

/** Any row that the projector could publish, in the form in which the contract gives it back. */
export const anyRow: fc.Arbitrary<PublishedRow> = fc.oneof(...familyNames.map(anyRowOf))
