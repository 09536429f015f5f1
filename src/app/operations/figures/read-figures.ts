import type { FamilyName } from '../../../domain/family.js'
import { intervalAt, type Granularity } from '../../../domain/granularity.js'
import type { EpochMs, Interval } from '../../../domain/interval.js'
import type { RowWithKpis } from '../../../domain/kpi-terms.js'
import type { Profile } from '../../../domain/profile.js'
import { cellKey, isEmptyRow, rowKey, type Correction, type Row, type RowStatus } from '../../../domain/row.js'
import type { RowsOf } from '../../row-index/row-index.js'
import { intervalFault, sourceGranularity } from '../../feeds/records/source-granularity.js'
import { latestRowsInOrder } from '../rows.js'
import { figureOf, type FigureColumn, type FigureValue } from './column.js'
import type { Renderings } from '../../renderings.js'

/** Figures of one interval and one value of each dimension: of one row, or of several that were added up. */
export type Figures = Readonly<{
  key: string
  dimensions: readonly (string | null)[]
  interval: Interval
  status: RowStatus
  /** Why rows of it were restated last. */
  corrections: readonly Correction[]
  /** Of the row; null where rows were added up. */
  revision: number | null
  /** How many rows it is made of. */
  rows: number
  /** It held something once, and all of that was taken back. */
  isEmpty: boolean
  /** Points that were erased on request. */
  erased: number
  /** The target of the service level; null: none is configured, or rows of the interval had different ones. */
  serviceTarget: number | null
  /** In the order of the columns. */
  values: readonly FigureValue[]
}>

export type WantedFigures = Readonly<{
  family: FamilyName
  granularity: Granularity
  columns: readonly FigureColumn[]
  /** Intervals that start in `[from, to)`. */
  from?: EpochMs | undefined
  to?: EpochMs | undefined
  matches?: (row: Row) => boolean
  renderings: Renderings
  /** Of the generation. */
  profile: Profile
  /** An interval that has not ended by then, with the grace, is provisional. */
  frontier: EpochMs | undefined
  signal?: AbortSignal
}>

/** Rows cannot be added up to such intervals. */
export class NoSuchIntervals extends Error {
  override readonly name = 'NoSuchIntervals'
}

/**
 * The figures of a range, by start of the interval and key, an interval at a time. Intervals that the generation has
 * rows of are read as they are; longer ones are added up from the longest rows that they can be made of. Throws
 * `NoSuchIntervals`.
 */
export async function* readFigures(of: RowsOf, wanted: WantedFigures): AsyncGenerator<readonly Figures[]> {
  const { granularity, profile, from, to } = wanted
  const { zone } = profile
  const intervals = { interval: granularity, zone }
  const source = sourceGranularity(intervals, profile)
  if (source === undefined) throw new NoSuchIntervals(intervalFault(intervals, profile))
  const rowsTo = to === undefined ? undefined : intervalAt(granularity, zone, to - 1).end
  const windows = latestRowsInOrder(of, { ...wanted, granularity: source, from, to: rowsTo })
  let group: Group | undefined
  for await (const rows of windows)
    for (const row of rows) {
      if (group === undefined || row.start >= group.interval.end) {
        if (group !== undefined) yield figuresOf(group, wanted)
        group = { interval: intervalAt(granularity, zone, row.start), cells: new Map() }
      }
      // Of an interval that began before the range only a part was read.
      if (from !== undefined && group.interval.start < from) continue
      const name = cellKey(row.dimensions)
      const cell = group.cells.get(name)
      const rendered = { row, kpis: wanted.renderings.of(row).kpis }
      if (cell === undefined) group.cells.set(name, [rendered])
      else cell.push(rendered)
    }
  if (group !== undefined) yield figuresOf(group, wanted)
}

/** The rows of an interval, by their dimensions. */
type Group = Readonly<{ interval: Interval; cells: Map<string, RowWithKpis[]> }>

const figuresOf = ({ interval, cells }: Group, wanted: WantedFigures): readonly Figures[] =>
  [...cells.values()].map((rows) => figuresOfCell(interval, rows, wanted)).sort((a, b) => (a.key < b.key ? -1 : 1))

const figuresOfCell = (
  interval: Interval,
  rendered: readonly RowWithKpis[],
  { family, granularity, columns, profile, frontier }: WantedFigures,
): Figures => {
  const rows = rendered.map(({ row }) => row)
  const [first] = rows as [Row, ...Row[]]
  const { dimensions } = first
  const isOwn = first.granularity === granularity
  const isOver = frontier !== undefined && frontier >= interval.end + profile.graceMs
  const targets = new Set(rows.map(({ serviceTarget }) => serviceTarget))
  return {
    key: rowKey({ family, dimensions, granularity, start: interval.start }),
    ...{ dimensions, interval },
    status: isOwn ? first.status : statusOf(rows, isOver),
    corrections: [...new Set(rows.flatMap(({ correction }) => correction ?? []))].sort(),
    revision: isOwn ? first.revision : null,
    rows: rows.length,
    isEmpty: rows.every(isEmptyRow),
    erased: rows.reduce((sum, { erased }) => sum + (erased ?? 0), 0),
    serviceTarget: targets.size === 1 ? first.serviceTarget : null,
    values: columns.map((column) => figureOf(column, rendered)),
  }
}

const statusOf = (rows: readonly Row[], isOver: boolean): RowStatus =>
  !isOver || rows.some(({ status }) => status === 'provisional')
    ? 'provisional'
    : rows.some(({ status }) => status === 'corrected')
      ? 'corrected'
      : 'final'
