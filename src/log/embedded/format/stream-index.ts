import { Damage } from '../lmdb/damage.js'

/**
 * What the log knows of one stream: its last revision, and for each of its first events a fingerprint of its id and its
 * block. Most streams (a conversation, a queue's configuration) fit into their entry, so an append costs one small write
 * per stream and a lookup one read. What a longer stream has beyond its entry goes to the table `overflow`.
 *
 * `u8 format · u48 last revision · (u32 fingerprint · u48 block) …`
 *
 * The id itself is in the block: who finds its fingerprint here looks there.
 */
export const ENTRY_EVENTS_MAX = 64
const FORMAT = 3
/** An entry of this format says that its stream was erased, and nothing else. */
const ERASED = 2
/** Version 0.1.0 stored whole ids: `… (16 bytes id · u64 block) …`. Such an entry is read, and written as one of today. */
const FORMAT_WITH_IDS = 1
const HEAD = 7
/** Bytes per event. */
const EVENT = 10
const EVENT_WITH_ID = 24

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
  const share = bytes === undefined ? undefined : bytesPerEvent[bytes[0]!]
  if (bytes === undefined || share === undefined || bytes.length < HEAD || (bytes.length - HEAD) % share !== 0)
    throw new Damage('an entry of the stream index is missing or changed')
  return bytes[0] === FORMAT_WITH_IDS ? withoutIds(bytes) : { room: bytes, length: bytes.length }
}

const bytesPerEvent: Readonly<Record<number, number>> = {
  [FORMAT]: EVENT,
  [ERASED]: EVENT,
  [FORMAT_WITH_IDS]: EVENT_WITH_ID,
}

const withoutIds = (old: Buffer): StreamEntry => {
  const events = (old.length - HEAD) / EVENT_WITH_ID
  const room = Buffer.allocUnsafe(HEAD + events * EVENT)
  room.set(old.subarray(0, HEAD))
  room[0] = FORMAT
  for (let i = 0; i < events; i++) {
    const from = HEAD + EVENT_WITH_ID * i
    room.writeUInt32LE(fingerprintOf(old.subarray(from, from + 16)), HEAD + EVENT * i)
    room.set(old.subarray(from + 18, from + 24), HEAD + EVENT * i + 4)
  }
  return { room, length: room.length }
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
  const key = Buffer.alloc(8)
  room.copy(key, 2, HEAD + EVENT * revision + 4, HEAD + EVENT * (revision + 1))
  return key
}

/** Ids may be random, ascend at their beginning, at their end, or both: all of their bits count. */
const fingerprintOf = (id: Buffer): number =>
  (Math.imul(id.readUInt32LE(0), 0x9e3779b1) ^
    Math.imul(id.readUInt32LE(4), 0x85ebca6b) ^
    Math.imul(id.readUInt32LE(8), 0xc2b2ae35) ^
    Math.imul(id.readUInt32LE(12), 0x27d4eb2f)) >>>
  0

/** The revisions of the entry's events whose id has the fingerprint of this one. */
export const revisionsLike = ({ room, length }: StreamEntry, id: Buffer): readonly number[] => {
  const wanted = fingerprintOf(id)
  let found: number[] | undefined
  for (let at = HEAD; at < length; at += EVENT)
    if (room.readUInt32LE(at) === wanted) (found ??= []).push((at - HEAD) / EVENT)
  return found ?? NONE
}

const NONE: readonly number[] = []

/** Counts one more event. If there is room, its fingerprint is stored, and {@link setBlock} must follow. */
export const extendEntry = (entry: StreamEntry, revision: number, id: Buffer): void => {
  entry.room.writeUIntBE(revision, 1, 6)
  if (revision >= ENTRY_EVENTS_MAX) return
  const { room, length } = entry
  if (room.length < length + EVENT) {
    entry.room = Buffer.allocUnsafe(Math.min(HEAD + EVENT * ENTRY_EVENTS_MAX, length + (length - HEAD) + EVENT))
    entry.room.set(room.subarray(0, length))
  }
  entry.room.writeUInt32LE(fingerprintOf(id), length)
  entry.length = length + EVENT
}

/** Sets the block, by its key, that holds the event of this revision. */
export const setBlock = ({ room }: StreamEntry, revision: number, block: Buffer): void =>
  void block.copy(room, HEAD + EVENT * revision + 4, 2, 8)
