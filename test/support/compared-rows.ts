import type { ComparedRow } from '../../src/app/operations/generations/digest.js'
import { rowCodec } from '../../src/contract/row-codec.js'
import type { Row } from '../../src/domain/row.js'

/** Rows in the form in which generations are compared. */
export const comparedRows = (rows: Iterable<Row>): readonly ComparedRow[] =>
  [...rows].map((row) => {
    const { encode, figures } = rowCodec(row.family)
    const { key, start, status, correction } = row
    return { key, start, status, correction, ...figures(encode(row)) }
  })
