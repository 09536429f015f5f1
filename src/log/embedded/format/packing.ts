import { compressSync, uncompressSync } from 'lz4-napi'
import { moveLoneUuids, putLoneUuidsBack } from './lone-uuids.js'

/** How the body of a block is stored; the number is on disk. */
export const PLAIN = 0
/** LZ4 in its block format, behind the length of the body (u32, little-endian). */
export const LZ4 = 1
/** The same, of the body with its lone UUIDs behind it. */
export const LZ4_LONE_UUIDS = 2

export type Packed = Readonly<{ codec: number; bytes: Uint8Array }>

/** The body as it is stored: compressed, unless that does not make it smaller. */
export const pack = (body: Buffer): Packed => {
  const moved = moveLoneUuids(body)
  const bytes = compressSync(moved ?? body)
  if (bytes.length >= body.length) return { codec: PLAIN, bytes: body }
  return { codec: moved === undefined ? LZ4 : LZ4_LONE_UUIDS, bytes }
}

/**
 * The body again; `undefined` if this version does not know the codec. Bytes that LZ4 cannot have written throw: the
 * caller has checked them against their checksum.
 */
export const unpack = (codec: number, bytes: Buffer): Buffer | undefined => {
  switch (codec) {
    case PLAIN:
      return bytes
    case LZ4:
      return uncompressSync(bytes)
    case LZ4_LONE_UUIDS:
      return putLoneUuidsBack(uncompressSync(bytes))
    default:
      return undefined
  }
}
