import type { Either } from '../domain/either.js'
import * as E from '../domain/either.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { flatRowOf, type FlatRow } from '../domain/flat-row.js'
import type { Row } from '../domain/row.js'
import type { AvroSchema } from './schema/named-types.js'
import { AvroReader } from './avro/reader.js'
import { rowDecoder } from './avro/row-decoder.js'
import { figuresReader, type RowFigures } from './avro/row-figures.js'
import { rowEncoder } from './avro/row-encoder.js'
import { oldRowDecoder } from './old-schema.js'
import { headerOf, headerReader, placeReader, type RowHeader, type RowPlace } from './row-header.js'
import { historicalSchema } from './schema-history.js'
import { fingerprintOf } from './schema/fingerprint.js'
import { recordFullName, rowSchema } from './schema/row-schema.js'

/** Reads rows that were written with one schema of one family. */
export type RowReader = Readonly<{
  family: FamilyName
  /** The schema that the rows were written with. */
  schema: AvroSchema
  /**
   * 16 hex digits of the SHA-256 of the schema's canonical form; stored beside each row. Changes of docs do not change
   * it.
   */
  fingerprint: string
  /**
   * Throws a RangeError if the bytes are not a datum of this schema. What the contract does not carry gets fixed
   * values: a count metric is `count` emissions of 1, a state time is one emission, a measure without emissions
   * `undefined`. What an earlier schema does not have is null or absent.
   */
  decode: (bytes: Uint8Array) => Row
  /** Reads the header of a datum. Throws as `decode` does; what follows the header need not be looked at. */
  header: (bytes: Uint8Array) => RowHeader
  /**
   * Reads what tells a row from others. `behind` is where its header ends: of two data of one reader whose bytes from
   * there on are equal, the figures are equal; `undefined` where a reader cannot tell. Throws as `decode` does.
   */
  place: (bytes: Uint8Array) => Readonly<{ place: RowPlace; behind: number | undefined }>
  /** Reads what the header does not tell, to be compared. Throws as `decode` does. */
  figures: (bytes: Uint8Array) => RowFigures
}>

/** Row ⇄ bare Avro datum (no header, no registry id) of one family, in the schema of this version. */
export type RowCodec = RowReader &
  Readonly<{
    /** Throws if a value does not fit the contract, for example a sum that is not a whole number of milliseconds. */
    encodeFlat: (row: FlatRow) => Uint8Array
    /** The same, from a row for readers. */
    encode: (row: Row) => Uint8Array
  }>

export type UnknownSchema = Readonly<{ tag: 'UnknownSchema'; fingerprint: string; message: string }>

/** The codec that this version writes with. */
export const rowCodec = (family: FamilyName): RowCodec => (codecs[family] ??= codecOf(family))

/** Reads rows that were stored with a schema: the current one, or an earlier one that is in the history. */
export const readerOfSchema = (fingerprint: string): Either<UnknownSchema, RowReader> => {
  let reader = readers.get(fingerprint)
  if (reader === undefined) {
    reader = currentReader(fingerprint) ?? readerFromHistory(fingerprint)
    if (reader !== undefined) readers.set(fingerprint, reader)
  }
  if (reader !== undefined) return E.right(reader)
  const message =
    `rows were written with schema ${fingerprint}, which this version does not know: run the version that wrote them, ` +
    `or compute them again with \`streamvane rebuild --promote\``
  return E.left({ tag: 'UnknownSchema', fingerprint, message })
}

const codecOf = (family: FamilyName): RowCodec => {
  const schema = rowSchema(family)
  const readHeader = headerReader(family)
  const readPlace = placeReader(family)
  const encodeFlat = rowEncoder(family)
  return {
    family,
    schema,
    fingerprint: fingerprintOf(schema),
    encodeFlat,
    encode: (row) => encodeFlat(flatRowOf(row)),
    decode: rowDecoder(family),
    header: (bytes) => readHeader(new AvroReader(bytes)),
    place: (bytes) => {
      const from = new AvroReader(bytes)
      return { place: readPlace(from), behind: from.position }
    },
    figures: figuresReader(family),
  }
}

const currentReader = (fingerprint: string): RowReader | undefined => {
  const family = familyNames.find((each) => rowCodec(each).fingerprint === fingerprint)
  return family && rowCodec(family)
}

const readerFromHistory = (fingerprint: string): RowReader | undefined => {
  const schema = historicalSchema(fingerprint)
  const name = `${String(schema?.['namespace'])}.${String(schema?.['name'])}`
  const family = familyNames.find((each) => recordFullName(each) === name)
  return schema === undefined || family === undefined ? undefined : oldReader(family, schema)
}

/** Reads rows of an earlier schema. Throws if the schema cannot be resolved to the current one. */
export const oldReader = (family: FamilyName, schema: AvroSchema): RowReader => {
  const current = rowCodec(family)
  const decode = oldRowDecoder(schema, current.schema, current.decode)
  return {
    family,
    schema,
    fingerprint: fingerprintOf(schema),
    decode,
    header: (bytes) => headerOf(decode(bytes)),
    place: (bytes) => ({ place: headerOf(decode(bytes)), behind: undefined }),
    figures: (bytes) => current.figures(current.encode(decode(bytes))),
  }
}

/** Made when they are asked for: a command may need one. */
const codecs: Partial<Record<FamilyName, RowCodec>> = {}

const readers = new Map<string, RowReader>()
