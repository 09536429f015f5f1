import * as E from '../../domain/either.js'
import { familyNames, type FamilyName } from '../../domain/family.js'
import type { IntervalComplete } from '../../domain/interval-complete.js'
import type { KpiEvent, Left } from '../../domain/kpi-event.js'
import type { Row } from '../../domain/row.js'
import { unreachable } from '../../domain/unreachable.js'
import type { RecordedEvent } from '../../log/event-log.js'
import type { RowFigures } from '../avro/row-figures.js'
import { decodeMarker } from '../completeness-codec.js'
import { readerOfSchema, type RowReader } from '../row-codec.js'
import type { RowHeader } from '../row-header.js'
import { LEFT, MARKER, ROW_PREFIX } from './event-types.js'

export type StoredRow = Readonly<{ row: Row; avro: Uint8Array; schema: string; revision: number }>

/** A row event with only its header read. `schema` is the fingerprint that its metadata names. */
export type StoredHeader = Readonly<{ header: RowHeader; avro: Uint8Array; schema: string; revision: number }>

/** A row event of which only what tells it from others is read. */
export type StoredPlace = ReturnType<RowReader['place']> & Readonly<{ avro: Uint8Array; reader: RowReader }>

export type StoredMarker = Readonly<{ marker: IntervalComplete; avro: Uint8Array; schema: string; revision: number }>

export type StoredLeft = Readonly<{ left: Left; revision: number }>

/** What is read of a stored event, by kind. */
type ReadByKind = Readonly<{ row: StoredHeader; 'interval-complete': StoredMarker; left: StoredLeft }>

/** An event of a KPI stream as it is stored, by kind. */
export type StoredKpiEvent = { [K in KpiEvent['kind']]: Readonly<{ kind: K }> & ReadByKind[K] }[KpiEvent['kind']]

/** The kind of an event of a KPI stream; `undefined` for the projector's own records. */
const kindOf = ({ type }: RecordedEvent): KpiEvent['kind'] | undefined =>
  rowFamilies.has(type) ? 'row' : kinds.find((kind) => type.startsWith(typePrefixes[kind]))

const typePrefixes: Readonly<Record<KpiEvent['kind'], string>> = {
  row: ROW_PREFIX,
  'interval-complete': MARKER,
  left: LEFT,
}
const kinds = Object.keys(typePrefixes) as readonly KpiEvent['kind'][]
const rowFamilies = new Map(familyNames.map((family) => [`${ROW_PREFIX}${family}`, family]))

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

/** The family of a row event; `undefined` for other events. */
export const familyOf = ({ type }: RecordedEvent): FamilyName | undefined => rowFamilies.get(type)

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

/** Reads what tells a row event from others. Throws as `decodeRow` does. */
export const readPlace = (event: RecordedEvent): StoredPlace => {
  const reader = readerOf(event)
  const avro = event.data
  const { place, behind } = reader.place(avro)
  return { place, behind, avro, reader }
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

const readerOf = ({ type, metadata }: RecordedEvent): RowReader => {
  const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength)
  const last = lastReaders.get(type)
  if (last?.metadata.equals(bytes) === true) return last.reader
  const { schema } = JSON.parse(bytes.toString()) as { schema: string }
  const reader = readerOfSchema(schema)
  if (E.isLeft(reader)) throw new RowOfUnknownSchema(reader.left.message)
  lastReaders.set(type, { metadata: Buffer.from(bytes), reader: reader.right })
  return reader.right
}

/** The metadata of a row is its schema, which rows of a family mostly share with the one before. */
const lastReaders = new Map<string, Readonly<{ metadata: Buffer; reader: RowReader }>>()

/** A row was written with a schema that this version does not know. The message says what to do. */
export class RowOfUnknownSchema extends Error {
  override readonly name = 'RowOfUnknownSchema'
}
