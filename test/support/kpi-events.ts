import { encodeKpiEvents } from '../../src/contract/kpi-stream/encode.js'
import { flatRowOf, rowOf } from '../../src/domain/flat-row.js'
import type { IntervalComplete } from '../../src/domain/interval-complete.js'
import type { KpiEvent } from '../../src/domain/kpi-event.js'
import type { Row } from '../../src/domain/row.js'
import type { NewEvent, Position } from '../../src/log/event-log.js'

/** The rows among the events that a projection puts out. */
export const rowsIn = (events: readonly KpiEvent[]): readonly Row[] =>
  events.flatMap((event) => (event.kind === 'row' ? [rowOf(event.row)] : []))

/** The markers among them. */
export const markersIn = (events: readonly KpiEvent[]): readonly IntervalComplete[] =>
  events.flatMap((event) => (event.kind === 'interval-complete' ? [event.marker] : []))

/** Rows as a projector encodes them for the batch that goes through `position`. */
export const rowEvents = (
  tenant: string,
  generation: string,
  rows: readonly Row[],
  position: Position,
): readonly NewEvent[] =>
  encodeKpiEvents(
    tenant,
    generation,
    rows.map((row) => ({ kind: 'row', row: flatRowOf(row) })),
    position,
  )
