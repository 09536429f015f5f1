import type { BlockSizes, EventColumns } from './event-view.js'
import { readNames } from './names.js'

/**
 * Blocks as version 0.1.0 wrote them, not compressed. Behind the head:
 *
 * - names of the streams, then of the types
 * - one entry per event: u16 stream, u16 type, u48 revision, 16 bytes id, u32 metadata length, u32 data length
 * - for each event its metadata, then its data
 */
export const BLOCK_FORMAT_1 = 1

const ENTRY = 34

export const columnsOfFormat1 = (
  body: Buffer,
  namesAt: number,
  { count, ...names }: BlockSizes,
): Omit<EventColumns, 'first'> => {
  const streams = readNames(body, namesAt, names.streams)
  const types = readNames(body, streams.end, names.types)
  const stream = new Uint16Array(count)
  const type = new Uint16Array(count)
  const revision = new Float64Array(count)
  const places = new Uint32Array(4 * count)
  let at = types.end + ENTRY * count
  for (let i = 0; i < count; i++) {
    const entry = types.end + ENTRY * i
    stream[i] = body.readUInt16LE(entry)
    type[i] = body.readUInt16LE(entry + 2)
    revision[i] = body.readUInt32LE(entry + 4) + body.readUInt16LE(entry + 8) * 0x1_0000_0000
    places[4 * i] = at
    places[4 * i + 1] = places[4 * i + 2] = at += body.readUInt32LE(entry + 26)
    places[4 * i + 3] = at += body.readUInt32LE(entry + 30)
  }
  const ids = { idsAt: types.end + 10, idStride: ENTRY }
  return { body, streams: streams.names, types: types.names, stream, type, revision, places, ...ids }
}
