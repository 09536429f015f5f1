/**
 * What the log knows of one stream in one entry: its last revision, and the id and block of each of its first events. Most streams (a conversation, a
 * queue's configuration) fit it whole, so an append costs one small write a stream and a lookup one read; what a long stream has beyond it
 * goes to an index.
 *
 * `u8 format · u48 last revision · (16 bytes id · u64 block) …`
 */
export const CARD_EVENTS_MAX = 64
const FORMAT = 1
const HEAD = 7
const ENTRY = 24

export const newCard = (): Buffer => {
  const card = Buffer.alloc(HEAD)
  card[0] = FORMAT
  return card
}

/** @throws Error if these bytes are no card. */
export const openCard = (bytes: Buffer): Buffer => {
  if (bytes[0] !== FORMAT || bytes.length < HEAD || (bytes.length - HEAD) % ENTRY !== 0) throw new Error('a stream card is damaged')
  return bytes
}

export const lastRevision = (card: Buffer): number => card.readUIntBE(1, 6)

/** How many of the stream's events the card itself holds: those of revision 0 up to this. */
export const cardEvents = (card: Buffer): number => (card.length - HEAD) / ENTRY

/** Key of the block in which the event of this revision lies. */
export const blockOf = (card: Buffer, revision: number): Buffer => {
  const at = HEAD + ENTRY * revision + 16
  return card.subarray(at, at + 8)
}

export const cardHolds = (card: Buffer, id: Uint8Array): boolean => {
  for (let at = card.indexOf(id, HEAD); at !== -1; at = card.indexOf(id, at + 1)) if ((at - HEAD) % ENTRY === 0) return true
  return false
}

/** The card after more events; those beyond {@link CARD_EVENTS_MAX} count only for the last revision. The card given stays as it is. */
export const extendCard = (card: Buffer, last: number, added: readonly Readonly<{ id: Uint8Array; block: Uint8Array }>[]): Buffer => {
  const taken = added.slice(0, Math.max(0, CARD_EVENTS_MAX - cardEvents(card)))
  const extended = Buffer.allocUnsafeSlow(card.length + ENTRY * taken.length)
  extended.set(card)
  extended.writeUIntBE(last, 1, 6)
  let at = card.length
  for (const { id, block } of taken) {
    extended.set(id, at)
    extended.set(block, at + 16)
    at += ENTRY
  }
  return extended
}
