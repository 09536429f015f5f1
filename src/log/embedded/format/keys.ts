import type { Position } from '../../event-log.js'

/** Keys of the embedded tables: big-endian, so that bytes sort as numbers do. */

const LAST_POSITION = 0xffff_ffff_ffff_ffffn

export const positionKey = (position: Position): Buffer => {
  const key = Buffer.allocUnsafe(8)
  key.writeBigUInt64BE(position < 0n ? 0n : position > LAST_POSITION ? LAST_POSITION : position)
  return key
}

export const positionOf = (key: Buffer): Position => key.readBigUInt64BE()

export const streamKey = (number: number): Buffer => {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(number, 0, 6)
  return key
}

export const streamNumberOf = (key: Buffer): number => key.readUIntBE(0, 6)

/** What a key in `overflow` is about; the byte behind the stream's number. */
export const OVERFLOW = { id: 0, runByRevision: 1, runById: 2 } as const

const idKeyOf = (number: number, kind: number, id: Uint8Array): Buffer => {
  const key = Buffer.allocUnsafe(23)
  key.writeUIntBE(number, 0, 6)
  key[6] = kind
  key.set(id, 7)
  return key
}

/** An event that does not fit the stream's entry, and whose id is in no run. */
export const idKey = (number: number, id: Uint8Array): Buffer => idKeyOf(number, OVERFLOW.id, id)

/** A run of events within one block whose ids ascend, by the last of them; runs of one stream do not overlap. */
export const runIdKey = (number: number, lastId: Uint8Array): Buffer => idKeyOf(number, OVERFLOW.runById, lastId)

/** The id in a key of the last two kinds. */
export const idInKey = (key: Buffer): Buffer => key.subarray(7)

/** Where a run of a stream's revisions within one block ends. */
export const runKey = (number: number, revision: number): Buffer => {
  const key = Buffer.allocUnsafe(13)
  key.writeUIntBE(number, 0, 6)
  key[6] = OVERFLOW.runByRevision
  key.writeUIntBE(revision, 7, 6)
  return key
}

type KeyRange = Readonly<{ start: Buffer; end: Buffer }>

/** All keys of a stream in `overflow`. */
export const streamRange = (number: Buffer): KeyRange => ({
  start: Buffer.concat([number, Buffer.from([OVERFLOW.id])]),
  end: Buffer.concat([number, Buffer.from([OVERFLOW.runById + 1])]),
})

/** Those of one kind. */
export const kindRange = (number: number, kind: number): KeyRange => ({
  start: Buffer.concat([streamKey(number), Buffer.from([kind])]),
  end: Buffer.concat([streamKey(number), Buffer.from([kind + 1])]),
})
