import { families, type FamilyName } from '../../domain/family.js'
import type { FlatRow } from '../../domain/flat-row.js'
import type { Granularity } from '../../domain/granularity.js'
import { cellKey } from '../../domain/row.js'
import { AvroWriter } from './writer.js'

/** What rows with the same dimensions share: the first part of their key, and the fields from tenant to dimensions. */
type OfDimensions = Readonly<{ tenant: string; keyPart: Uint8Array; fields: Uint8Array }>

/** What rows of the same interval share: the last part of their key, and the fields from granularity to interval end. */
type OfInterval = Readonly<{ end: number; keyPart: Uint8Array; fields: Uint8Array }>

/**
 * Writes the constant fields at the front of a row, family to interval end. They are two thirds of its bytes and mostly
 * text, so the bytes of both halves are kept: by the array of dimensions, as long as a cell has it, and by interval.
 */
export const headerWriter = (family: FamilyName): ((out: AvroWriter, row: FlatRow) => void) => {
  const parts = new AvroWriter()
  const { dimensions: names, optional } = families[family]
  const familyBytes = bytesOf(parts, () => parts.string(family))
  const byDimensions = new WeakMap<FlatRow['dimensions'], OfDimensions>()
  const byInterval = new Map<Granularity, Map<number, OfInterval>>()

  const ofDimensions = ({ tenant, dimensions }: FlatRow): OfDimensions => {
    const made = {
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
    }
    byDimensions.set(dimensions, made)
    return made
  }

  const ofInterval = ({ granularity, start, end }: FlatRow): OfInterval => {
    const made = {
      end,
      keyPart: Buffer.from(`${granularity}/${new Date(start).toISOString()}`),
      fields: bytesOf(parts, () => {
        parts.string(granularity)
        parts.long(start)
        parts.long(end)
      }),
    }
    let byStart = byInterval.get(granularity)
    if (byStart === undefined || byStart.size >= INTERVALS_MAX)
      byInterval.set(granularity, (byStart = new Map<number, OfInterval>()))
    byStart.set(start, made)
    return made
  }

  return (out, row) => {
    let cell = byDimensions.get(row.dimensions)
    if (cell?.tenant !== row.tenant) cell = ofDimensions(row)
    let interval = byInterval.get(row.granularity)?.get(row.start)
    if (interval?.end !== row.end) interval = ofInterval(row)
    out.bytes(familyBytes)
    out.long(cell.keyPart.length + interval.keyPart.length)
    out.bytes(cell.keyPart)
    out.bytes(interval.keyPart)
    out.bytes(cell.fields)
    out.bytes(interval.fields)
  }
}

const NULL = 0
const PRESENT = 2

/** Intervals of one granularity whose bytes are kept. */
const INTERVALS_MAX = 256

const bytesOf = (writer: AvroWriter, write: () => void): Uint8Array => {
  writer.begin()
  write()
  return writer.finish().slice()
}
