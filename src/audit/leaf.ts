import { hash } from 'node:crypto'
import type { Position, RecordedEvent } from '../log/event-log.js'
import { HASH_BYTES, type Hash } from './merkle.js'

/**
 * What a leaf states of an event. `payload` is the digest of metadata and data, so that the entry can be kept, and
 * stands for the event, when its bytes were erased.
 */
export type LeafEntry = Readonly<{
  stream: string
  revision: number
  position: Position
  id: string
  type: string
  payload: Hash
}>

/**
 * The canonical form of an entry; numbers are big-endian:
 *
 * `u8` 1 · `u16` length and UTF-8 of the stream · `u64` revision · `u64` position · 16 bytes of the id · `u16` length
 * and UTF-8 of the type · 32 bytes of the payload's digest, which is SHA-256 of `u32` length of the metadata, metadata,
 * data.
 */
export const encodeEntry = (entry: LeafEntry): Uint8Array => {
  const bytes = Buffer.alloc(FIXED_BYTES + Buffer.byteLength(entry.stream) + Buffer.byteLength(entry.type))
  writeEntry(bytes, 0, entry)
  return bytes
}

/** Returns where the entry ends. */
const writeEntry = (
  bytes: Buffer,
  from: number,
  { stream, revision, position, id, type, payload }: LeafEntry,
): number => {
  let at = bytes.writeUInt8(VERSION, from)
  at = writeText(bytes, at, stream)
  at = bytes.writeBigUInt64BE(BigInt(revision), at)
  at = bytes.writeBigUInt64BE(position, at)
  at += bytes.write(id.replaceAll('-', ''), at, 'hex')
  at = writeText(bytes, at, type)
  bytes.set(payload, at)
  return at + HASH_BYTES
}

const writeText = (bytes: Buffer, at: number, text: string): number => {
  const length = bytes.write(text, at + 2)
  bytes.writeUInt16BE(length, at)
  return at + 2 + length
}

const VERSION = 1
const ID_BYTES = 16
const FIXED_BYTES = 1 + 2 + 8 + 8 + ID_BYTES + 2 + HASH_BYTES

/** Reads an entry; `undefined` if the bytes are not the canonical form of one. */
export const decodeEntry = (bytes: Uint8Array): LeafEntry | undefined => {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.length < FIXED_BYTES || view[0] !== VERSION) return undefined
  const streamEnd = 3 + view.readUInt16BE(1)
  const typeAt = streamEnd + 8 + 8 + ID_BYTES
  if (view.length < typeAt + 2) return undefined
  const typeEnd = typeAt + 2 + view.readUInt16BE(typeAt)
  if (view.length !== typeEnd + HASH_BYTES) return undefined
  const revision = view.readBigUInt64BE(streamEnd)
  if (revision > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  const hex = view.toString('hex', streamEnd + 16, typeAt)
  const entry = {
    stream: view.toString('utf8', 3, streamEnd),
    revision: Number(revision),
    position: view.readBigUInt64BE(streamEnd + 8),
    id: [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-'),
    type: view.toString('utf8', typeAt + 2, typeEnd),
    payload: Buffer.from(view.subarray(typeEnd)),
  }
  return Buffer.compare(encodeEntry(entry), view) === 0 ? entry : undefined
}

let scratch = Buffer.alloc(64 * 1024)

/** The digest of the bytes of an event. */
export const payloadDigest = (metadata: Uint8Array, data: Uint8Array): Hash => {
  const size = 4 + metadata.length + data.length
  if (size > scratch.length) scratch = Buffer.alloc(2 * size)
  scratch.writeUInt32BE(metadata.length)
  scratch.set(metadata, 4)
  scratch.set(data, 4 + metadata.length)
  return hash('sha256', scratch.subarray(0, size), 'buffer')
}

const leafScratch = Buffer.alloc(1 + FIXED_BYTES + 2 * 3 * 0xffff)

/** The hash of the leaf of an event: `leafHash(encodeEntry(entryOf(event)))` without the copies. */
export const leafHashOf = (event: RecordedEvent): Hash => {
  const end = writeEntry(leafScratch, 1, entryOf(event))
  return hash('sha256', leafScratch.subarray(0, end), 'buffer')
}

/** The entry of an event of the log. */
export const entryOf = (event: RecordedEvent): LeafEntry => {
  const { stream, revision, position, id, type } = event
  return { stream, revision, position, id, type, payload: payloadDigest(event.metadata, event.data) }
}
