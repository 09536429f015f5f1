import { hash } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import type { RecordedEvent } from '../../log/event-log.js'
import { decodeEntry, encodeEntry, entryOf, type LeafEntry } from '../leaf.js'
import { HASH_BYTES, leafHash, type Hash } from '../merkle.js'

/**
 * A block of leaves: `u64` index of the first, `u32` count, the hashes of the leaves as they were signed, and, deflated
 * (zlib), an item for each: `u8` kind, `u32` length, body.
 *
 * - Kind 1, an event: the entry of its leaf without the digest at its end, then `u32` length of the metadata, metadata,
 *   data. The digest of the second part is what the entry lacks.
 * - Kind 2, an event that was erased: the whole entry.
 */
const EVENT = 1
const ERASED = 2
const HEADER_BYTES = 12
const ITEM_HEADER_BYTES = 5
const LEVEL = 3
const INFLATED_MAX = 512 * 1024 * 1024

/** What is told of a leaf: the event, or what its entry stated. */
export type Told = Readonly<{ event: RecordedEvent }> | Readonly<{ erased: LeafEntry }>

/** An item as it was read: the hash of the leaf that it makes, and what it tells, if it can be read. */
export type Item = Readonly<{
  hash: Hash
  entry: LeafEntry | undefined
  metadata: Uint8Array | undefined
  data: Uint8Array | undefined
  isErased: boolean
}>

export const encodeItem = (told: Told): Buffer => {
  if ('erased' in told) return item(ERASED, [encodeEntry(told.erased)])
  const { metadata, data } = told.event
  const length = Buffer.alloc(4)
  length.writeUInt32BE(metadata.length)
  return item(EVENT, [encodeEntry(entryOf(told.event)).subarray(0, -HASH_BYTES), length, metadata, data])
}

const item = (kind: number, parts: readonly Uint8Array[]): Buffer => {
  const header = Buffer.alloc(ITEM_HEADER_BYTES)
  header.writeUInt8(kind)
  header.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.length, 0),
    1,
  )
  return Buffer.concat([header, ...parts])
}

export const encodeBlock = (first: number, hashes: readonly Hash[], items: readonly Uint8Array[]): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeBigUInt64BE(BigInt(first))
  header.writeUInt32BE(hashes.length, 8)
  return Buffer.concat([header, ...hashes, deflateSync(Buffer.concat(items), { level: LEVEL })])
}

/** `items` is `undefined` where they cannot be inflated or cut into items. */
export type Block = Readonly<{ first: number; hashes: readonly Hash[]; items: readonly Item[] | undefined }>

/** Reads a block; `undefined` if not even its hashes can be read. */
export const decodeBlock = (payload: Buffer): Block | undefined => {
  if (payload.length < HEADER_BYTES) return undefined
  const [first, count] = [Number(payload.readBigUInt64BE()), payload.readUInt32BE(8)]
  const itemsAt = HEADER_BYTES + count * HASH_BYTES
  if (payload.length < itemsAt) return undefined
  const hashes = Array.from({ length: count }, (_, nth) =>
    payload.subarray(HEADER_BYTES + nth * HASH_BYTES, HEADER_BYTES + (nth + 1) * HASH_BYTES),
  )
  return { first, hashes, items: itemsIn(payload.subarray(itemsAt)) }
}

const itemsIn = (deflated: Buffer): readonly Item[] | undefined => {
  const bytes = inflated(deflated)
  if (bytes === undefined) return undefined
  const items: Item[] = []
  for (let at = 0; at < bytes.length;) {
    if (bytes.length < at + ITEM_HEADER_BYTES) return undefined
    const end = at + ITEM_HEADER_BYTES + bytes.readUInt32BE(at + 1)
    const read = bytes.length < end ? undefined : decodeItem(bytes.subarray(at, end))
    if (read === undefined) return undefined
    items.push(read)
    at = end
  }
  return items
}

/** Reads one item, all of the bytes; `undefined` if they are none. */
export const decodeItem = (bytes: Uint8Array): Item | undefined => {
  if (bytes.length < ITEM_HEADER_BYTES) return undefined
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.readUInt32BE(1) !== view.length - ITEM_HEADER_BYTES) return undefined
  const body = view.subarray(ITEM_HEADER_BYTES)
  return view[0] === EVENT ? eventItem(body) : view[0] === ERASED ? erasedItem(body) : undefined
}

/** Nothing may stand behind the deflated bytes: `inflateSync` would leave it unread. */
const inflated = (deflated: Buffer): Buffer | undefined => {
  try {
    const { buffer, engine } = inflateSync(deflated, { maxOutputLength: INFLATED_MAX, info: true }) as unknown as {
      buffer: Buffer
      engine: { bytesWritten: number }
    }
    return engine.bytesWritten === deflated.length ? buffer : undefined
  } catch {
    return undefined
  }
}

/** Lengths of the parts of an entry in front of the stream's and of the type's text. */
const STREAM_AT = 3
const BETWEEN = 8 + 8 + 16 + 2

const eventItem = (body: Buffer): Item | undefined => {
  if (body.length < STREAM_AT) return undefined
  const typeAt = STREAM_AT + body.readUInt16BE(1) + BETWEEN
  if (body.length < typeAt) return undefined
  const payloadAt = typeAt + body.readUInt16BE(typeAt - 2)
  if (body.length < payloadAt + 4) return undefined
  const payload = body.subarray(payloadAt)
  const bytes = Buffer.concat([body.subarray(0, payloadAt), hash('sha256', payload, 'buffer')])
  const dataAt = 4 + payload.readUInt32BE()
  const [metadata, data] = dataAt > payload.length ? [] : [payload.subarray(4, dataAt), payload.subarray(dataAt)]
  return { hash: leafHash(bytes), entry: decodeEntry(bytes), metadata, data, isErased: false }
}

const erasedItem = (body: Buffer): Item => ({
  hash: leafHash(body),
  entry: decodeEntry(body),
  metadata: undefined,
  data: undefined,
  isErased: true,
})
