import { crc32 } from 'node:zlib'
import { Damage } from '../lmdb/damage.js'
import type { NewEvent, Position, RecordedEvent } from '../../event-log.js'

/**
 * Events are stored in blocks: neighbours in the log, written in one commit, up to {@link BLOCK_BYTES} together. One
 * entry per block keeps the store's tree small and makes a sequential read a few large copies instead of many small
 * ones (measured in docs/adr/0002-embedded-store.md). The bytes of a block, little-endian:
 *
 * - head: u8 format, u8 0, u16 events, u16 streams, u16 types, u32 length of the block, u32 CRC-32 of all the rest
 * - names of the streams, then of the types: u16 length, UTF-8
 * - one entry per event: u16 stream, u16 type, u48 revision, 16 bytes id, u32 metadata length, u32 data length
 * - for each event its metadata, then its data
 */
export const BLOCK_FORMAT = 1
/** A block is closed when it reaches this size; a larger event has a block of its own. */
export const BLOCK_BYTES = 32 * 1024
/** Events in a block, at most; numbers in the entries are 16 bits wide. */
export const BLOCK_EVENTS_MAX = 2_048

const HEAD = 16
const ENTRY = 34

/** An event with its place in its stream, as a block takes it. `id` is the UUID's 16 bytes. */
export type BlockEvent = Readonly<{ stream: string; revision: number; id: Uint8Array; event: NewEvent }>

/** Bytes this event takes in a block, but for the names it shares. */
export const blockShare = ({ event }: BlockEvent): number => ENTRY + event.metadata.byteLength + event.data.byteLength

const names = (events: readonly BlockEvent[], nameOf: (event: BlockEvent) => string): Map<string, number> => {
  const numbers = new Map<string, number>()
  for (const event of events) {
    const name = nameOf(event)
    if (!numbers.has(name)) numbers.set(name, numbers.size)
  }
  return numbers
}

/** The bytes of a block of at least one and at most {@link BLOCK_EVENTS_MAX} events. */
export const encodeBlock = (events: readonly BlockEvent[]): Buffer => {
  const streams = names(events, (each) => each.stream)
  const types = names(events, (each) => each.event.type)
  let size = HEAD
  for (const table of [streams, types]) for (const name of table.keys()) size += 2 + Buffer.byteLength(name)
  for (const event of events) size += blockShare(event)

  const block = Buffer.allocUnsafeSlow(size)
  let at = HEAD
  for (const table of [streams, types])
    for (const name of table.keys()) {
      const written = block.write(name, at + 2)
      block.writeUInt16LE(written, at)
      at += 2 + written
    }
  let bytesAt = at + ENTRY * events.length
  for (const { stream, revision, id, event } of events) {
    block.writeUInt16LE(streams.get(stream)!, at)
    block.writeUInt16LE(types.get(event.type)!, at + 2)
    block.writeUInt32LE(revision % 0x1_0000_0000, at + 4)
    block.writeUInt16LE(Math.floor(revision / 0x1_0000_0000), at + 8)
    block.set(id, at + 10)
    block.writeUInt32LE(event.metadata.byteLength, at + 26)
    block.writeUInt32LE(event.data.byteLength, at + 30)
    block.set(event.metadata, bytesAt)
    bytesAt += event.metadata.byteLength
    block.set(event.data, bytesAt)
    bytesAt += event.data.byteLength
    at += ENTRY
  }
  block.writeUInt16LE(BLOCK_FORMAT, 0)
  block.writeUInt16LE(events.length, 2)
  block.writeUInt16LE(streams.size, 4)
  block.writeUInt16LE(types.size, 6)
  block.writeUInt32LE(size, 8)
  block.writeUInt32LE(checksum(block), 12)
  return block
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

/** A parsed block: its names, and where its entries begin. Its bytes must not change while its events are in use. */
export type Block = Readonly<{
  bytes: Buffer
  count: number
  /** Position of the block's first event; the others follow one by one. */
  first: Position
  streams: readonly string[]
  types: readonly string[]
  entriesAt: number
}>

/** @throws Damage if the bytes are not those of a whole block of this format. */
export const openBlock = (bytes: Buffer, last: Position): Block => {
  if (bytes.length < HEAD || bytes.readUInt16LE(0) !== BLOCK_FORMAT || bytes.readUInt32LE(8) !== bytes.length)
    throw new Damage(`the block through position ${last} is no block of format ${BLOCK_FORMAT}`)
  if (checksum(bytes) !== bytes.readUInt32LE(12))
    throw new Damage(`the block through position ${last} fails its checksum`)
  const count = bytes.readUInt16LE(2)
  let at = HEAD
  const table = (size: number): readonly string[] => {
    const list = new Array<string>(size)
    for (let i = 0; i < size; i++) {
      const length = bytes.readUInt16LE(at)
      list[i] = bytes.toString('utf8', at + 2, at + 2 + length)
      at += 2 + length
    }
    return list
  }
  const streams = table(bytes.readUInt16LE(4))
  const types = table(bytes.readUInt16LE(6))
  return { bytes, count, first: last - BigInt(count - 1), streams, types, entriesAt: at }
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
  const { bytes, streams, types, entriesAt, first, count } = block
  if (!streams.some((_, stream) => wanted(stream))) return []
  const stop = Math.min(to, count)
  const events: (RecordedEvent & { id: string })[] = []
  let at = entriesAt
  let bytesAt = entriesAt + ENTRY * count
  for (let i = 0; i < stop && events.length < max; i++, at += ENTRY) {
    const dataAt = bytesAt + bytes.readUInt32LE(at + 26)
    const end = dataAt + bytes.readUInt32LE(at + 30)
    const stream = bytes.readUInt16LE(at)
    if (i >= from && wanted(stream)) {
      writeUuid(bytes, at + 10, UUID * events.length)
      events.push({
        stream: streams[stream]!,
        revision: bytes.readUInt32LE(at + 4) + bytes.readUInt16LE(at + 8) * 0x1_0000_0000,
        position: first + BigInt(i),
        id: '',
        type: types[bytes.readUInt16LE(at + 2)]!,
        data: bytes.subarray(dataAt, end),
        metadata: bytes.subarray(bytesAt, dataAt),
      })
    }
    bytesAt = end
  }
  // One string for all ids and slices of it: a string made of bytes costs five times as much as a slice.
  const ids = uuids.toString('latin1', 0, UUID * events.length)
  for (let i = 0; i < events.length; i++) events[i]!.id = ids.slice(UUID * i, UUID * (i + 1))
  return events
}

const UUID = 36
const HEX = Buffer.from('0123456789abcdef', 'latin1')
/** Where the ids of one block's events are written out, one after the other. */
const uuids = Buffer.allocUnsafeSlow(UUID * BLOCK_EVENTS_MAX)

const writeUuid = (bytes: Buffer, from: number, to: number): void => {
  let at = to
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) uuids[at++] = 45
    const byte = bytes[from + i]!
    uuids[at++] = HEX[byte >> 4]!
    uuids[at++] = HEX[byte & 15]!
  }
}

/**
 * The 16 bytes of a canonical lower-case UUID, into `bytes`: its own, or one that is used again and again for looking
 * up.
 */
export const uuidBytes = (id: string, bytes = Buffer.allocUnsafe(16)): Buffer => {
  let at = 0
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i++
    bytes[at++] = (digit(id.charCodeAt(i)) << 4) | digit(id.charCodeAt(i + 1))
  }
  return bytes
}

const digit = (code: number): number => (code < 58 ? code - 48 : code - 87)
