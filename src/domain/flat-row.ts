import { builtInKpisOf, type Ratio } from './kpi.js'
import { noSketch, type Sketch } from './sketch.js'
import type { Measure } from './measure.js'
import { MeasureSlots, NUMBERS_PER_SLOT } from './measure-slots.js'
import { metricNames } from './metric.js'
import { rowKey, type Row } from './row.js'

/**
 * A row on its way from its cell to the KPI stream: what `Row` says, with measures and KPIs in flat arrays, which are
 * made and encoded quickly.
 */
export type FlatRow = Omit<Row, 'key' | 'measures' | 'kpis'> &
  Readonly<{
    slots: MeasureSlots
    /** The measures. It may end before the last slot: nothing was emitted of the metrics behind. */
    numbers: readonly number[]
    /** Sketches of the metrics that have one, by place in the catalogue; null: none has. */
    sketches: ReadonlyMap<number, Sketch> | null
    /** The KPIs that the row may have: the built-in ones of its family in their order, then those of the profile. */
    kpiNames: readonly string[]
    /** Three numbers for each KPI that has a value: its place in `kpiNames`, numerator, denominator (NaN: none). */
    ratios: readonly number[]
  }>

/** The row for readers. */
export const rowOf = (flat: FlatRow): Row => ({
  tenant: flat.tenant,
  key: rowKey(flat),
  family: flat.family,
  dimensions: flat.dimensions,
  granularity: flat.granularity,
  start: flat.start,
  end: flat.end,
  status: flat.status,
  correction: flat.correction,
  revision: flat.revision,
  measures: measuresOf(flat),
  kpis: kpisOf(flat),
  serviceTarget: flat.serviceTarget,
  erased: flat.erased,
})

export const measuresOf = ({
  slots,
  numbers,
  sketches,
}: Pick<FlatRow, 'slots' | 'numbers' | 'sketches'>): (Measure | undefined)[] => {
  const measures = new Array<Measure | undefined>(metricNames.length).fill(undefined)
  slots.metrics.forEach((metric, slot) => {
    const [count = 0, sum = 0, min = 0, max = 0] = numbers.slice(slot * NUMBERS_PER_SLOT, (slot + 1) * NUMBERS_PER_SLOT)
    if (count > 0) measures[metric] = { count, sum, min, max, sketch: sketches?.get(metric) ?? noSketch }
  })
  return measures
}

export const kpisOf = ({ kpiNames, ratios }: Pick<FlatRow, 'kpiNames' | 'ratios'>): Readonly<Record<string, Ratio>> => {
  const kpis: Record<string, Ratio> = {}
  for (let at = 0; at < ratios.length; at += 3) {
    const [place, numerator, denominator] = ratios.slice(at, at + 3) as [number, number, number]
    kpis[kpiNames[place] as string] = { numerator, denominator: Number.isNaN(denominator) ? null : denominator }
  }
  return kpis
}

/** Measures laid flat. */
export const flatMeasuresOf = (measures: Row['measures']): Pick<FlatRow, 'slots' | 'numbers' | 'sketches'> => {
  const slots = new MeasureSlots()
  const numbers: number[] = []
  const sketches = new Map<number, Sketch>()
  measures.forEach((measure, metric) => {
    if (measure === undefined) return
    slots.offsetOf(metric)
    numbers.push(measure.count, measure.sum, measure.min, measure.max)
    if (measure.sketch.length > 0) sketches.set(metric, measure.sketch)
  })
  return { slots, numbers, sketches: sketches.size === 0 ? null : sketches }
}

/** The same row with flat figures. */
export const flatRowOf = ({ key: _, measures, kpis, ...header }: Row): FlatRow => {
  const builtIn = builtInKpisOf(header.family).map(({ name }) => name)
  const kpiNames = [...builtIn, ...Object.keys(kpis).filter((name) => !builtIn.includes(name))]
  const ratios = kpiNames.flatMap((name, place) => {
    const ratio = Object.hasOwn(kpis, name) ? kpis[name] : undefined
    return ratio === undefined ? [] : [place, ratio.numerator, ratio.denominator ?? NaN]
  })
  return { ...header, ...flatMeasuresOf(measures), kpiNames, ratios }
}
