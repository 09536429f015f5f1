import avro from 'avsc'
import type { Either } from 'fp-ts/lib/Either.js'
import * as E from 'fp-ts/lib/Either.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import type { Row } from '../domain/row.js'
import type { AvroSchema } from './schema/named-types.js'
import { AvroReader } from './avro/reader.js'
import { rowDecoder } from './avro/row-decoder.js'
import { rowEncoder } from './avro/row-encoder.js'
import { headerReader, type RowHeader } from './row-header.js'
import { rowSchema } from './schema/row-schema.js'

/** Row ⇄ bare Avro datum (no header, no registry id) of one family. */
export type RowCodec = Readonly<{
  family: FamilyName
  schema: AvroSchema
  /**
   * 16 hex digits of the SHA-256 of the schema's canonical form; stored beside each row. Changes of docs do not change
   * it.
   */
  fingerprint: string
  /**
   * Throws if a value does not fit the contract, for example a sum that is not a whole number of milliseconds.
   */
  encode: (row: Row) => Uint8Array
  /**
   * Throws a RangeError if the bytes are not a datum of this schema. What the contract does not carry gets fixed values:
   * a count metric is `count` emissions of 1, a state time is one emission, a measure without emissions `undefined`.
   */
  decode: (bytes: Uint8Array) => Row
  /** Reads the front of a datum alone; what follows is not looked at. Throws as `decode` does. */
  header: (bytes: Uint8Array) => RowHeader
}>

export type UnknownSchema = Readonly<{ tag: 'UnknownSchema'; fingerprint: string; message: string }>

/** The codec that this version writes with. */
export const rowCodec = (family: FamilyName): RowCodec => codecs[family]

/** The codec for rows that were stored with a schema. Later versions find the resolvers for older schemas here. */
export const codecOfSchema = (fingerprint: string): Either<UnknownSchema, RowCodec> => {
  const codec = byFingerprint.get(fingerprint)
  if (codec !== undefined) return E.right(codec)
  const message = `rows were written with schema ${fingerprint}, which this version does not know: run the version that wrote them, or rebuild the generation`
  return E.left({ tag: 'UnknownSchema', fingerprint, message })
}

const makeCodec = (family: FamilyName): RowCodec => {
  const schema = rowSchema(family)
  const type = avro.Type.forSchema(schema as unknown as avro.Schema)
  const fingerprint = type.fingerprint('sha256').toString('hex').slice(0, 16)
  const readHeader = headerReader(family)
  return {
    family,
    schema,
    fingerprint,
    encode: rowEncoder(family),
    decode: rowDecoder(family),
    header: (bytes) => readHeader(new AvroReader(bytes)),
  }
}

const codecs = Object.fromEntries(familyNames.map((family) => [family, makeCodec(family)])) as Readonly<
  Record<FamilyName, RowCodec>
>

const byFingerprint: ReadonlyMap<string, RowCodec> = new Map(
  familyNames.map((family) => [codecs[family].fingerprint, codecs[family]]),
)
