import * as E from 'fp-ts/lib/Either.js'
import { readerOfSchema } from '../../../contract/row-codec.js'
import { rowJson } from '../../../contract/row-json.js'
import type { StoredHeader } from '../../../contract/kpi-stream/stored.js'
import type { Value } from './findings.js'

/** A stored row as JSON; `null` if its bytes cannot be read behind the header. */
export const jsonOfStored = ({ avro, schema }: Pick<StoredHeader, 'avro' | 'schema'>): Value | null => {
  const reader = readerOfSchema(schema)
  if (E.isLeft(reader)) return null
  try {
    return rowJson(reader.right.decode(avro))
  } catch (cause) {
    if (cause instanceof RangeError) return null
    throw cause
  }
}
