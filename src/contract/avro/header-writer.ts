import { families, type FamilyName } from '../../domain/family.js'
import type { FlatRow, RowFront } from '../../domain/flat-row.js'
import { cellKey } from '../../domain/row.js'
import { AvroWriter } from './writer.js'

/** What rows with the same dimensions share: the first part of their key, and the fields from tenant to dimensions. */
type OfDimensions = Exclude<RowFront['made'], undefined>

/** What rows of the same interval share: the last part of their key, and the fields from granularity to interval end. */
type OfInterval = Readonly<Pick<FlatRow, 'granularity' | 'start' | 'end'> & { keyPart: Uint8Array; fields: Uint8Array }>

/**
 * Writes the constant fields at the front of a row, family to interval end. They are two thirds of its bytes and mostly
 * text, so the bytes of both halves are kept: those of the dimensions with the cell, those of the interval from row to
 * row.
 */
export const headerWriter = (family: FamilyName): ((out: AvroWriter, row: FlatRow) => void) => {
  const parts = new AvroWriter()
  const { dimensions: names, optional } = families[family]
  const familyBytes = bytesOf(parts, () => parts.string(family))
  let interval: OfInterval | undefined

  const ofDimensions = ({ tenant, dimensions }: FlatRow): OfDimensions => ({
    tenant,
    keyPart: Buffer.from(`${family}/${cellKey(dimensions)}/`),
    fields: bytesOf(parts, () => {
      parts.string(tenant)
      names.forEach((name, index) => {
        const value = dimensions[index] ?? null
        if (optional.includes(name)) parts.byte(value === null ? NULL : PRESENT)
        else if (value === null) throw new RangeError(`${name} is null`)
        if (value !== null) parts.string(value)
      })
    }),
  })

  const ofInterval = ({ granularity, start, end }: FlatRow): OfInterval => ({
    ...{ granularity, start, end },
    keyPart: Buffer.from(`${granularity}/${new Date(start).toISOString()}`),
    fields: bytesOf(parts, () => {
      parts.string(granularity)
      parts.long(start)
      parts.long(end)
    }),
  })

  return (out, row) => {
    const { front } = row
    if (front.made?.tenant !== row.tenant) front.made = ofDimensions(row)
    // Rows that follow each other are mostly of the same interval.
    if (interval?.start !== row.start || interval.end !== row.end || interval.granularity !== row.granularity)
      interval = ofInterval(row)
    const { keyPart, fields } = front.made
    out.bytes(familyBytes)
    out.long(keyPart.length + interval.keyPart.length)
    out.bytes(keyPart)
    out.bytes(interval.keyPart)
    out.bytes(fields)
    out.bytes(interval.fields)
  }
}

const NULL = 0
const PRESENT = 2

const bytesOf = (writer: AvroWriter, write: () => void): Uint8Array => {
  writer.begin()
  write()
  return Buffer.from(writer.finish())
}
