import type { Logger } from 'pino'
import { recover, type RawMark } from '../../../contract/kpi-stream/marks.js'
import { decodeRow, familyOf } from '../../../contract/kpi-stream/stored.js'
import type { EpochMs } from '../../../domain/interval.js'
import { isEmptyRow, type Row } from '../../../domain/row.js'
import { rawPrefixes } from '../../../domain/stream-name.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { EventLog, Position } from '../../../log/event-log.js'
import type { FactMeans } from '../../pipeline/facts/open-feed.js'
import type { Generation } from '../../pipeline/generations.js'
import { scopeOf } from '../../pipeline/projector/generation-projection.js'
import { rowEvents } from '../../row-index/row-events.js'
import { isInScope, type Scope } from '../../scoped/scope.js'
import { scopedFold } from '../../scoped/scoped-fold.js'
import { lastCheckpoint, positionOfFrontier, positionOfReceipt } from './moment.js'

/**
 * Which state of rows:
 *
 * - `latest`: as they stand now
 * - `first`: the first revision that was published of each
 * - `first-final`: the first that was published as final, or as a correction where none was final before
 * - `as-of`, by `event-time`: as they stood when the clock of the log reached the instant; by `known`: as they follow
 *   from what had been received by then
 */
export type AsWhat =
  | Readonly<{ kind: 'latest' | 'first' | 'first-final' }>
  | Readonly<{ kind: 'as-of'; at: EpochMs; by: 'event-time' | 'known' }>

export type AsOfOptions = Readonly<{
  tenant: string
  generation: Generation
  scope: Scope
  raw: EventLog
  kpi: EventLog
  /** The data folder, where the row index is; absent: the KPI stream is read whole. */
  data: string | undefined
  facts: FactMeans
  signal: AbortSignal
  logger: Logger
}>

/**
 * A row, and where it is from: a revision that the KPI log holds, or a fold of the raw log through the moment, where the
 * revision of that moment was never published. A folded row has the values of that moment, and its revision says nothing.
 */
export type RowThen = Readonly<{ row: Row; from: 'kpi-log' | 'fold' }>

export type RowsThen = Readonly<{
  /** By start and key; rows that hold nothing are left out. */
  rows: readonly RowThen[]
  /** The position of the raw log whose state it is; null where no moment was asked for, or nothing had come by then. */
  position: Position | null
  /** Whether the moment has come: the clock of the log has reached the instant. */
  isReached: boolean
}>

/** The rows of a scope in one of their states. Writes nothing. */
export const rowsAs = async (options: AsOfOptions, what: AsWhat): Promise<RowsThen> => {
  switch (what.kind) {
    case 'latest':
      return published(await revisionsOf(options, Infinity), (revisions) => revisions.at(-1))
    case 'first':
      return published(await revisionsOf(options, Infinity), (revisions) => revisions[0])
    case 'first-final':
      return published(await revisionsOf(options, Infinity), (revisions) =>
        revisions.find(({ row }) => row.status !== 'provisional'),
      )
    case 'as-of':
      return rowsAt(options, what)
    default:
      return unreachable(what)
  }
}

type Revision = Readonly<{ row: Row; kpiRevision: number }>

/** What of a row's revisions a state needs; all others are forgotten while they are read. */
type Kept = { revisions: Revision[]; changedLater: boolean }

/**
 * Of each row of the scope the revisions that can be asked for: the first, the first final and the last one of those
 * that were published through a revision of the KPI stream; and whether more came behind it.
 */
const revisionsOf = async (
  { tenant, generation, scope, kpi, data }: AsOfOptions,
  through: number,
): Promise<ReadonlyMap<string, Kept>> => {
  const kept = new Map<string, Kept>()
  const { families, from, to } = scope
  for await (const events of rowEvents({ kpi, tenant, generation: generation.name, data }, { families, from, to }))
    for (const event of events) {
      const family = familyOf(event)
      if (family === undefined || families?.has(family) === false) continue
      const { row } = decodeRow(event)
      if (!isInScope(scope, row)) continue
      let of = kept.get(row.key)
      if (of === undefined) kept.set(row.key, (of = { revisions: [], changedLater: false }))
      if (event.revision > through) of.changedLater = true
      else keep(of.revisions, { row, kpiRevision: event.revision })
    }
  return kept
}

/** Keeps the first, the first final and the last of them. */
const keep = (revisions: Revision[], next: Revision): void => {
  const last = revisions.at(-1)
  const isNeeded =
    revisions.length < 2 || (last !== undefined && last === revisions.find(({ row }) => row.status !== 'provisional'))
  if (!isNeeded) revisions.pop()
  revisions.push(next)
}

const published = (
  kept: ReadonlyMap<string, Kept>,
  chosen: (revisions: readonly Revision[]) => Revision | undefined,
): RowsThen => ({
  rows: inOrder(
    [...kept.values()].flatMap(({ revisions }): readonly RowThen[] => {
      const one = chosen(revisions)
      return one === undefined || isEmptyRow(one.row) ? [] : [{ row: one.row, from: 'kpi-log' }]
    }),
  ),
  position: null,
  isReached: true,
})

const rowsAt = async (
  options: AsOfOptions,
  { at, by }: Extract<AsWhat, Readonly<{ kind: 'as-of' }>>,
): Promise<RowsThen> => {
  const { tenant, generation, raw, kpi } = options
  const streams = { tenant, generation: generation.name, raw, kpi }
  const found = by === 'known' ? await positionOfReceipt(streams, at) : await positionOfFrontier(streams, at)
  const isReached = by === 'known' || found !== undefined
  const position = isReached ? found : await raw.head()
  if (position === undefined) return { rows: [], position: null, isReached }

  const { checkpoint } = await recover(kpi, tenant, generation.name)
  const through = await lastCheckpoint(streams, ({ position: folded }) => folded <= position)
  const kept = await revisionsOf(options, through?.revision ?? -1)
  const isComplete = await hasPublishedAll(options, checkpoint, position)
  const isCertain = ({ changedLater }: Kept): boolean => isComplete && !changedLater
  const certain = new Map([...kept].filter(([, of]) => isCertain(of)))
  const stored = published(certain, (revisions) => revisions.at(-1)).rows
  if (isComplete && certain.size === kept.size) return { rows: stored, position, isReached }

  const folded = await foldThrough(options, generation, position)
  const computed = folded.flatMap((row): readonly RowThen[] => (certain.has(row.key) ? [] : [{ row, from: 'fold' }]))
  return { rows: inOrder([...stored, ...computed]), position, isReached }
}

/** The rows of the scope through a position. A generation in part has the rows of its base elsewhere. */
const foldThrough = async (
  options: AsOfOptions,
  generation: Generation,
  through: Position,
): Promise<readonly Row[]> => {
  const { rows } = await scopedFold({ ...options, generation, through })
  const { scoped } = generation
  if (scoped === undefined) return rows
  const own = scopeOf(scoped.scope)
  const others = await foldThrough(options, scoped.base, through)
  return [...rows.filter((row) => isInScope(own, row)), ...others.filter((row) => !isInScope(own, row))]
}

/**
 * Has the generation published all that changed through a position? Then a row that was not published again behind it
 * stands as it was published last. A projector that is behind the raw log may keep rows back.
 */
const hasPublishedAll = async (
  { raw, tenant }: AsOfOptions,
  checkpoint: RawMark | undefined,
  position: Position,
): Promise<boolean> => {
  if (checkpoint === undefined || checkpoint.position < position) return false
  for await (const _ of raw.readAll({ after: checkpoint.position, prefixes: rawPrefixes(tenant), batchMax: 1 }))
    return false
  return true
}

const inOrder = (rows: readonly RowThen[]): readonly RowThen[] =>
  [...rows].sort(({ row: a }, { row: b }) => a.start - b.start || (a.key < b.key ? -1 : 1))
