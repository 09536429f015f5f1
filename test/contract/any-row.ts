import fc from 'fast-check'
import { families, familyNames, type FamilyName } from '../../src/domain/family.js'
import { granularities } from '../../src/domain/granularity.js'
import { builtInKpis, builtInKpisOf, type Ratio } from '../../src/domain/kpi.js'
import type { Measure } from '../../src/domain/measure.js'
import { metricKind, metricNames, type MetricKind } from '../../src/domain/metric.js'
import type { Correction, Row, RowStatus } from '../../src/domain/row.js'
import { bucketOf, noSketch, sketchOf } from '../../src/domain/sketch.js'
import { carriesServiceTarget } from '../../src/contract/schema/row-schema.js'
import { keyed } from '../support/keyed.js'

const wholeNumber = fc.integer({ min: 0, max: 2 ** 40 })
/** As far as avsc, the reference, writes longs exactly. */
const anyLong = fc.oneof(
  fc.integer(),
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  fc.constantFrom(0, 63, 64, -64, -65, 2 ** 31, -(2 ** 31) - 1),
)
const millionths = fc.integer({ min: -(2 ** 50), max: 2 ** 50 }).map((n) => n / 1_000_000)
const anyId = fc.oneof(
  fc.uuid(),
  fc.string({ minLength: 1, maxLength: 90 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
  fc.constantFrom('-', '~', 'a/b', 'Ü✓ x', '𝕊'),
)

const plainDuration = fc
  .record({ count: fc.integer({ min: 1, max: 1_000 }), sum: anyLong, min: wholeNumber, max: wholeNumber })
  .map((measure): Measure => ({ ...measure, sketch: noSketch }))

const sketchedDuration = fc
  .array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 7_200_000 }), wholeNumber), { minLength: 1, maxLength: 40 })
  .map((all): Measure => {
    const counts = new Map<number, number>()
    for (const ms of all) counts.set(bucketOf(ms), (counts.get(bucketOf(ms)) ?? 0) + 1)
    const sum = all.reduce((total, ms) => total + ms, 0)
    return { count: all.length, sum, min: Math.min(...all), max: Math.max(...all), sketch: sketchOf(counts) }
  })

const anyMeasure: Readonly<Record<MetricKind, fc.Arbitrary<Measure>>> = {
  count: fc.integer({ min: 1, max: 10_000 }).map((count) => ({ count, sum: count, min: 1, max: 1, sketch: noSketch })),
  duration: fc.oneof(plainDuration, sketchedDuration),
  observation: fc
    .record({ count: fc.integer({ min: 1, max: 1_000 }), sum: millionths, min: millionths, max: millionths })
    .map((measure) => ({ ...measure, sketch: noSketch })),
  state: fc.integer({ min: 0, max: 3_600_000 }).map((sum) => ({ count: 1, sum, min: sum, max: sum, sketch: noSketch })),
}

const builtInNames = new Set(builtInKpis.map(({ name }) => name))
const profileKpiName = fc
  .oneof(fc.constantFrom('constructor', 'toString', 'mine'), fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,30}$/))
  .filter((name) => !builtInNames.has(name))

const anyKpis = (family: FamilyName): fc.Arbitrary<Row['kpis']> =>
  fc
    .record({
      builtIn: fc.tuple(
        ...builtInKpisOf(family).map(({ name }) =>
          fc.option(fc.record({ numerator: anyLong, denominator: anyLong }).map((ratio) => [name, ratio] as const)),
        ),
      ),
      ofProfile: fc.array(
        fc.tuple(profileKpiName, fc.record({ numerator: millionths, denominator: fc.option(millionths) })),
        {
          maxLength: 4,
        },
      ),
    })
    .map(({ builtIn, ofProfile }) =>
      Object.fromEntries<Ratio>([...builtIn.filter((kpi) => kpi !== null), ...ofProfile]),
    )

/** Most rows hold little of what their family may carry. */
const anyMeasures = (family: FamilyName): fc.Arbitrary<Row['measures']> =>
  fc
    .constantFrom(1, 10, 40)
    .chain((freq) =>
      fc.tuple(
        ...metricNames.map((name) =>
          families[family].metrics.includes(name)
            ? fc.option(anyMeasure[metricKind(name)], { nil: undefined, freq })
            : fc.constant(undefined),
        ),
      ),
    )

export const anyRowOf = (family: FamilyName): fc.Arbitrary<Row> =>
  fc
    .record({
      tenant: fc.constantFrom('acme', 'emea-1'),
      dimensions: fc.tuple(
        ...families[family].dimensions.map((name) =>
          families[family].optional.includes(name) ? fc.option(anyId) : anyId,
        ),
      ),
      granularity: fc.constantFrom(...granularities),
      start: fc.integer({ min: -1_000, max: 3_000_000 }).map((quarter) => quarter * 900_000),
      lengthMs: fc.constantFrom(900_000, 3_600_000, 82_800_000),
      status: fc.constantFrom<RowStatus>('provisional', 'final', 'corrected'),
      correction: fc.constantFrom<Correction | null>(null, 'late', 'handled', 'settings', 'erased'),
      revision: fc.integer({ min: 1, max: 2 ** 50 }),
      erased: fc.option(fc.integer({ min: 1, max: 1_000 })),
      serviceTarget: carriesServiceTarget(family)
        ? fc.option(fc.double({ min: 0, max: 1, noNaN: true }))
        : fc.constant(null),
      measures: anyMeasures(family),
      kpis: anyKpis(family),
    })
    .map(({ lengthMs, ...row }) => keyed({ ...row, family, end: row.start + lengthMs }))

/** Any row that the projector could publish, in the form in which the contract gives it back. */
export const anyRow: fc.Arbitrary<Row> = fc.oneof(...familyNames.map(anyRowOf))
