import { isCheckpoint } from '../../../contract/kpi-stream/marks.js'
import { isKpiEvent, readKpiEvent } from '../../../contract/kpi-stream/stored.js'
import type { RowFilter, SinkFailure, SinkRecord } from '../../../egress/sink.js'
import type { RecordedEvent } from '../../../log/event-log.js'
import type { Lost } from '../retry.js'
import { publishCutOver } from './cut-over.js'
import type { Periods } from './periods.js'
import { endOf, type EgressEnd, type Generation, type Publishing } from './publishing.js'
import { passes, selectableOf } from './selection.js'
import { recordsOf } from './writer.js'

/**
 * Events of one window, at most. A period with more is published in windows of so many, so that memory holds the keys
 * of one window; a row that changed in two of them is published twice.
 */
const WINDOW_EVENTS_MAX = 250_000

/**
 * Publishes at the end of each period the latest revision of each row that changed. `undefined`: it was told to stop.
 *
 * Nothing is held between: the KPI log is the buffer. At the end of a period its new events are read twice, first to
 * find the last event of each row, then to write these in the order of the log. The progress behind each write is the
 * event that was written last: whatever was passed over before it stands again behind it, with a higher revision. So a
 * crash in the middle of a period loses nothing and repeats nothing, and needs no other progress than streaming does.
 */
export const publishPeriods = async (
  publishing: Publishing,
  generation: Generation,
  periods: Periods,
): Promise<EgressEnd | Lost | undefined> => {
  const { untilCaughtUp, activity, lag, onWorking } = publishing
  const { until } = generation
  let { from, cutOver } = generation
  for (;;) {
    if (!untilCaughtUp) await periods.due(until)
    if (until.aborted) return undefined
    for (;;) {
      const window = await windowFrom(from, publishing, generation)
      if (window === undefined) break
      activity?.begun()
      const failure = await publishWindow(window, publishing, generation)
      if (failure !== undefined) return endOf(failure)
      if (until.aborted) return undefined
      from = window.through + 1
      lag.passed(window.through)
    }
    if (cutOver !== undefined) {
      const failure = await publishCutOver(publishing, generation, cutOver)
      if (failure !== undefined) return endOf(failure)
      if (until.aborted) return undefined
      cutOver = undefined
    }
    periods.done()
    onWorking()
    activity?.caughtUp()
    if (untilCaughtUp) return { kind: 'caught-up' }
  }
}

/** Events `from` to `through` of a stream, of which `chosen` are published. */
type Window = Readonly<{ from: number; through: number; chosen: ReadonlySet<number> }>

/**
 * The next window: through the last checkpoint in it, because a marker that an interval is complete stands in the same
 * batch as the rows that it counts. A batch that the projector has not finished waits for the next period.
 */
const windowFrom = async (
  from: number,
  { filter, untilCaughtUp, windowMax = WINDOW_EVENTS_MAX }: Publishing,
  { kpi, stream, until }: Generation,
): Promise<Window | undefined> => {
  const end = ((await kpi.streamRevision(stream)) ?? -1) + 1
  const max = Math.min(end - from, windowMax)
  if (max <= 0) return undefined
  const through = (await lastCheckpoint()) ?? (untilCaughtUp || max === windowMax ? from + max - 1 : undefined)
  if (through === undefined) return undefined
  const latest = new LatestEvents(filter)
  for await (const events of kpi.readStream(stream, { from, max: through - from + 1 })) {
    if (until.aborted) return undefined
    for (const event of events) latest.add(event)
  }
  return { from, through, chosen: latest.revisions() }

  async function lastCheckpoint(): Promise<number | undefined> {
    for await (const events of kpi.readStream(stream, { from: from + max - 1, backwards: true, max, batchMax: 100 })) {
      const found = events.find(isCheckpoint)
      if (found !== undefined) return found.revision
    }
    return undefined
  }
}

/** The last event of each row that passes a filter, and all events that nothing replaces. */
export class LatestEvents {
  private readonly filter: RowFilter
  private readonly byName = new Map<string, number>()
  private readonly lasting: number[] = []

  constructor(filter: RowFilter) {
    this.filter = filter
  }

  add(event: RecordedEvent): void {
    const stored = readKpiEvent(event)
    if (stored === undefined) return
    const selectable = selectableOf(stored)
    if (!passes(this.filter, selectable)) return
    if (selectable.replaces === undefined) this.lasting.push(event.revision)
    else this.byName.set(selectable.replaces, event.revision)
  }

  revisions(): ReadonlySet<number> {
    return new Set([...this.byName.values(), ...this.lasting])
  }
}

const publishWindow = async (
  { from, through, chosen }: Window,
  { filter, batchMax }: Publishing,
  { live, kpi, stream, writer, trace, until }: Generation,
): Promise<SinkFailure | undefined> => {
  let records: SinkRecord[] = []
  let last: RecordedEvent | undefined
  const flush = async (isWhole: boolean): Promise<SinkFailure | undefined> => {
    const [these, behind] = [records, last]
    records = []
    return behind === undefined ? undefined : writer.write(these, behind, isWhole)
  }
  for await (const events of kpi.readStream(stream, { from, max: through - from + 1, batchMax })) {
    trace?.read(events)
    for (const event of events) {
      if (until.aborted) return undefined
      if (!isKpiEvent(event)) continue
      const isChosen = chosen.has(event.revision)
      // Before the next record, so that the last write of the window has one and says that the window is whole.
      const failure = isChosen && records.length >= batchMax ? await flush(false) : undefined
      if (failure !== undefined) return failure
      if (isChosen) records.push(...recordsOf(event, live, filter))
      last = event
    }
  }
  return (await flush(true)) ?? writer.written()
}
