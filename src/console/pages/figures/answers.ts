/** What the API says of figures: `GET …/figures/catalogue`, and the items of `GET …/figures`. Instants are ISO 8601. */

export type Unit = 'share' | 'ms' | 'count' | 'number'

/** How figures of several rows become one. Quantiles do not: sketches can be added, quantiles cannot. */
export type Joining = 'sum' | 'min' | 'max' | 'ratio' | 'quantile'

/** A number, the two terms of a ratio, or null where nothing was counted. */
export type FigureValue = number | readonly [numerator: number, denominator: number] | null

/** A figure that the family can have. `isOn`: the profile computes it; `note`: why rows stay without even so. */
export type Figure = Readonly<{
  name: string
  unit: Unit
  formula: string
  doc: string
  joining: Joining
  isOn: boolean
  note: string | null
}>

export type DimensionInfo = Readonly<{
  name: string
  doc: string
  whenNull: string
  /** What has several values counts in the row of each: rows must not be added over it. */
  isMultiValued: boolean
  isNamed: boolean
}>

export type FamilyInfo = Readonly<{ name: string; doc: string; isOn: boolean; dimensions: readonly DimensionInfo[] }>

export type Granularity = 'PT15M' | 'PT30M' | 'PT1H' | 'P1D'

export type Catalogue = Readonly<{
  generation: string
  frontier: string | null
  zone: Readonly<{ name: string }>
  /** The day of the zone that holds the frontier. */
  lastDay: Readonly<{ start: string; end: string }> | null
  /** The base interval first. */
  granularities: readonly Granularity[]
  families: readonly FamilyInfo[]
  /** Of the family that was asked for. */
  figures: readonly Figure[]
}>

export type RowStatus = 'provisional' | 'final' | 'corrected'

/** Figures of one interval and one value of each dimension: of one row, or of several that were added up. */
export type FigureItem = Readonly<{
  key: string
  /** In the order of the family. */
  dimensions: readonly (string | null)[]
  intervalStart: string
  intervalEnd: string
  status: RowStatus
  corrections: readonly string[]
  /** Of the row; null where rows were added up. */
  revision: number | null
  rows: number
  isEmpty: boolean
  erased: number
  serviceTarget: number | null
  /** In the order of the columns that were asked for. */
  values: readonly FigureValue[]
}>
