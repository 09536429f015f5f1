import { COUNT, flatMeasuresOf, measuresOf, NUMBERS_PER_MEASURE, SUM, type FlatMeasures } from './flat-measures.js'
import { builtInKpisOf, type Ratio } from './kpi.js'
import { metricKind, metricNames } from './metric.js'
import { rowKey, siteKey, type Row } from './row.js'

/**
 * A row on its way from its cell to the KPI stream: what `Row` says, with measures and KPIs in flat arrays, which are
 * made and encoded quickly.
 */
export type FlatRow = Omit<Row, 'key' | 'measures' | 'kpis'> &
  FlatMeasures &
  FlatKpis &
  /** `siteKey` of its family and dimensions, computed once for all intervals. */
  Readonly<{ site: string }>

type FlatKpis = Readonly<{
  /** The KPIs that the row may have: the built-in ones of its family in their order, then those of the profile. */
  kpiNames: readonly string[]
  /** Three numbers for each KPI that has a value: its place in `kpiNames`, numerator, denominator (NaN: none). */
  ratios: readonly number[]
}>

/**
 * Does the row hold nothing, as if it never was? All that had been in it was taken back then; time in a state that was
 * taken back as a whole is nothing.
 */
export const holdsNothing = ({ places, numbers, erased }: Pick<FlatRow, 'places' | 'numbers' | 'erased'>): boolean => {
  if (erased !== null) return false
  for (let index = 0, at = 0; index < places.length; index++, at += NUMBERS_PER_MEASURE) {
    const isTakenBack = numbers[at + SUM] === 0 && isStateTime[places[index] as number] === true
    if (numbers[at + COUNT] !== 0 && !isTakenBack) return false
  }
  return true
}

const isStateTime: readonly boolean[] = metricNames.map((metric) => metricKind(metric) === 'state')

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

export const kpisOf = ({ kpiNames, ratios }: FlatKpis): Row['kpis'] => {
  const kpis: Record<string, Ratio> = {}
  for (let at = 0; at < ratios.length; at += 3) {
    const [place, numerator, denominator] = ratios.slice(at, at + 3) as [number, number, number]
    kpis[kpiNames[place] as string] = { numerator, denominator: Number.isNaN(denominator) ? null : denominator }
  }
  return kpis
}

/** The same row with flat figures. */
export const flatRowOf = ({ key: _, measures, kpis, ...header }: Row): FlatRow => {
  const builtIn = builtInKpisOf(header.family).map(({ name }) => name)
  const kpiNames = [...builtIn, ...Object.keys(kpis).filter((name) => !builtIn.includes(name))]
  const ratios = kpiNames.flatMap((name, place) => {
    const ratio = Object.hasOwn(kpis, name) ? kpis[name] : undefined
    return ratio === undefined ? [] : [place, ratio.numerator, ratio.denominator ?? NaN]
  })
  return { ...header, ...flatMeasuresOf(measures), kpiNames, ratios, site: siteKey(header) }
}
