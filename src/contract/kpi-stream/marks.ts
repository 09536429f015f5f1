import { kpiStream } from '../../domain/stream-name.js'
import { APPEND_LIMIT_BYTES } from '../../log/append-batches.js'
import { ascendingIds } from '../../log/content-id.js'
import type { EventLog, NewEvent, Position, RecordedEvent } from '../../log/event-log.js'
import { readTraceContext, type TraceContext, type WrittenContext } from '../../log/trace-context.js'
import { BATCH_BEGAN, CHECKPOINT } from './event-types.js'

/** Limit of one append, besides its bytes. */
const APPEND_EVENTS_MAX = 1_000

/**
 * Which raw log a position is in, and the last event that was folded at or before it. A position alone means something
 * in every log. `event` is absent where none was folded yet.
 */
export type RawOrigin = Readonly<{ logId: string; event?: RawEventRef }>
export type RawEventRef = Readonly<{ stream: string; revision: number; id: string }>

/** A raw position; `origin` is absent where a version before it wrote the position, or the raw log has no id yet. */
export type RawMark = Readonly<{ position: Position; origin?: RawOrigin | undefined }>

const markEvent = (
  type: string,
  tenant: string,
  generation: string,
  { position, origin }: RawMark,
  from: number,
  traces: readonly WrittenContext[] = [],
): NewEvent => ({
  id: ascendingIds(Number(position), type, tenant, generation, String(position))(from),
  type,
  data: Buffer.from(JSON.stringify({ position: String(position), ...origin })),
  metadata: Buffer.from(JSON.stringify(traces.length === 0 ? {} : { traces })),
})

/**
 * The spans that appended the rows before a checkpoint, in the traces of raw events that are in these rows. Rows
 * themselves carry none: their bytes do not depend on who was sampled.
 */
export const traceContextsIn = ({ metadata }: RecordedEvent): readonly TraceContext[] => {
  if (metadata.length <= NO_METADATA_BYTES) return []
  const { traces = [] } = JSON.parse(Buffer.from(metadata).toString('utf8')) as { traces?: readonly WrittenContext[] }
  return traces.flatMap(({ traceparent, tracestate }) => readTraceContext(traceparent, tracestate) ?? [])
}
const NO_METADATA_BYTES = '{}'.length

/** The raw position through which everything is folded at this event; `undefined` for all but checkpoints. */
export const checkpointIn = (event: RecordedEvent): RawMark | undefined =>
  event.type === CHECKPOINT ? markIn(event) : undefined

/** Where a batch that needs several appends goes to; `undefined` for all but the record at its beginning. */
export const batchBeganIn = (event: RecordedEvent): RawMark | undefined =>
  event.type === BATCH_BEGAN ? markIn(event) : undefined

const markIn = ({ data }: RecordedEvent): RawMark => {
  const { position, logId, event } = JSON.parse(Buffer.from(data).toString('utf8')) as StoredMark
  const origin = logId === undefined ? undefined : { logId, ...(event === undefined ? {} : { event }) }
  return { position: BigInt(position), origin }
}

type StoredMark = Readonly<{ position: string; logId?: string; event?: RawEventRef }>

/**
 * Cuts a batch that folded everything through `position` into appends; the last holds the checkpoint, with the
 * contexts of sampled events (`traces`) beside it. `from` as for `encodeKpiEvents`.
 */
export const appendsOf = (
  tenant: string,
  generation: string,
  events: readonly NewEvent[],
  position: Position,
  origin?: RawOrigin,
  from = 0,
  traces: readonly WrittenContext[] = [],
): readonly (readonly NewEvent[])[] => {
  const mark = { position, origin }
  const appends: NewEvent[][] = [[]]
  let bytes = 0
  for (const event of events) {
    const last = appends.at(-1) as NewEvent[]
    if (last.length >= APPEND_EVENTS_MAX || bytes + event.data.length > APPEND_LIMIT_BYTES) {
      appends.push([event])
      bytes = event.data.length
    } else {
      last.push(event)
      bytes += event.data.length
    }
  }
  if (appends.length > 1) appends[0]?.unshift(markEvent(BATCH_BEGAN, tenant, generation, mark, from))
  appends.at(-1)?.push(markEvent(CHECKPOINT, tenant, generation, mark, from, traces))
  return appends
}

/** Is this the projector's record of how far the rows before it go? */
export const isCheckpoint = ({ type }: RecordedEvent): boolean => type === CHECKPOINT

/**
 * Where a projector goes on: the last checkpoint and the stream's revision; and the batch that a crash cut short, if
 * any.
 */
export type Recovery = Readonly<{
  checkpoint: RawMark | undefined
  revision: number | undefined
  cutShort: CutShort | undefined
}>

/** A batch whose checkpoint is missing: where it goes to. */
export type CutShort = Readonly<{ through: RawMark }>

/** Reads the tail of a generation's KPI stream. */
export const recover = async (kpi: EventLog, tenant: string, generation: string): Promise<Recovery> => {
  let revision: number | undefined
  let through: RawMark | undefined
  const found = (checkpoint: RawMark | undefined): Recovery => ({
    checkpoint,
    revision,
    cutShort: through === undefined ? undefined : { through },
  })
  for await (const batch of kpi.readStream(kpiStream(tenant, generation), { backwards: true, batchMax: 100 }))
    for (const event of batch) {
      revision ??= event.revision
      if (event.type === CHECKPOINT) return found(markIn(event))
      if (event.type === BATCH_BEGAN) through = markIn(event)
    }
  return found(undefined)
}
