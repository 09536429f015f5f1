import { crc32 } from 'node:zlib'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { granularities, type Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'

/**
 * Keys and values of the row index. Numbers in keys are big-endian, so their order is the order of numbers:
 *
 * - `0 · family · granularity · start of the interval · revision` → the revisions of a stretch of the stream that hold
 *   rows of these intervals; the first of them is in the key
 * - `1 · …` → the same, of the rows that are corrections
 * - `2 · revision` → nothing; a checkpoint of the projector
 * - `3 · family · granularity` → the latest end of an interval of which a row was final
 * - `4` → how far the index goes
 * - `5` as `0`, of the markers that say that there are rows
 * - `6` as `0`, of the markers that say that there are none, by the first interval that they speak of
 *
 * Families and granularities are numbered by their place in their lists, so the lists are part of the format.
 */
export const FORMAT = `2 ${familyNames.join()} ${granularities.join()}`

export const KIND = {
  ...({ rows: 0, corrections: 1, checkpoint: 2, closed: 3, mark: 4 } as const),
  ...({ markers: 5, gaps: 6 } as const),
} as const

/** Rows of one family and length of interval. */
export type Sort = Readonly<{ family: FamilyName; granularity: Granularity }>

/** Keeps instants before 1970 in order, too. */
const START_OFFSET = 2 ** 46

const key = (kind: number, sort: Sort | undefined, ...numbers: readonly number[]): Buffer => {
  const sortAt = sort === undefined ? 1 : 3
  const bytes = Buffer.allocUnsafe(sortAt + 6 * numbers.length)
  bytes[0] = kind
  if (sort !== undefined) {
    bytes[1] = familyNames.indexOf(sort.family)
    bytes[2] = granularities.indexOf(sort.granularity)
  }
  numbers.forEach((number, i) => bytes.writeUIntBE(number, sortAt + 6 * i, 6))
  return bytes
}

const startOf = (start: EpochMs): number => Math.min(Math.max(0, start + START_OFFSET), 2 ** 48 - 1)

export const postingKey = (kind: number, sort: Sort, start: EpochMs, revision: number): Buffer =>
  key(kind, sort, startOf(start), revision)

/** The keys of postings of intervals that start in `[from, to)`. */
export const postingRange = (kind: number, sort: Sort, from: EpochMs, to: EpochMs) => ({
  start: key(kind, sort, startOf(from), 0),
  end: key(kind, sort, startOf(to), 0),
})

export const startIn = (posting: Buffer): EpochMs => posting.readUIntBE(3, 6) - START_OFFSET

export const checkpointKey = (revision: number): Buffer => key(KIND.checkpoint, undefined, revision)

export const checkpointIn = (checkpoint: Buffer): number => checkpoint.readUIntBE(1, 6)

export const closedKey = (sort: Sort): Buffer => key(KIND.closed, sort)

export const MARK_KEY = key(KIND.mark, undefined)

/** Revisions, ascending, as bytes: each but the first as its distance to the one before, 7 bits a byte. */
export const encodeRevisions = (revisions: readonly number[]): Buffer => {
  const bytes = Buffer.allocUnsafe(8 * revisions.length)
  let at = 0
  for (let i = 1; i < revisions.length; i++) {
    let distance = revisions[i]! - revisions[i - 1]!
    for (; distance >= 128; distance = Math.floor(distance / 128)) bytes[at++] = (distance % 128) | 128
    bytes[at++] = distance
  }
  return bytes.subarray(0, at)
}

/** Adds the revisions of a posting, by its key and its value, to a list. */
export const readRevisions = (posting: Buffer, bytes: Buffer, into: number[]): void => {
  let revision = posting.readUIntBE(9, 6)
  into.push(revision)
  for (let at = 0; at < bytes.length;) {
    let [distance, scale] = [0, 1]
    for (; bytes[at]! >= 128; scale *= 128) distance += (bytes[at++]! - 128) * scale
    revision += distance + bytes[at++]! * scale
    into.push(revision)
  }
}

/** A value with the CRC-32 of key and value before it: the store has no checksums, and a wrong index answers wrongly. */
export const checked = (of: Buffer, value: Buffer): Buffer => {
  const bytes = Buffer.allocUnsafe(4 + value.length)
  bytes.writeUInt32LE(crc32(value, crc32(of)), 0)
  bytes.set(value, 4)
  return bytes
}

/** The value; `undefined` if it is not what was written. */
export const unchecked = (of: Buffer, bytes: Buffer): Buffer | undefined =>
  bytes.length >= 4 && crc32(bytes.subarray(4), crc32(of)) === bytes.readUInt32LE(0) ? bytes.subarray(4) : undefined
