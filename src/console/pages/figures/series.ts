import type { Figure, FigureItem, FigureValue } from './answers.js'
import { joined } from './figure-value.js'

/** Figures of all shown rows of an interval together. */
export type SeriesPoint = Readonly<{
  start: number
  end: number
  isProvisional: boolean
  corrections: readonly string[]
  rows: number
  /** By name. */
  values: Readonly<Record<string, FigureValue>>
  /** Targets of the service level that rows of the interval have, ascending. */
  targets: readonly number[]
}>

export type SeriesOf = Readonly<{
  /** The columns of the items, in their order. */
  columns: readonly string[]
  /** What is wanted of them. */
  wanted: readonly string[]
  figures: ReadonlyMap<string, Figure>
}>

/**
 * The shown rows by interval, ascending, gaps included: sums are added, ratios come from the sums of their terms. An
 * interval without rows has no values.
 */
export const seriesOf = (
  items: readonly FigureItem[],
  { columns, wanted, figures }: SeriesOf,
): readonly SeriesPoint[] => {
  const byStart = new Map<string, FigureItem[]>()
  for (const item of items) {
    const known = byStart.get(item.intervalStart)
    if (known === undefined) byStart.set(item.intervalStart, [item])
    else known.push(item)
  }
  const places = wanted.map((name) => [name, columns.indexOf(name), figures.get(name)?.joining ?? 'sum'] as const)
  const points = [...byStart.values()].map((own): SeriesPoint => {
    const [first] = own as [FigureItem, ...FigureItem[]]
    return {
      ...{ start: Date.parse(first.intervalStart), end: Date.parse(first.intervalEnd), rows: own.length },
      isProvisional: own.some(({ status }) => status === 'provisional'),
      corrections: [...new Set(own.flatMap(({ corrections }) => corrections))].sort(),
      values: Object.fromEntries(
        places.map(([name, place, joining]) => [
          name,
          joined(
            own.map(({ values }) => values[place] ?? null),
            joining,
          ),
        ]),
      ),
      targets: [...new Set(own.flatMap(({ serviceTarget }) => serviceTarget ?? []))].sort((a, b) => a - b),
    }
  })
  return withGaps(points.sort((a, b) => a.start - b.start))
}

/** A gap as long as the whole range would be no help: it is left as it is. */
const GAPS_MAX = 5_000

const withGaps = (points: readonly SeriesPoint[]): readonly SeriesPoint[] => {
  const all: SeriesPoint[] = []
  let gaps = 0
  for (const point of points) {
    const before = all.at(-1)
    const length = before === undefined ? 0 : before.end - before.start
    for (let at = before?.end ?? point.start; at < point.start && gaps < GAPS_MAX; at += length, gaps++)
      all.push({
        ...{ start: at, end: Math.min(at + length, point.start), rows: 0 },
        ...{ isProvisional: false, corrections: [], values: {}, targets: [] },
      })
    all.push(point)
  }
  return all
}

/** All shown rows together, by figure. */
export const totalsOf = (
  items: readonly FigureItem[],
  { columns, wanted, figures }: SeriesOf,
): Readonly<Record<string, FigureValue>> =>
  Object.fromEntries(
    wanted.map((name) => {
      const place = columns.indexOf(name)
      return [
        name,
        joined(
          items.map(({ values }) => values[place] ?? null),
          figures.get(name)?.joining ?? 'sum',
        ),
      ]
    }),
  )

/** The target of an interval; undefined where none is configured, or where its rows have different ones. */
export const targetAt = ({ targets }: SeriesPoint): number | undefined =>
  targets.length === 1 ? targets[0] : undefined

/** The one target that all intervals have; `differs` where there are several; undefined where none is configured. */
export const targetOf = (points: readonly SeriesPoint[]): number | 'differs' | undefined => {
  const all = new Set(points.flatMap(({ targets }) => targets))
  const [only] = all
  return all.size > 1 ? 'differs' : only
}
