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

/** An event that does not fit the stream's entry. */
export const idKey = (number: number, id: Uint8Array): Buffer => {
  const key = Buffer.allocUnsafe(23)
  key.writeUIntBE(number, 0, 6)
  key[6] = 0
  key.set(id, 7)
  return key
}

/** Where a run of a stream's revisions within one block ends. */
export const runKey = (number: number, revision: number): Buffer => {
  const key = Buffer.allocUnsafe(13)
  key.writeUIntBE(number, 0, 6)
  key[6] = 1
  key.writeUIntBE(revision, 7, 6)
  return key
}

/** All keys of a stream in the index. */
export const streamRange = (number: Buffer): Readonly<{ start: Buffer; end: Buffer }> => ({
  start: Buffer.concat([number, Buffer.from([0])]),
  end: Buffer.concat([number, Buffer.from([2])]),
})
