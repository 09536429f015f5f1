import type { Ratio, RowItem } from './answers.js'

/** A figure of a row in each of the states that are compared; `null`: there is no row, or it counts nothing. */
export type ComparedFigure = Readonly<{
  row: string
  start: string
  who: string
  figure: string
  values: readonly (number | null)[]
  differs: boolean
}>

export type Compared = Readonly<{
  /** Rows of any state, and how many of them differ in a figure, or are there in some states only. */
  rows: number
  differing: number
  figures: readonly ComparedFigure[]
}>

/** Compares states of the same rows, figure by figure, in the order of their intervals. */
export const comparedRows = (states: readonly (readonly RowItem[])[], dimensions: readonly string[]): Compared => {
  const maps = states.map((rows) => new Map(rows.map((row) => [row.key, row])))
  const keys = [...new Set(states.flatMap((rows) => rows.map(({ key }) => key)))]
  const compared = keys.map((key) => {
    const rows = maps.map((map) => map.get(key))
    const known = rows.find((row) => row !== undefined) as RowItem
    const figures = rows.map((row) => (row === undefined ? new Map<string, number>() : figuresOf(row)))
    const names = [...new Set(figures.flatMap((each) => [...each.keys()]))]
    return names.map((figure): ComparedFigure => {
      const values = figures.map((each) => each.get(figure) ?? null)
      return {
        ...{ row: key, start: known.intervalStart, who: whoOf(known, dimensions), figure, values },
        differs: values.some((value) => value !== values[0]),
      }
    })
  })
  return {
    rows: keys.length,
    differing: compared.filter((figures) => figures.some(({ differs }) => differs)).length,
    figures: compared.flat().sort((a, b) => compareTexts(a.start, b.start) || compareTexts(a.who, b.who)),
  }
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** KPIs by their names, statistics of metrics as `tAnswered.sum`, as the catalogue of figures names them. */
const figuresOf = ({ kpis, profileKpis = {}, measures }: RowItem): ReadonlyMap<string, number> => {
  const figures = new Map<string, number>()
  for (const [name, ratio] of Object.entries({ ...kpis, ...profileKpis })) {
    const value = valueOf(ratio)
    if (value !== null) figures.set(name, value)
  }
  for (const [metric, statistics] of Object.entries(measures))
    for (const [statistic, value] of Object.entries(statistics))
      if (typeof value === 'number') figures.set(`${metric}.${statistic}`, value)
  return figures
}

export const valueOf = (ratio: Ratio | null): number | null => {
  if (ratio === null) return null
  const { numerator, denominator } = ratio
  return denominator === undefined ? numerator : denominator === 0 ? null : numerator / denominator
}

/** What names a row: its dimensions, by name where Genesys has one. */
const whoOf = (row: RowItem, dimensions: readonly string[]): string =>
  dimensions
    .flatMap((dimension) => {
      const value = row.names?.[dimension] ?? row[dimension]
      return typeof value === 'string' ? [value] : []
    })
    .join(' · ') || 'all'
