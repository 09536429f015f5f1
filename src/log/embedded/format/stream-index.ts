import { Damage } from '../lmdb/damage.js'

/**
 * What the log knows of one stream: its last revision, and the id and block of each of its first events. Most streams
 * (a conversation, a queue's configuration) fit into their entry, so an append costs one small write per stream and a
 * lookup one read. What a longer stream has beyond its entry goes to the table `overflow`.
 *
 * `u8 format · u48 last revision · (16 bytes id · u64 block) …`
 */
export const ENTRY_EVENTS_MAX = 64
const FORMAT = 1
/** An entry of this format says that its stream was erased, and nothing else. */
const ERASED = 2
const HEAD = 7
/** Bytes per event. */
const EVENT = 24

/**
 * An entry in memory: its bytes are the first `length` of `room`, so that it can grow in place. Only its owner may
 * change it.
 */
export type StreamEntry = { room: Buffer; length: number }

/** Most conversations stay within this many events; the room of a longer entry doubles. */
const FIRST_ROOM = 12

export const newEntry = (): StreamEntry => {
  const room = Buffer.allocUnsafe(HEAD + FIRST_ROOM * EVENT)
  room[0] = FORMAT
  return { room, length: HEAD }
}

/** @throws Damage if these bytes are no entry. */
export const openEntry = (bytes: Buffer | undefined): StreamEntry => {
  if (
    bytes === undefined ||
    (bytes[0] !== FORMAT && bytes[0] !== ERASED) ||
    bytes.length < HEAD ||
    (bytes.length - HEAD) % EVENT !== 0
  )
    throw new Damage('an entry of the stream index is missing or changed')
  return { room: bytes, length: bytes.length }
}

/** The entry of an erased stream. */
export const erasedEntry = (): Buffer => {
  const bytes = Buffer.alloc(HEAD)
  bytes[0] = ERASED
  return bytes
}

export const isErased = ({ room }: StreamEntry): boolean => room[0] === ERASED

/** The bytes to store: a view of the entry, valid until it changes. */
export const entryBytes = ({ room, length }: StreamEntry): Buffer => room.subarray(0, length)

export const lastRevision = ({ room }: StreamEntry): number => room.readUIntBE(1, 6)

/** How many of the stream's events the entry holds: revisions from 0 up to this, exclusive. */
export const entryEvents = ({ length }: StreamEntry): number => (length - HEAD) / EVENT

/** Key of the block that holds the event of this revision. */
export const blockOf = ({ room }: StreamEntry, revision: number): Buffer => {
  const at = HEAD + EVENT * revision + 16
  return room.subarray(at, at + 8)
}

export const entryHolds = ({ room, length }: StreamEntry, id: Buffer): boolean => {
  // Their ends are compared first: ids that ascend begin alike.
  const end = id.readUInt32LE(12)
  for (let at = HEAD; at < length; at += EVENT)
    if (room.readUInt32LE(at + 12) === end && room.compare(id, 0, 16, at, at + 16) === 0) return true
  return false
}

/** Counts one more event. If there is room, its id is stored, and {@link setBlock} must follow. */
export const extendEntry = (entry: StreamEntry, revision: number, id: Uint8Array): void => {
  entry.room.writeUIntBE(revision, 1, 6)
  if (revision >= ENTRY_EVENTS_MAX) return
  const { room, length } = entry
  if (room.length < length + EVENT) {
    entry.room = Buffer.allocUnsafe(Math.min(HEAD + EVENT * ENTRY_EVENTS_MAX, length + (length - HEAD) + EVENT))
    entry.room.set(room.subarray(0, length))
  }
  entry.room.set(id, length)
  entry.length = length + EVENT
}

/** Sets the block that holds the event of this revision. */
export const setBlock = ({ room }: StreamEntry, revision: number, block: Uint8Array): void =>
  room.set(block, HEAD + EVENT * revision + 16)
