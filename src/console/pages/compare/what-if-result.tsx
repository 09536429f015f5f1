import type { JSX } from 'preact'
import { State } from '../../components/state.js'
import { Table, type Column } from '../../components/table.js'
import { instant } from '../../format/instant.js'
import { counted } from '../../format/number.js'
import { useZone } from '../../frame/console.js'
import type { Ratio, SupposedChange, WhatIf } from './answers.js'
import { figureText, unitOfStatistic } from './figure-text.js'
import { valueOf } from './row-differences.js'

type Kpi = Readonly<{ name: string; unit: string; old: Ratio | null; new: Ratio | null }>
type Total = Kpi & Readonly<{ rows: number; family: string; granularity: string }>
type Change = Kpi & Readonly<{ row: SupposedChange; who: string; effect: number | null }>

/** What a what-if found: what it supposed, each KPI over all rows before and after, and the rows, most affected first. */
export const WhatIfResult = ({ result }: Readonly<{ result: WhatIf }>): JSX.Element => {
  const zone = useZone()
  const { supposed, totals, changes, notDueToIt, hints, queues } = result
  const changed = totals.reduce((sum, { rows }) => sum + rows.changed + rows.added + rows.removed, 0)
  const all = totals.reduce((sum, { rows }) => sum + rows.same + rows.changed + rows.added + rows.removed, 0)
  const totalRows = totals.flatMap(({ family, granularity, kpis }) =>
    kpis.map((kpi): Total => ({ ...kpi, family, granularity })),
  )
  const changeRows = changes.flatMap((row) => changesOf(row, whoOf(row, queues)))
  return (
    <section class="panel" aria-label="What would change">
      <header>
        <h2>What would change</h2>
        <State tone={changed === 0 ? 'good' : 'warn'}>
          {changed === 0 ? `nothing in ${counted(all, 'row')}` : `${changed} of ${counted(all, 'row')} would change`}
        </State>
      </header>
      <ul class="plain-list">
        {supposed.map(({ path, old, new: now }) => (
          <li key={path}>
            <code>{path}</code>: {JSON.stringify(old)} → {JSON.stringify(now)}
          </li>
        ))}
        {hints.map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
        {notDueToIt.length > 0 && (
          <li>
            {counted(notDueToIt.length, 'row')} were published otherwise than the rules in force give them now; a
            rebuild applies that.
          </li>
        )}
      </ul>
      <Table
        {...{ caption: 'KPIs over all rows, before and after', columns: totalColumns, rows: totalRows }}
        keyOf={({ family, granularity, name }) => `${family} ${granularity} ${name}`}
      />
      <Table
        {...{ caption: 'Rows that would change', columns: changeColumns(zone), rows: changeRows, hasFilter: true }}
        keyOf={({ row, name }) => `${row.key} ${name}`}
        empty="No row would change."
      />
    </section>
  )
}

/** The KPIs of a row that change, and the statistics that are behind them; an effect is that of a KPI. */
const changesOf = (row: SupposedChange, who: string): readonly Change[] => {
  const ratio = (value: number | null): Ratio | null => (value === null ? null : { numerator: value })
  return [
    ...row.kpis.map((kpi): Change => ({ ...kpi, row, who })),
    ...row.figures.map(({ name, old, new: now }): Change => ({
      ...{ name, unit: unitOfStatistic(name), row, who, effect: null, old: ratio(old), new: ratio(now) },
    })),
  ]
}

const whoOf = ({ dimensions }: SupposedChange, queues: Readonly<Record<string, string>>): string =>
  Object.entries(dimensions)
    .map(([name, value]) => (name === 'queueId' ? (queues[value] ?? value) : value))
    .join(' · ') || 'all'

const before = <Row extends Kpi>(): Column<Row> => ({
  ...{ id: 'old', title: 'In force', align: 'end', value: ({ old }) => valueOf(old) },
  cell: ({ old, unit }) => figureText(valueOf(old), unit),
})
const after = <Row extends Kpi>(): Column<Row> => ({
  ...{ id: 'new', title: 'Supposed', align: 'end', value: ({ new: now }) => valueOf(now) },
  cell: ({ new: now, unit }) => figureText(valueOf(now), unit),
})

const totalColumns: readonly Column<Total>[] = [
  { id: 'name', title: 'KPI', value: ({ name }) => name, isHead: true },
  { id: 'family', title: 'Family', value: ({ family }) => family },
  { id: 'granularity', title: 'Granularity', value: ({ granularity }) => granularity },
  before(),
  after(),
  { id: 'rows', title: 'Rows changed', align: 'end', value: ({ rows }) => rows },
]

const changeColumns = (zone: string): readonly Column<Change>[] => [
  {
    ...{ id: 'start', title: 'Interval', value: ({ row }) => row.intervalStart },
    cell: ({ row }) => instant(row.intervalStart, zone),
  },
  { id: 'who', title: 'Row', value: ({ who }) => who, isHead: true },
  {
    id: 'kind',
    title: 'Change',
    value: ({ row }) => (row.because === undefined ? row.kind : `${row.kind} (${row.because})`),
  },
  { id: 'name', title: 'Figure', value: ({ name }) => name },
  before(),
  after(),
  {
    ...{ id: 'effect', title: 'Effect', align: 'end', value: ({ effect }) => effect },
    ...{ cell: ({ effect }) => figureText(effect, 'number'), hint: 'how many contacts have another answer' },
  },
]
