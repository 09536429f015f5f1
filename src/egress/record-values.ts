import * as E from 'fp-ts/lib/Either.js'
import { markerJson, statementCodec } from '../contract/completeness-codec.js'
import { readerOfSchema } from '../contract/row-codec.js'
import { rowJson } from '../contract/row-json.js'
import { unreachable } from '../domain/unreachable.js'
import type { ValuedRecord } from './sink.js'

/** Fingerprint of the schema of what is stored: that of the datum in the published value, but for its last fields. */
export const storedSchemaOf = (record: ValuedRecord): string =>
  record.kind === 'generation-complete' ? statementCodec(record.kind).fingerprint : record.schema

/** The bare datum that is published; `publicationBytes` follow it. */
export const storedDatumOf = (record: ValuedRecord): Uint8Array =>
  record.kind === 'generation-complete' ? statementCodec(record.kind).encode(record.statement) : record.avro

/** The value of a record as JSON; `undefined` if the schema of a row is unknown. */
export const recordJson = (record: ValuedRecord): object | undefined => {
  const value = valueJson(record)
  const { generation, promotion } = record
  return value === undefined ? undefined : { ...value, generation, promotion }
}

const valueJson = (record: ValuedRecord): object | undefined => {
  switch (record.kind) {
    case 'row': {
      const reader = readerOfSchema(record.schema)
      return E.isRight(reader) ? rowJson(reader.right.decode(record.avro)) : undefined
    }
    case 'interval-complete':
      return markerJson(record.marker)
    case 'generation-complete':
      return record.statement
    default:
      return unreachable(record)
  }
}
