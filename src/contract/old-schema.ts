import type { Schema, Type } from 'avsc'
import type { Row } from '../domain/row.js'
import { avsc } from './avro/avsc.js'
import type { AvroSchema } from './schema/named-types.js'

/**
 * Reads data that were written with an earlier schema of a family: avsc resolves them to the current schema, where
 * fields that the earlier one did not have get their defaults. Throws if the two cannot be resolved.
 *
 * The resolved value is encoded again for the decoder of the current schema, so that there is one decoder. That takes
 * several times as long as reading a current row, and is needed for rows of before an upgrade alone.
 */
export const oldRowDecoder = (
  written: AvroSchema,
  current: AvroSchema,
  decode: (bytes: Uint8Array) => Row,
): ((bytes: Uint8Array) => Row) => {
  const [from, to] = [typeOf(written), typeOf(current)]
  const resolver = to.createResolver(from)
  return (bytes) => {
    const datum = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let value: unknown
    try {
      value = to.fromBuffer(datum, resolver)
    } catch (cause) {
      throw new RangeError(`the bytes are not a datum of the schema that they name: ${(cause as Error).message}`, {
        cause,
      })
    }
    return decode(to.toBuffer(value))
  }
}

/** The codec of avsc for a schema of ours. */
export const typeOf = (schema: AvroSchema): Type => avsc().Type.forSchema(schema as unknown as Schema)
