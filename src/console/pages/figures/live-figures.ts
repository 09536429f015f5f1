import type { FigureItem, FigureValue, RowStatus } from './answers.js'

type Terms = Readonly<{ numerator: number; denominator?: number }>
type Measure = Readonly<{
  count?: number
  sum?: number
  min?: number
  max?: number
  quantiles?: Readonly<Record<string, unknown>>
}>

/** A published row, as `GET …/rows` and the live stream give it. */
export type LiveRow = Readonly<{
  family: string
  key: string
  granularity: string
  intervalStart: string
  intervalEnd: string
  status: RowStatus
  correction?: string
  revision: number
  erased?: number
  empty?: true
  serviceTarget?: number
  measures: Readonly<Record<string, Measure>>
  kpis: Readonly<Record<string, Terms>>
  profileKpis?: Readonly<Record<string, Terms>>
}>

/** The chosen figures of a published row, as `GET …/figures` gives them. */
export const itemOf = (row: LiveRow, dimensions: readonly string[], columns: readonly string[]): FigureItem => {
  const values = row as unknown as Readonly<Record<string, string | undefined>>
  return {
    ...{ key: row.key, intervalStart: row.intervalStart, intervalEnd: row.intervalEnd },
    dimensions: dimensions.map((name) => values[name] ?? null),
    ...{ status: row.status, corrections: row.correction === undefined ? [] : [row.correction] },
    ...{ revision: row.revision, rows: 1, isEmpty: row.empty ?? false, erased: row.erased ?? 0 },
    serviceTarget: row.serviceTarget ?? null,
    values: columns.map((name) => valueIn(row, name)),
  }
}

const valueIn = ({ measures, kpis, profileKpis = {} }: LiveRow, name: string): FigureValue => {
  const [metric = '', statistic] = name.split('.')
  if (statistic === undefined) {
    const terms = kpis[name] ?? profileKpis[name]
    if (terms === undefined) return null
    return terms.denominator === undefined ? terms.numerator : [terms.numerator, terms.denominator]
  }
  const measure = measures[metric]
  if (measure === undefined) return null
  switch (statistic) {
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
      return measure[statistic] ?? null
    case 'avg':
      return measure.sum === undefined || measure.count === undefined ? null : [measure.sum, measure.count]
    default: {
      const quantile = measure.quantiles?.[statistic]
      return typeof quantile === 'number' ? quantile : null
    }
  }
}

/**
 * A row that publishes no ratio because it divides by 0 may have a numerator all the same, which only the API can work
 * out: the interval is to be read again, for the sums over rows.
 */
export const lacksTerms = ({ values, isEmpty }: FigureItem, isRatio: readonly boolean[]): boolean =>
  !isEmpty && values.some((value, place) => value === null && isRatio[place] === true)

/** Puts items in the place of those with the same key, in the order of start and key. An older revision changes nothing. */
export const merged = (known: readonly FigureItem[], next: readonly FigureItem[]): readonly FigureItem[] => {
  const places = new Map(known.map(({ key }, place) => [key, place]))
  const all = [...known]
  const added: FigureItem[] = []
  for (const item of next) {
    const place = places.get(item.key)
    if (place === undefined) added.push(item)
    else if ((all[place]?.revision ?? 0) <= (item.revision ?? Infinity)) all[place] = item
  }
  return added.length === 0 ? all : [...all, ...added].sort(byStartAndKey)
}

const byStartAndKey = (a: FigureItem, b: FigureItem): number =>
  a.intervalStart === b.intervalStart ? (a.key < b.key ? -1 : 1) : a.intervalStart < b.intervalStart ? -1 : 1
