import type { Catalogue, FamilyInfo, Granularity } from './answers.js'

/** What the page shows, as the address says it. Days are `YYYY-MM-DD` in the zone of the profile, `to` inclusive. */
export type FigureQuery = Readonly<{
  family: string
  granularity: Granularity
  from: string | undefined
  to: string | undefined
  /** Figures of the table; undefined: those that the family begins with. */
  columns: readonly string[] | undefined
  /** Words that rows must hold. */
  filter: string
  /** Only these values of dimensions; `-` is none. */
  only: Readonly<Record<string, string>>
}>

type Params = Readonly<Record<string, string>>

const DAY = /^\d{4}-\d{2}-\d{2}$/
const granularities: readonly string[] = ['PT15M', 'PT30M', 'PT1H', 'P1D']
const own: ReadonlySet<string> = new Set(['family', 'granularity', 'from', 'to', 'columns', 'filter'])

/** The family of an address: what the catalogue is asked for. */
export const familyIn = (params: Params): string => params['family'] ?? 'queue'

/** Reads an address. What it says wrongly is as if it were not said. */
export const queryIn = (params: Params, { granularities: computed }: Pick<Catalogue, 'granularities'>): FigureQuery => {
  const { granularity = '', from = '', to = '', columns } = params
  const asked = granularities.includes(granularity) ? (granularity as Granularity) : undefined
  const [base = 'PT15M'] = computed
  const isRange = DAY.test(from) && DAY.test(to) && from <= to
  return {
    family: familyIn(params),
    granularity: asked !== undefined && computed.includes(asked) ? asked : base,
    ...(isRange ? { from, to } : { from: undefined, to: undefined }),
    columns: columns === undefined || columns === '' ? undefined : columns.split(','),
    filter: params['filter'] ?? '',
    only: Object.fromEntries(Object.entries(params).filter(([name]) => !own.has(name))),
  }
}

/** The address of what is shown; what is as at the beginning is left out. */
export const paramsOf = (
  { family, granularity, from, to, columns, filter, only }: FigureQuery,
  base: Granularity | undefined,
): Readonly<Record<string, string | undefined>> => ({
  family: family === 'queue' ? undefined : family,
  granularity: granularity === base ? undefined : granularity,
  ...{ from, to, columns: columns?.join(','), filter: filter === '' ? undefined : filter },
  ...only,
})

/** The day so many days after another: `dayAfter('2026-02-28', 1)` is `2026-03-01`. */
export const dayAfter = (day: string, days: number): string => {
  const at = new Date(`${day}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

/** Whether rows may be added up: over a dimension of which something has several values, or of two kinds, they may not. */
export const notAddedOver = (
  { dimensions }: Pick<FamilyInfo, 'dimensions'>,
  rows: readonly Readonly<{ dimensions: readonly (string | null)[] }>[],
): string | undefined =>
  dimensions.find(
    ({ name, isMultiValued }, place) =>
      (isMultiValued || name === 'stateKind') && new Set(rows.map((row) => row.dimensions[place] ?? null)).size > 1,
  )?.name
