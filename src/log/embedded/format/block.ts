import { crc32 } from 'node:zlib'
import type { NewEvent, Position, RecordedEvent } from '../../event-log.js'
import { Damage } from '../lmdb/damage.js'
import { BLOCK_FORMAT_1, columnsOfFormat1 } from './block-format-1.js'
import { EventView } from './event-view.js'
import type { BlockSizes, EventColumns } from './event-view.js'
import { readNames, writeNames } from './names.js'
import { pack, unpack } from './packing.js'
import { uuidBytes } from './uuid.js'

/**
 * Events are stored in blocks: neighbours in the log, written in one commit, up to {@link BLOCK_BYTES} together. One
 * entry per block keeps the store's tree small, makes a sequential read a few large copies instead of many small ones,
 * and lets events that resemble each other be compressed together (measured in docs/adr/0002-embedded-store.md and
 * 0017-compressed-blocks.md). The bytes of a block, little-endian:
 *
 * - head: u8 format, u8 codec of the body, u16 events, u16 streams, u16 types, u32 length of the block, u32 CRC-32 of
 *   all the rest, as it is stored
 * - body, compressed as a whole (packing.ts): the names of the streams, then of the types (u16 length, UTF-8); then
 *   columns with an item per event: u16 stream, u16 type, u48 revision, u32 metadata length, u32 data length, 16 bytes
 *   id, the metadata, the data
 *
 * Blocks of format 1 were not compressed; they are read, and no longer written.
 */
export const BLOCK_FORMAT = 2
/**
 * A block is closed when it reaches this size before compression; a larger event has a block of its own. Larger blocks
 * leave less of their last page unused, and reading one event of one stream costs a whole block.
 */
export const BLOCK_BYTES = 192 * 1024
/** Events in a block, at most; the numbers of names are 16 bits wide. */
export const BLOCK_EVENTS_MAX = 2_048

const HEAD = 16
/** Bytes per event in the columns, but for metadata and data. */
const FIXED = 34

/** An event with its place in its stream, as a block takes it. `id` is the UUID's 16 bytes. */
export type BlockEvent = Readonly<{ stream: string; revision: number; id: Uint8Array; event: NewEvent }>

/** Bytes this event takes in a block before compression, but for the names it shares. */
export const blockShare = ({ event }: BlockEvent): number => FIXED + event.metadata.byteLength + event.data.byteLength

const numbered = (events: readonly BlockEvent[], nameOf: (event: BlockEvent) => string): Map<string, number> => {
  const numbers = new Map<string, number>()
  for (const event of events) {
    const name = nameOf(event)
    if (!numbers.has(name)) numbers.set(name, numbers.size)
  }
  return numbers
}

/** Where bodies are written out before they are compressed. */
let scratch = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES)

/** The bytes of a block of at least one and at most {@link BLOCK_EVENTS_MAX} events. */
export const encodeBlock = (events: readonly BlockEvent[]): Buffer => {
  const streams = numbered(events, (each) => each.stream)
  const types = numbered(events, (each) => each.event.type)
  const { codec, bytes } = pack(bodyOf(events, streams, types))
  const block = Buffer.allocUnsafeSlow(HEAD + bytes.length)
  block[0] = BLOCK_FORMAT
  block[1] = codec
  block.writeUInt16LE(events.length, 2)
  block.writeUInt16LE(streams.size, 4)
  block.writeUInt16LE(types.size, 6)
  block.writeUInt32LE(block.length, 8)
  block.set(bytes, HEAD)
  block.writeUInt32LE(checksum(block), 12)
  return block
}

/** The body in `scratch`: valid until the next is made. */
const bodyOf = (
  events: readonly BlockEvent[],
  streams: ReadonlyMap<string, number>,
  types: ReadonlyMap<string, number>,
): Buffer => {
  const most = events.reduce((sum, event) => sum + blockShare(event), namesMax(streams) + namesMax(types))
  if (scratch.length < most) scratch = Buffer.allocUnsafeSlow(most)
  const body = scratch
  const { length } = events
  const streamAt = writeNames(body, writeNames(body, 0, streams.keys()), types.keys())
  const typeAt = streamAt + 2 * length
  const revisionAt = typeAt + 2 * length
  const metadataLengthAt = revisionAt + 6 * length
  const dataLengthAt = metadataLengthAt + 4 * length
  const idAt = dataLengthAt + 4 * length
  let at = idAt + 16 * length
  events.forEach(({ stream, revision, id, event }, i) => {
    body.writeUInt16LE(streams.get(stream)!, streamAt + 2 * i)
    body.writeUInt16LE(types.get(event.type)!, typeAt + 2 * i)
    body.writeUIntLE(revision, revisionAt + 6 * i, 6)
    body.writeUInt32LE(event.metadata.byteLength, metadataLengthAt + 4 * i)
    body.writeUInt32LE(event.data.byteLength, dataLengthAt + 4 * i)
    body.set(id, idAt + 16 * i)
    body.set(event.metadata, at)
    at += event.metadata.byteLength
  })
  for (const { event } of events) {
    body.set(event.data, at)
    at += event.data.byteLength
  }
  return body.subarray(0, at)
}

/** Bytes that names take at most: a UTF-16 unit takes up to three in UTF-8. */
const namesMax = (names: ReadonlyMap<string, number>): number => {
  let bytes = 0
  for (const name of names.keys()) bytes += 2 + 3 * name.length
  return bytes
}

const checksum = (block: Buffer): number => crc32(block.subarray(HEAD), crc32(block.subarray(0, HEAD - 4)))

/** Stream and type of what is left of an erased event: its place. */
export const ERASED = '$erased'

/** The block with all events of a stream erased, and how many there were. */
export const withoutStream = (block: Block, stream: string): Readonly<{ bytes: Buffer; erased: number }> => {
  const events = eventsOf(block, 0, block.count, () => true)
  const nothing = new Uint8Array(0)
  const noId = new Uint8Array(16)
  const left = events.map((event): BlockEvent => {
    if (event.stream !== stream)
      return { stream: event.stream, revision: event.revision, id: uuidBytes(event.id), event }
    return { stream: ERASED, revision: 0, id: noId, event: { id: '', type: ERASED, data: nothing, metadata: nothing } }
  })
  return { bytes: encodeBlock(left), erased: events.filter((event) => event.stream === stream).length }
}

/** An opened block: its names, and where the parts of its events are. */
export type Block = EventColumns & Readonly<{ count: number }>

/** @throws Damage if the bytes are not those of a whole block. */
export const openBlock = (bytes: Buffer, last: Position): Block => {
  const format = bytes.length < HEAD ? undefined : bytes[0]
  if ((format !== BLOCK_FORMAT && format !== BLOCK_FORMAT_1) || bytes.readUInt32LE(8) !== bytes.length)
    throw new Damage(`the block through position ${last} is no block of format ${BLOCK_FORMAT} or ${BLOCK_FORMAT_1}`)
  if (checksum(bytes) !== bytes.readUInt32LE(12))
    throw new Damage(`the block through position ${last} fails its checksum`)
  const sizes = { count: bytes.readUInt16LE(2), streams: bytes.readUInt16LE(4), types: bytes.readUInt16LE(6) }
  const first = last - BigInt(sizes.count - 1)
  if (format === BLOCK_FORMAT_1) return { ...columnsOfFormat1(bytes, HEAD, sizes), count: sizes.count, first }
  const body = unpack(bytes[1]!, bytes.subarray(HEAD))
  if (body === undefined)
    throw new Damage(`the block through position ${last} has codec ${bytes[1]}, which this version does not know`)
  return { ...columnsOf(body, sizes), count: sizes.count, first }
}

const columnsOf = (body: Buffer, { count, ...names }: BlockSizes): Omit<EventColumns, 'first'> => {
  const streams = readNames(body, 0, names.streams)
  const types = readNames(body, streams.end, names.types)
  const stream = new Uint16Array(count)
  const type = new Uint16Array(count)
  const revision = new Float64Array(count)
  const places = new Uint32Array(4 * count)
  const typeAt = types.end + 2 * count
  const revisionAt = typeAt + 2 * count
  const lengthsAt = revisionAt + 6 * count
  const idsAt = lengthsAt + 8 * count
  let at = idsAt + 16 * count
  for (let i = 0; i < count; i++) {
    stream[i] = body.readUInt16LE(types.end + 2 * i)
    type[i] = body.readUInt16LE(typeAt + 2 * i)
    revision[i] = body.readUInt32LE(revisionAt + 6 * i) + body.readUInt16LE(revisionAt + 6 * i + 4) * 0x1_0000_0000
    places[4 * i] = at
    places[4 * i + 1] = at += body.readUInt32LE(lengthsAt + 4 * i)
  }
  for (let i = 0; i < count; i++) {
    places[4 * i + 2] = at
    places[4 * i + 3] = at += body.readUInt32LE(lengthsAt + 4 * (count + i))
  }
  return { body, streams: streams.names, types: types.names, stream, type, revision, places, idsAt, idStride: 16 }
}

/**
 * The events of a block at `from` up to `to` (indices, exclusive; no further than it has), of the streams for which
 * `wanted` says true, at most `max`. They share the block's memory: an event kept keeps its block.
 */
export const eventsOf = (
  block: Block,
  from: number,
  to: number,
  wanted: (stream: number) => boolean,
  max = Infinity,
): RecordedEvent[] => {
  const events: RecordedEvent[] = []
  if (!block.streams.some((_, stream) => wanted(stream))) return events
  const stop = Math.min(to, block.count)
  for (let i = from; i < stop && events.length < max; i++)
    if (wanted(block.stream[i]!)) events.push(new EventView(block, i))
  return events
}
