import { decodeRow, readKpiEvent } from '../../../contract/kpi-stream/stored.js'
import type { FamilyName } from '../../../domain/family.js'
import type { Granularity } from '../../../domain/granularity.js'
import type { EpochMs, Interval } from '../../../domain/interval.js'
import { isEmptyRow, type Row } from '../../../domain/row.js'
import type { RecordedEvent } from '../../../log/event-log.js'
import { markerEvents, rowWindows } from '../../row-index/row-events.js'
import type { RowsOf } from '../../row-index/row-index.js'

/** A row as it was at a revision of its stream, and the revision at which it became so. */
export type SourceRow = Readonly<{ row: Row; at: number }>

/**
 * The rows of a range that hold something, each in its last state, by start and key; and which stretches of it are
 * complete. `last` is the last revision of the stream that says something of the range; -1 if none does.
 */
export type Source = Readonly<{ rows: readonly SourceRow[]; complete: readonly Interval[]; last: number }>

export type SourceWanted = Readonly<{
  family: FamilyName
  granularity: Granularity
  /** Intervals that start in `[from, to)`. */
  from: EpochMs
  to: EpochMs
  /** As it was when the stream ended with this revision. Default: as it is. */
  through?: number | undefined
}>

/** Reads a range of one window: see `sourceWindows`. */
export const readSource = async (of: RowsOf, wanted: SourceWanted, withRows = true): Promise<Source> => {
  const { family, granularity, from, to, through = Infinity } = wanted
  const latest = new Map<string, RecordedEvent>()
  const complete: Interval[] = []
  let last = -1
  const range = { families: new Set([family]), granularity, from, to }
  for await (const events of markerEvents(of, range, withRows))
    for (const event of events) {
      if (event.revision > through) continue
      const stored = readKpiEvent(event)
      if (stored?.kind === 'row') {
        const { header } = stored
        if (header.family !== family || header.granularity !== granularity) continue
        if (header.start < from || header.start >= to) continue
        latest.set(header.key, event)
        last = Math.max(last, event.revision)
      } else if (stored?.kind === 'interval-complete') {
        const { marker } = stored
        if (marker.family !== family || marker.granularity !== granularity) continue
        if (marker.end <= from || marker.start >= to) continue
        complete.push({ start: marker.start, end: marker.end })
        last = Math.max(last, event.revision)
      }
    }
  const rows = [...latest.values()].map((event) => ({ row: decodeRow(event).row, at: event.revision }))
  return {
    rows: rows.filter(({ row }) => !isEmptyRow(row)).sort(byStartAndKey),
    complete: joinedIntervals(complete),
    last,
  }
}

const byStartAndKey = ({ row: a }: SourceRow, { row: b }: SourceRow): number =>
  a.start - b.start || (a.key < b.key ? -1 : 1)

/** Intervals that touch or overlap become one. */
export const joinedIntervals = (intervals: readonly Interval[]): readonly Interval[] => {
  const all: { start: EpochMs; end: EpochMs }[] = []
  for (const { start, end } of [...intervals].sort((a, b) => a.start - b.start)) {
    const before = all.at(-1)
    if (before !== undefined && start <= before.end) before.end = Math.max(before.end, end)
    else all.push({ start, end })
  }
  return all
}

/** Whether all of an interval is complete. */
export const isCompleteIn = ({ complete }: Pick<Source, 'complete'>, { start, end }: Interval): boolean =>
  complete.some((each) => each.start <= start && each.end >= end)

/**
 * Divides a range into ascending pieces of bounded content, cut at the starts of intervals of the feed, and brings the
 * row index up to date, so that each piece costs what it holds.
 */
export const sourceWindows = async (
  of: RowsOf,
  { family, granularity, from, to }: SourceWanted,
  startOfInterval: (at: EpochMs) => EpochMs,
): Promise<readonly Interval[]> => {
  const windows = await rowWindows(of, { families: new Set([family]), granularity, from, to })
  const cuts = new Set(windows.slice(1).map((window) => startOfInterval(window.from ?? from)))
  const starts = [from, ...[...cuts].filter((cut) => cut > from && cut < to)]
  return starts.map((start, place) => ({ start, end: starts[place + 1] ?? to }))
}
