import { families, type FamilyName } from '../../domain/family.js'
import { measureIn, type Row, type RowStatus } from '../../domain/row.js'
import { isMetricName } from '../../domain/metric.js'
import { offsetAt, type Zone } from '../../domain/zone.js'
import { minuteText } from '../command/figures.js'
import type { Cell, Column, Table } from '../command/table.js'
import { isNamed } from '../../app/names.js'
import { nameColumn } from './catalogue.js'
import type { RowColumn, Shown } from './column.js'
import { wantedFigures, wideColumnNames } from './default-columns.js'
import { combined } from './figure.js'
import { whyNoTotals } from './totals.js'

/**
 * `default`: the figures people ask for, as many as fit. `wide`: everything that the rows hold. `named`: these, all of
 * them.
 */
export type Choice = Readonly<{ kind: 'default' } | { kind: 'wide' } | { kind: 'named'; columns: readonly RowColumn[] }>

export type RowTable = Readonly<{
  family: FamilyName
  all: ReadonlyMap<string, RowColumn>
  /** Names of the KPIs that rows can carry: built-in ones and those of the profile. */
  kpis: readonly string[]
  /** Those of the profile's own. */
  ownKpis: readonly string[]
  zone: Zone
  choice: Choice
}>

type Laid = Readonly<{ column: RowColumn; sizing: Omit<Column, 'head'>; head?: string; mark?: true }>

/** A table of rows, what is said above it, and what below. */
export const rowTable = (
  of: RowTable,
  shown: readonly Shown[],
): Readonly<{ above: string; table: Table; below: readonly string[] }> => {
  const rows = shown.map(({ row }) => row)
  const day = onlyDay(rows, of.zone)
  const laid = layout(of, shown, day)
  const why = whyNoTotals(of.family, rows)
  const totals = rows.length > 1 && why === undefined && laid.some(({ column }) => column.kind === 'figure')
  const lengths = new Set(rows.map(({ granularity }) => granularity))
  const marks = new Set(rows.map(({ status }) => status))
  const isMarked = laid.some(({ mark }) => mark === true)
  return {
    above: [
      `family ${of.family}`,
      ...(lengths.size === 1 ? [`intervals of ${[...lengths].join()}`] : []),
      ...(day === undefined ? [] : [day]),
      `times of ${of.zone.name}`,
    ].join(', '),
    table: {
      columns: laid.map(({ column, sizing, head }) => ({ head: head ?? column.head, ...sizing })),
      rows: shown.map((one) => laid.map((each) => cellOf(each, one, of.zone, day))),
      ...(totals ? { totals: totalsOf(laid, rows) } : {}),
    },
    below: [
      ...(isMarked && marks.has('provisional') ? ['~ provisional: the interval is open'] : []),
      ...(isMarked && marks.has('corrected')
        ? ['* corrected: changed after it was final (streamvane corrections)']
        : []),
      ...(rows.length > 1 && why !== undefined ? [`no totals: ${why}`] : []),
    ],
  }
}

const cellOf = ({ column, mark }: Laid, shown: Shown, zone: Zone, day: string | undefined): Cell => {
  if (column.kind === 'figure') {
    const terms = column.figure.terms(shown.row)
    return terms === undefined ? '' : column.figure.text(terms)
  }
  if (mark !== true) return column.text(shown, zone)
  const text = minuteText(shown.row.start, zone)
  return `${day === undefined ? text : text.slice(day.length + 1)}${MARKS[shown.row.status]}`
}

/** What stands behind the instant of a row that is not final. */
const MARKS: Readonly<Record<RowStatus, string>> = { final: '', provisional: '~', corrected: '*' }

const totalsOf = (laid: readonly Laid[], rows: readonly Row[]): readonly Cell[] =>
  laid.map(({ column }, place) => {
    if (column.kind === 'text') return place === 0 ? 'total' : ''
    const terms = combined(column.figure, rows)
    return terms === undefined ? '' : column.figure.text(terms)
  })

/** The local date of all rows, if they are of one, and are not days. */
const onlyDay = (rows: readonly Row[], zone: Zone): string | undefined => {
  const days = new Set(rows.map(({ start }) => new Date(start + offsetAt(zone, start)).toISOString().slice(0, 10)))
  return days.size === 1 && rows.every(({ granularity }) => granularity !== 'P1D') ? [...days][0] : undefined
}

const layout = (
  { family, all, kpis, ownKpis, choice }: RowTable,
  shown: readonly Shown[],
  day: string | undefined,
): readonly Laid[] => {
  if (choice.kind === 'named')
    return choice.columns.map((column) => ({
      column,
      sizing: { align: alignOf(column) } satisfies Omit<Column, 'head'>,
    }))
  const rows = shown.map(({ row }) => row)
  const column = (name: string): RowColumn => all.get(name)!
  const several = new Set(rows.map(({ granularity }) => granularity)).size > 1
  const dimensions = families[family].dimensions.flatMap((dimension, place): readonly Laid[] => {
    // A dimension that the profile does not split by is null in every row.
    if (!rows.some((row) => row.dimensions[place] !== null)) return []
    const id = column(dimension)
    if (!isNamed(dimension) || !shown.some(({ names }) => names[dimension] !== undefined))
      return [
        {
          column: id,
          sizing: { narrow: 'cut', min: 9 },
          ...(isNamed(dimension) && { head: dimension.replace(/Id$/, '') }),
        },
      ]
    return [
      { column: column(nameColumn(dimension)), sizing: { narrow: 'cut', min: 9 } },
      { column: id, sizing: { narrow: 'cut', min: 9, rank: ID_RANK } },
    ]
  })
  const figures = (choice.kind === 'wide' ? wideColumnNames(family, kpis) : wantedFigures(family, ownKpis)).flatMap(
    (name, place): readonly Laid[] => {
      const each = column(name)
      if (!(choice.kind === 'default' && place < ALWAYS) && !isPresent(each, shown)) return []
      return [
        { column: each, sizing: { align: alignOf(each), ...(choice.kind === 'wide' ? {} : { rank: place + 1 }) } },
      ]
    },
  )
  return [
    { column: column('interval'), sizing: {}, mark: true, ...(day !== undefined && { head: 'time' }) },
    ...(several ? [{ column: column('granularity'), sizing: {} }] : []),
    ...dimensions,
    ...figures,
  ]
}

/** So many default figures have their column even where no row has a value. */
const ALWAYS = 6

/** An id beside its name goes before the fifth figure does. */
const ID_RANK = 7

const alignOf = (column: RowColumn): 'left' | 'right' =>
  column.kind === 'figure' || column.align === 'right' ? 'right' : 'left'

/** Does any row have something there? KPIs and metrics that nobody has would be empty columns. */
const isPresent = (column: RowColumn, shown: readonly Shown[]): boolean =>
  shown.some((one) => {
    if (column.kind === 'text') return column.value(one) !== null
    const [metric = ''] = column.name.split('.')
    if (isMetricName(metric)) return (measureIn(one.row, metric)?.count ?? 0) > 0
    return column.figure.terms(one.row) !== undefined
  })
