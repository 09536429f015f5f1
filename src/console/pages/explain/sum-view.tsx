import type { JSX } from 'preact'
import { Shown } from '../../components/asked.js'
import { Table, type Column } from '../../components/table.js'
import { useConsole } from '../../frame/console.js'
import { hrefOf } from '../../frame/route/route.js'
import { go } from '../../frame/route/router.js'
import { useAnswer } from '../../frame/asking/use-answer.js'
import type { Answer } from '../../frame/asking/answers.js'
import { day, isZone, time } from '../../format/instant.js'
import { counted } from '../../format/number.js'
import type { Catalogue, Figure, FigureItem, FigureValue } from '../figures/answers.js'
import { firstColumns, titleOf } from '../figures/family-figures.js'
import { statusText } from '../figures/figure-table.js'
import { exactText, numberOf, valueText } from '../figures/figure-value.js'
import { readLines } from '../figures/read-lines.js'
import { explainParams, type ExplainQuery } from './explain-query.js'

type Read = Readonly<{
  catalogue: Catalogue
  /** The interval that was added up, and the rows that it is made of. */
  sum: FigureItem | undefined
  rows: readonly FigureItem[]
  columns: readonly string[]
}>

/** A figure that was added up from rows: its formula and terms, and the rows, each with its own explanation. */
export const SumView = ({ query }: Readonly<{ query: ExplainQuery }>): JSX.Element => {
  const { api } = useConsole()
  const { family, interval, granularity = 'P1D', kpi, dimensions } = query
  const asked = useAnswer(JSON.stringify(query), async (signal): Promise<Answer<Read>> => {
    const catalogue = await api.get<Catalogue>('/figures/catalogue', { family }, signal)
    if (!catalogue.ok) return catalogue
    const columns = kpi === undefined ? firstColumns(catalogue.value.figures) : [kpi]
    const isOwn = (item: FigureItem): boolean =>
      dimensionsOf(catalogue.value, family).every(
        (name, place) => (item.dimensions[place] ?? '-') === (dimensions[name] ?? '-'),
      )
    const read = async (by: string, from: string, to: string) => {
      const items: FigureItem[] = []
      const address = api.addressOf('/figures', { family, granularity: by, columns: columns.join(','), from, to })
      const answer = await readLines<FigureItem>(address, signal, (next) => items.push(...next.filter(isOwn)))
      return answer.ok ? { ok: true as const, value: items } : answer
    }
    const sums = await read(granularity, interval, new Date(Date.parse(interval) + 1).toISOString())
    if (!sums.ok) return sums
    const [sum] = sums.value
    const [base = 'PT15M'] = catalogue.value.granularities
    const rows = await read(base, interval, sum?.intervalEnd ?? interval)
    return rows.ok ? { ok: true, value: { catalogue: catalogue.value, sum, rows: rows.value, columns } } : rows
  })
  return (
    <Shown asked={asked} what="the rows behind the figure">
      {(read) => <SumOfRows read={read} query={query} />}
    </Shown>
  )
}

const dimensionsOf = ({ families }: Catalogue, family: string): readonly string[] =>
  families.find(({ name }) => name === family)?.dimensions.map(({ name }) => name) ?? []

const SumOfRows = ({
  read: { catalogue, sum, rows, columns },
  query,
}: Readonly<{ read: Read; query: ExplainQuery }>): JSX.Element => {
  const zone = isZone(catalogue.zone.name) ? catalogue.zone.name : 'UTC'
  const figures = columns.flatMap((name) => catalogue.figures.find((figure) => figure.name === name) ?? [])
  const [base = 'PT15M'] = catalogue.granularities
  if (sum === undefined) return <p>There is no such interval: nothing was counted in it.</p>
  const open = (item: FigureItem, column: string): void => {
    const isFigure = columns.includes(column)
    const own = { ...query, interval: item.intervalStart, granularity: base, isSum: false }
    go(hrefOf('explain', explainParams({ ...own, kpi: isFigure ? column : undefined })))
  }
  return (
    <article class="explained">
      <section class="panel">
        <h2>
          {day(sum.intervalStart, zone)} {query.granularity === 'P1D' ? '' : time(sum.intervalStart, zone)} ({zone})
        </h2>
        <p class="mono row-key">{sum.key}</p>
        <p>
          No row of this interval is published: it is the sum of {counted(rows.length, 'row')} of shorter intervals.
          Counts and times are added; a ratio is divided after its terms are added; a quantile is read from the merged
          sketches.
        </p>
      </section>
      <div class="kpi-cards">
        {figures.map((figure, place) => (
          <SumCard key={figure.name} figure={figure} value={sum.values[place] ?? null} isOnly={figures.length === 1} />
        ))}
      </div>
      <section class="panel">
        <h2>Rows ({rows.length})</h2>
        <p class="quiet small">Click a row, or press Enter on it, for the events behind it.</p>
        <Table
          {...{ caption: 'Rows of the sum', rows, keyOf: ({ key }: FigureItem) => key, onOpen: open }}
          columns={columnsOf(figures, zone)}
        />
      </section>
    </article>
  )
}

const SumCard = ({
  figure,
  value,
  isOnly,
}: Readonly<{ figure: Figure; value: FigureValue; isOnly: boolean }>): JSX.Element => {
  const number = numberOf(value)
  return (
    <section class={isOnly ? 'panel kpi-card kpi-only' : 'panel kpi-card'} aria-label={figure.name}>
      <header>
        <h2>{titleOf(figure.name)}</h2>
        <span class="kpi-value" data-kpi={figure.name} data-value={number ?? ''}>
          {number === null ? 'no value' : valueText(number, figure.unit)}
        </span>
      </header>
      <p class="quiet">{figure.doc}</p>
      <p class="mono formula">{figure.formula}</p>
      {value !== null && <p class="mono formula">= {exactText(value, figure.unit)}</p>}
    </section>
  )
}

const columnsOf = (figures: readonly Figure[], zone: string): readonly Column<FigureItem>[] => [
  {
    ...{ id: 'interval', title: 'Interval', isHead: true, value: ({ intervalStart }) => intervalStart },
    cell: ({ intervalStart }) => `${day(intervalStart, zone)} ${time(intervalStart, zone)}`,
  },
  ...figures.map(({ name, unit }, place): Column<FigureItem> => ({
    ...{ id: name, title: titleOf(name), align: 'end', value: ({ values }) => numberOf(values[place]) },
    cell: ({ values }) => {
      const value = values[place] ?? null
      const number = numberOf(value)
      const terms = Array.isArray(value) ? ` (${exactText(value, unit)})` : ''
      return number === null ? `–${terms}` : `${valueText(number, unit)}${terms}`
    },
  })),
  { id: 'status', title: 'Status', value: statusText },
]
