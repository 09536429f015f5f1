import { families, type FamilyName } from '../../domain/family.js'
import type { FlatRow } from '../../domain/flat-row.js'
import type { EpochMs } from '../../domain/interval.js'
import { intervalKey } from '../../domain/row.js'
import { AvroWriter } from './writer.js'

/** What rows of the same interval share: the last part of their key, and the fields from granularity to interval end. */
type OfInterval = Readonly<Pick<FlatRow, 'granularity' | 'start' | 'end'> & { keyPart: string; fields: Uint8Array }>

/**
 * Writes the constant fields at the front of a row, family to interval end. They are two thirds of its bytes. Those of
 * the last intervals are kept: rows of a few come in turns.
 */
export const headerWriter = (family: FamilyName): ((out: AvroWriter, row: FlatRow) => void) => {
  const parts = new AvroWriter()
  const { dimensions: names, optional } = families[family]
  const isOptional = names.map((name) => optional.includes(name))
  const familyBytes = bytesOf(parts, () => parts.string(family))
  /** By start. */
  const intervals = new Map<EpochMs, OfInterval>()

  const ofInterval = ({ granularity, start, end }: FlatRow): OfInterval => {
    const known = intervals.get(start)
    if (known?.end === end && known.granularity === granularity) return known
    if (intervals.size === INTERVALS_MAX) intervals.clear()
    const made = {
      ...{ granularity, start, end },
      keyPart: `/${intervalKey({ granularity, start })}`,
      fields: bytesOf(parts, () => {
        parts.string(granularity)
        parts.long(start)
        parts.long(end)
      }),
    }
    intervals.set(start, made)
    return made
  }

  return (out, row) => {
    const { site, tenant, dimensions } = row
    const interval = ofInterval(row)
    out.bytes(familyBytes)
    out.long(site.length + interval.keyPart.length)
    out.ascii(site)
    out.ascii(interval.keyPart)
    out.string(tenant)
    for (let index = 0; index < names.length; index++) {
      const value = dimensions[index] ?? null
      if (isOptional[index] === true) out.byte(value === null ? NULL : PRESENT)
      else if (value === null) throw new RangeError(`${names[index] as string} is null`)
      if (value !== null) out.string(value)
    }
    out.bytes(interval.fields)
  }
}

const INTERVALS_MAX = 16
const NULL = 0
const PRESENT = 2

const bytesOf = (writer: AvroWriter, write: () => void): Uint8Array => {
  writer.begin()
  write()
  return Buffer.from(writer.finish())
}
