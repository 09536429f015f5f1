/**
 * What the log knows of one stream in one entry: its last revision, and the id and block of each of its first events.
 * Most streams (a conversation, a queue's configuration) fit it whole, so an append costs one small write a stream and
 * a lookup one read; what a long stream has beyond it goes to an index.
 *
 * `u8 format · u48 last revision · (16 bytes id · u64 block) …`
 */
export const CARD_EVENTS_MAX = 64
const FORMAT = 1
/** A card of this format says that its stream was erased, and nothing else. */
const ERASED = 2
const HEAD = 7
const ENTRY = 24

/**
 * A card in hand: its bytes are the first `length` of `room`, so that it can grow in place. Only its owner may change
 * it.
 */
export type StreamCard = { room: Buffer; length: number }

/** Most conversations stay within this many events; a card with more doubles. */
const FIRST_ROOM = 12

export const newCard = (): StreamCard => {
  const room = Buffer.allocUnsafe(HEAD + FIRST_ROOM * ENTRY)
  room[0] = FORMAT
  return { room, length: HEAD }
}

/** @throws Error if these bytes are no card. */
export const openCard = (bytes: Buffer | undefined): StreamCard => {
  if (
    bytes === undefined ||
    (bytes[0] !== FORMAT && bytes[0] !== ERASED) ||
    bytes.length < HEAD ||
    (bytes.length - HEAD) % ENTRY !== 0
  )
    throw new Error('a stream card is missing or damaged')
  return { room: bytes, length: bytes.length }
}

/** What is left of the card of an erased stream. */
export const erasedCard = (): Buffer => {
  const bytes = Buffer.alloc(HEAD)
  bytes[0] = ERASED
  return bytes
}

export const isErased = ({ room }: StreamCard): boolean => room[0] === ERASED

/** The bytes to store: a view of the card, valid until it changes. */
export const cardBytes = ({ room, length }: StreamCard): Buffer => room.subarray(0, length)

export const lastRevision = ({ room }: StreamCard): number => room.readUIntBE(1, 6)

/** How many of the stream's events the card itself holds: those of revision 0 up to this. */
export const cardEvents = ({ length }: StreamCard): number => (length - HEAD) / ENTRY

/** Key of the block in which the event of this revision lies. */
export const blockOf = ({ room }: StreamCard, revision: number): Buffer => {
  const at = HEAD + ENTRY * revision + 16
  return room.subarray(at, at + 8)
}

export const cardHolds = ({ room, length }: StreamCard, id: Buffer): boolean => {
  // By their ends first: ids that ascend begin alike.
  const end = id.readUInt32LE(12)
  for (let at = HEAD; at < length; at += ENTRY)
    if (room.readUInt32LE(at + 12) === end && room.compare(id, 0, 16, at, at + 16) === 0) return true
  return false
}

/** Counts one more event; if there is room its id is noted, and {@link noteBlock} is to follow. */
export const extendCard = (card: StreamCard, revision: number, id: Uint8Array): void => {
  card.room.writeUIntBE(revision, 1, 6)
  if (revision >= CARD_EVENTS_MAX) return
  const { room, length } = card
  if (room.length < length + ENTRY) {
    card.room = Buffer.allocUnsafe(Math.min(HEAD + ENTRY * CARD_EVENTS_MAX, length + (length - HEAD) + ENTRY))
    card.room.set(room.subarray(0, length))
  }
  card.room.set(id, length)
  card.length = length + ENTRY
}

export const noteBlock = ({ room }: StreamCard, revision: number, block: Uint8Array): void =>
  room.set(block, HEAD + ENTRY * revision + 16)
