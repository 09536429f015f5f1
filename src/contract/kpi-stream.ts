import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../domain/family.js'
import { familyNames, isFamilyName } from '../domain/family.js'
import type { IntervalComplete } from '../domain/interval-complete.js'
import type { KpiEvent, Left } from '../domain/kpi-event.js'
import type { Row } from '../domain/row.js'
import { unreachable } from '../domain/unreachable.js'
import { kpiStream } from '../domain/stream-name.js'
import type { RowFigures } from './avro/row-figures.js'
import { decodeMarker, statementCodec } from './completeness-codec.js'
import { readerOfSchema, rowCodec, type RowReader } from './row-codec.js'
import type { RowHeader } from './row-header.js'
import { ascendingIds } from '../log/content-id.js'
import type { EventLog, NewEvent, Position, RecordedEvent } from '../log/event-log.js'
import { APPEND_LIMIT_BYTES } from '../log/append-batches.js'
import { readTraceContext, type TraceContext, type WrittenContext } from '../log/trace-context.js'

/**
 * The KPI stream of a generation holds `Row.<family>` events and, behind the rows of an interval that is complete,
 * `IntervalComplete` (all bare Avro). At the end of each batch the projector writes
 * a `Checkpoint` with the raw position through which all events are counted in the rows before it. A batch that is too
 * large for one append begins with `BatchBegan`, which holds the same position: a projector that finds no checkpoint
 * behind it folds the same events again and appends the rows that are missing.
 */
const ROW_PREFIX = 'Row.'
const MARKER = 'IntervalComplete'
const LEFT = 'Left'
const CHECKPOINT = 'Checkpoint'
const BATCH_BEGAN = 'BatchBegan'

/** Limit of one append, besides its bytes. */
const APPEND_EVENTS_MAX = 1_000

/** The metadata of what is published: the schema that it was written with. */
const metadataOf = (fingerprint: string): Uint8Array => {
  let metadata = metadataBySchema.get(fingerprint)
  if (metadata === undefined)
    metadataBySchema.set(fingerprint, (metadata = Buffer.from(JSON.stringify({ schema: fingerprint }))))
  return metadata
}
const metadataBySchema = new Map<string, Uint8Array>()

/**
 * The events of a batch that goes through `position`, encoded once: these bytes are what every sink frames or renders.
 * Several batches may go through one position; their ids differ by `from`, which rises from batch to batch by at least
 * the number of its events.
 */
export const encodeKpiEvents = (
  tenant: string,
  generation: string,
  events: readonly KpiEvent[],
  position: Position,
  from = 0,
): readonly NewEvent[] => {
  const idAt = ascendingIds(Number(position), 'rows', tenant, generation)
  return events.map((event, index) => ({ id: idAt(from + index), ...encoded(event) }))
}

const encoded = (event: KpiEvent): Omit<NewEvent, 'id'> => {
  switch (event.kind) {
    case 'row': {
      const { row } = event
      const codec = rowCodec(row.family)
      return { type: rowTypes[row.family], data: codec.encodeFlat(row), metadata: metadataOf(codec.fingerprint) }
    }
    case 'interval-complete': {
      const codec = statementCodec('interval-complete')
      return { type: MARKER, data: codec.encode(event.marker), metadata: metadataOf(codec.fingerprint) }
    }
    case 'left':
      return { type: LEFT, data: Buffer.from(JSON.stringify(event.left)), metadata: Buffer.from('{}') }
    default:
      return unreachable(event)
  }
}

const rowTypes = Object.fromEntries(familyNames.map((family) => [family, `${ROW_PREFIX}${family}`])) as Readonly<
  Record<FamilyName, string>
>

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

export type StoredRow = Readonly<{ row: Row; avro: Uint8Array; schema: string; revision: number }>

/** A row event with only its header read. `schema` is the fingerprint that its metadata names. */
export type StoredHeader = Readonly<{ header: RowHeader; avro: Uint8Array; schema: string; revision: number }>

export type StoredMarker = Readonly<{ marker: IntervalComplete; avro: Uint8Array; schema: string; revision: number }>

export type StoredLeft = Readonly<{ left: Left; revision: number }>

/** What is read of a stored event, by kind. */
type ReadByKind = Readonly<{ row: StoredHeader; 'interval-complete': StoredMarker; left: StoredLeft }>

/** An event of a KPI stream as it is stored, by kind. */
export type StoredKpiEvent = { [K in KpiEvent['kind']]: Readonly<{ kind: K }> & ReadByKind[K] }[KpiEvent['kind']]

/** The kind of an event of a KPI stream; `undefined` for the projector's own records. */
const kindOf = ({ type }: RecordedEvent): KpiEvent['kind'] | undefined =>
  kinds.find((kind) => type.startsWith(typePrefixes[kind]))

const typePrefixes: Readonly<Record<KpiEvent['kind'], string>> = {
  row: ROW_PREFIX,
  'interval-complete': MARKER,
  left: LEFT,
}
const kinds = Object.keys(typePrefixes) as readonly KpiEvent['kind'][]

/** Is this an output of the projection, which is published, and not a record of the projector's own? */
export const isKpiEvent = (event: RecordedEvent): boolean => kindOf(event) !== undefined

/** Reads an event of a KPI stream; `undefined` for the projector's own records. Throws as `decodeRow` does. */
export const readKpiEvent = (event: RecordedEvent): StoredKpiEvent | undefined => {
  const kind = kindOf(event)
  switch (kind) {
    case undefined:
      return undefined
    case 'row':
      return { kind, ...readHeader(event) }
    case 'interval-complete':
      return { kind, ...readMarker(event) }
    case 'left':
      return { kind, left: JSON.parse(Buffer.from(event.data).toString('utf8')) as Left, revision: event.revision }
    default:
      return unreachable(kind)
  }
}

export const familyOf = (event: RecordedEvent): FamilyName | undefined => {
  const name = event.type.slice(ROW_PREFIX.length)
  return kindOf(event) === 'row' && isFamilyName(name) ? name : undefined
}

/** Is this something that an egress publishes? */
export const isPublished = (event: RecordedEvent): boolean => kindOf(event) !== undefined

/** Is this the projector's record of how far the rows before it go? */
export const isCheckpoint = ({ type }: RecordedEvent): boolean => type === CHECKPOINT

/** Reads a row event, of whatever version. Throws `RowOfUnknownSchema` if its schema is not in the history. */
export const decodeRow = (event: RecordedEvent): StoredRow => {
  const reader = readerOf(event)
  return { row: reader.decode(event.data), avro: event.data, schema: reader.fingerprint, revision: event.revision }
}

/** Reads the header of a row event, not its measures. Throws as `decodeRow` does. */
export const readHeader = (event: RecordedEvent): StoredHeader => {
  const reader = readerOf(event)
  return { header: reader.header(event.data), avro: event.data, schema: reader.fingerprint, revision: event.revision }
}

/** Reads the figures of a row whose header was read. */
export const figuresOf = ({ avro, schema }: StoredHeader): RowFigures => {
  const reader = readerOfSchema(schema)
  if (E.isLeft(reader)) throw new RowOfUnknownSchema(reader.left.message)
  return reader.right.figures(avro)
}

/** Reads a marker event. Throws if its schema is not known. */
const readMarker = (event: RecordedEvent): StoredMarker => {
  const { schema } = JSON.parse(Buffer.from(event.metadata).toString('latin1')) as { schema: string }
  return { marker: decodeMarker(event.data, schema), avro: event.data, schema, revision: event.revision }
}

const readerOf = ({ metadata }: RecordedEvent): RowReader => {
  const text = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength).toString('latin1')
  const known = readersByMetadata.get(text)
  if (known !== undefined) return known
  const { schema } = JSON.parse(text) as { schema: string }
  const reader = readerOfSchema(schema)
  if (E.isLeft(reader)) throw new RowOfUnknownSchema(reader.left.message)
  readersByMetadata.set(text, reader.right)
  return reader.right
}

/** The metadata of a row is its schema: one text for each schema of the history. */
const readersByMetadata = new Map<string, RowReader>()

/** A row was written with a schema that this version does not know. The message says what to do. */
export class RowOfUnknownSchema extends Error {
  override readonly name = 'RowOfUnknownSchema'
}

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

/** Which events of a stream are looked at: those of one family, of all of the stream if `events` are not given. */
type LookedAt = Readonly<{
  family?: FamilyName | undefined
  /** The events of the stream that may be wanted, all revisions of a row, in its order. */
  events?: AsyncIterable<readonly RecordedEvent[]> | undefined
}>

/**
 * The latest row of every key of a generation that `wanted` lets through, in the order in which the keys first
 * appeared.
 */
export const latestRows = async (
  kpi: EventLog,
  tenant: string,
  generation: string,
  wanted: LookedAt & Readonly<{ row?: (row: Row) => boolean }> = {},
): Promise<ReadonlyMap<string, StoredRow>> => {
  const rows = new Map<string, StoredRow>()
  for await (const event of rowEventsOf(
    wanted.events ?? kpi.readStream(kpiStream(tenant, generation)),
    wanted.family,
  )) {
    const stored = decodeRow(event)
    if (wanted.row?.(stored.row) !== false) rows.set(stored.row.key, stored)
  }
  return rows
}

/** As `latestRows`, for those who pass rows on: their measures are not decoded. */
export const latestHeaders = async (
  kpi: EventLog,
  tenant: string,
  generation: string,
  wanted: LookedAt & Readonly<{ header?: (header: RowHeader) => boolean }> = {},
): Promise<ReadonlyMap<string, StoredHeader>> => {
  const rows = new Map<string, StoredHeader>()
  for await (const event of rowEventsOf(
    wanted.events ?? kpi.readStream(kpiStream(tenant, generation)),
    wanted.family,
  )) {
    const stored = readHeader(event)
    if (wanted.header?.(stored.header) !== false) rows.set(stored.header.key, stored)
  }
  return rows
}

async function* rowEventsOf(
  events: AsyncIterable<readonly RecordedEvent[]>,
  family: FamilyName | undefined,
): AsyncIterable<RecordedEvent> {
  for await (const batch of events)
    for (const event of batch) {
      const itsFamily = familyOf(event)
      if (itsFamily !== undefined && (family === undefined || itsFamily === family)) yield event
    }
}
