/** What is explained, as the address says it. */
export type ExplainQuery = Readonly<{
  family: string
  /** The beginning of an interval, ISO 8601. */
  interval: string
  granularity: string | undefined
  /** A KPI, a metric or a statistic; undefined: all KPIs. */
  kpi: string | undefined
  revision: number | undefined
  generation: string | undefined
  /** The interval was added up from shorter ones: there is no row of it. */
  isSum: boolean
  dimensions: Readonly<Record<string, string>>
}>

type Params = Readonly<Record<string, string>>

const own: ReadonlySet<string> = new Set(['family', 'interval', 'granularity', 'kpi', 'revision', 'generation', 'sum'])

/** Reads an address; undefined where it names no interval. */
export const explainQueryIn = (params: Params): ExplainQuery | undefined => {
  const { family, interval, granularity, kpi, revision, generation, sum } = params
  if (family === undefined || interval === undefined || Number.isNaN(Date.parse(interval))) return undefined
  return {
    ...{ family, interval, granularity, kpi, generation, isSum: sum === '1' },
    revision: revision !== undefined && /^[1-9]\d{0,14}$/.test(revision) ? Number(revision) : undefined,
    dimensions: Object.fromEntries(Object.entries(params).filter(([name]) => !own.has(name))),
  }
}

/** The address of it. */
export const explainParams = ({
  isSum,
  dimensions,
  ...rest
}: ExplainQuery): Record<string, string | number | undefined> => ({
  ...rest,
  sum: isSum ? '1' : undefined,
  ...dimensions,
})

/** The body of `POST …/explanations`. */
export const explainBody = ({
  family,
  interval,
  granularity,
  kpi,
  revision,
  generation,
  dimensions,
}: ExplainQuery) => ({
  ...{ family, interval, dimensions },
  ...(granularity === undefined ? {} : { granularity }),
  ...(kpi === undefined ? {} : { kpi }),
  ...(revision === undefined ? {} : { revision }),
  ...(generation === undefined ? {} : { generation }),
})

/** The command that gives the same answer. */
export const explainCommand = ({
  family,
  interval,
  granularity,
  kpi,
  revision,
  generation,
  dimensions,
}: ExplainQuery): string =>
  [
    `streamvane explain --family ${family} --interval ${interval}`,
    ...(granularity === undefined ? [] : [`--granularity ${granularity}`]),
    ...Object.entries(dimensions).map(([name, value]) => `--where ${quoted(`${name}=${value}`)}`),
    ...(kpi === undefined ? [] : [`--kpi ${quoted(kpi)}`]),
    ...(revision === undefined ? [] : [`--revision ${revision}`]),
    ...(generation === undefined ? [] : [`--generation ${generation}`]),
  ].join(' ')

const quoted = (text: string): string => (/^[\w=.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
