import { families, type FamilyName } from '../../../src/domain/family.js'
import type { Granularity } from '../../../src/domain/granularity.js'
import type { Interval } from '../../../src/domain/interval.js'
import type { CompiledKpis } from '../../../src/domain/kpi.js'
import { addMeasures, measureOf, type Measure } from '../../../src/domain/measure.js'
import { metricIndex, metricKind, metricNames, type MetricName } from '../../../src/domain/metric.js'
import { rowKey, type Correction, type Row, type RowStatus } from '../../../src/domain/row.js'
import { bucketOf } from '../../../src/domain/sketch.js'
import type { Rendering } from '../../../src/projections/settings.js'

/** Everything that was counted in a cell, as it came. */
export type ReferenceCell = {
  readonly family: FamilyName
  readonly dimensions: readonly (string | null)[]
  readonly granularity: Granularity
  readonly interval: Interval
  readonly sketched: readonly number[]
  status: RowStatus
  correction: Correction | null
  revision: number
  published: number
  settingsVersion: number
  serviceTarget: number | null
  erased: number
  values: (readonly [metric: number, value: number])[]
  times: Map<number, number>
  pending: Map<string, readonly [metric: number, value: number]>
}

/** Counts a change. */
export const changed = (cell: ReferenceCell, why: Correction, settingsVersion: number): void => {
  cell.revision += 1
  cell.settingsVersion = settingsVersion
  if (cell.status === 'provisional') return
  cell.status = 'corrected'
  cell.correction = why
}

export const isUnpublished = (cell: ReferenceCell): boolean =>
  cell.revision > cell.published && (cell.published > 0 || !holdsNothing(cell))

const holdsNothing = ({ values, times, pending, erased }: ReferenceCell): boolean =>
  erased === 0 && pending.size === 0 && values.length === 0 && [...times.values()].every((ms) => ms === 0)

export const referenceRow = (tenant: string, cell: ReferenceCell, rendering: Rendering): Row => {
  const { family, dimensions, granularity, status, correction, revision, serviceTarget, erased } = cell
  const { start, end } = cell.interval
  const measures = measuresIn(cell, rendering)
  return {
    ...{ tenant, key: rowKey({ family, dimensions, granularity, start }), family, dimensions, granularity, start, end },
    ...{ status, correction, revision, measures, kpis: kpisIn(rendering.kpis, measures), serviceTarget },
    erased: erased === 0 ? null : erased,
  }
}

/** What the row says by these settings. */
export const figuresText = (cell: ReferenceCell, rendering: Rendering): string => {
  const measures = measuresIn(cell, rendering)
  return JSON.stringify([measures, kpisIn(rendering.kpis, measures)])
}

const measuresIn = (cell: ReferenceCell, { waits, isShortAbandon }: Rendering): (Measure | undefined)[] => {
  const carries = (metric: number): boolean => families[cell.family].metrics.includes(metricNames[metric] as MetricName)
  const isSketched = (metric: number): boolean => cell.sketched.includes(metric)
  const all = [...cell.values, ...cell.pending.values()]
  return metricNames.map((name, metric) => {
    if (!carries(metric)) return undefined
    const ms = cell.times.get(metric)
    if (ms !== undefined) return { count: 1, sum: ms, min: 0, max: 0, sketch: [] }
    const own = all.filter(([of]) => of === metric).map(([, value]) => value)
    if (name === 'tWait') own.push(...cell.values.filter(([of]) => waits.includes(of)).map(([, value]) => value))
    if (name === 'tShortAbandon')
      own.push(
        ...cell.values.filter(([of, value]) => of === ABANDON && isShortAbandon(value)).map(([, value]) => value),
      )
    return own.length === 0 ? undefined : measured(own, metricKind(name) === 'observation', isSketched(metric))
  })
}

const ABANDON = metricIndex.get('tAbandon') as number

const measured = (values: readonly number[], isObservation: boolean, isSketched: boolean): Measure => {
  const one = (value: number): Measure => ({
    ...measureOf(isObservation ? Math.round(value * 1_000_000) : value),
    sketch: isSketched ? [[bucketOf(Math.max(0, value)), 1]] : [],
  })
  const { count, sum, min, max, sketch } = values.map(one).reduce(addMeasures)
  const scale = isObservation ? 1_000_000 : 1
  return { count, sum: sum / scale, min: min / scale, max: max / scale, sketch: [...sketch].sort(([a], [b]) => a - b) }
}

const kpisIn = (kpis: CompiledKpis, measures: readonly (Measure | undefined)[]): Row['kpis'] =>
  Object.fromEntries(
    kpis.flatMap(({ name, numerator, denominator }) => {
      const valueOf = (terms: typeof numerator): number =>
        terms.reduce((sum, { place, isSum, factor }) => {
          const measure = measures[place]
          return measure === undefined ? sum : sum + factor * (isSum ? measure.sum : measure.count)
        }, 0)
      const below = denominator === null ? null : valueOf(denominator)
      const hasValue = below === null ? numerator.some(({ place }) => measures[place] !== undefined) : below !== 0
      return hasValue ? [[name, { numerator: valueOf(numerator), denominator: below }]] : []
    }),
  )
