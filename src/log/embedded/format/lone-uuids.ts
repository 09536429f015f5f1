/**
 * A UUID in text has 32 random digits, which LZ4 does not make smaller (measured in docs/adr/0057-lone-uuids-apart.md).
 * Those that occur once in a body are stored as 16 bytes behind it. Their place in the text keeps its size and is
 * filled with zeros, which LZ4 stores in next to nothing. So every offset stays, and reading writes the digits back
 * without moving anything. A UUID that occurs again stays in the text, where LZ4 refers back to it.
 *
 * Behind the text, with one item for each such UUID in the order of the text: how many bytes are between it and the one
 * before (u32, first all low bytes, then all second bytes, and so on: they compress better), its 16 bytes; then u32 how
 * many there are, little-endian.
 */

const TEXT = 36
const BYTES = 16
const GAP = 4
const COUNT = 4

const HYPHEN = 0x2d
const LAST_HYPHEN = 23
/** From one of the four hyphens to the next. */
const HYPHENS_APART = 5
/** What a character is within a UUID: the value of a digit, a hyphen, or nothing. */
const IS_HYPHEN = 16
const IS_OTHER = 17
const kinds = new Uint8Array(256).fill(IS_OTHER)
kinds[HYPHEN] = IS_HYPHEN
const DIGITS = Buffer.from('0123456789abcdef')
DIGITS.forEach((digit, value) => (kinds[digit] = value))

/** How often UUIDs were seen, up to twice. Two that share a slot count as one that occurs twice: they stay. */
const SLOT_BITS = 14
const seen = new Uint8Array(2 ** SLOT_BITS)

/** Where bodies are copied to; grows to the largest. */
let scratch = Buffer.allocUnsafeSlow(256 * 1024)

/** The body with its lone UUIDs behind it, valid until the next is made; `undefined` if it has none. */
export const moveLoneUuids = (body: Uint8Array): Buffer | undefined => {
  const places = loneUuids(body)
  const count = places.length
  if (count === 0) return undefined
  const length = body.length + (GAP + BYTES) * count + COUNT
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length)
  scratch.set(body)
  const bytesAt = body.length + GAP * count
  let before = 0
  for (let i = 0; i < count; i++) {
    const place = places[i]!
    for (let byte = 0; byte < GAP; byte++) scratch[body.length + count * byte + i] = (place - before) >>> (8 * byte)
    toBytes(scratch, place, bytesAt + BYTES * i)
    scratch.fill(0, place, (before = place + TEXT))
  }
  scratch.writeUInt32LE(count, length - COUNT)
  return scratch.subarray(0, length)
}

/** The body again, in the same memory. */
export const putLoneUuidsBack = (moved: Buffer): Buffer => {
  const count = moved.readUInt32LE(moved.length - COUNT)
  const gapsAt = moved.length - COUNT - (GAP + BYTES) * count
  const bytesAt = gapsAt + GAP * count
  let place = 0
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < GAP; byte++) place += moved[gapsAt + count * byte + i]! << (8 * byte)
    toText(moved, bytesAt + BYTES * i, place)
    place += TEXT
  }
  return moved.subarray(0, gapsAt)
}

/** Where the UUIDs that occur once begin. */
const loneUuids = (text: Uint8Array): Uint32Array => {
  const places = new Uint32Array(Math.ceil(text.length / TEXT))
  const slots = new Uint16Array(places.length)
  seen.fill(0)
  let found = 0
  // Looks where the last hyphen would be. Each character there rules out the next places, up to the one that fits it.
  for (let at = LAST_HYPHEN; at <= text.length - (TEXT - LAST_HYPHEN);) {
    const kind = kinds[text[at]!]!
    if (kind !== IS_HYPHEN) {
      at += kind === IS_OTHER ? LAST_HYPHEN + 1 : 1
      continue
    }
    const slot = slotOf(text, at - LAST_HYPHEN)
    if (slot < 0) {
      at += HYPHENS_APART
      continue
    }
    places[found] = at - LAST_HYPHEN
    slots[found++] = slot
    if (seen[slot]! < 2) seen[slot]!++
    at += TEXT
  }
  let lone = 0
  for (let i = 0; i < found; i++) if (seen[slots[i]!] === 1) places[lone++] = places[i]!
  return places.subarray(0, lone)
}

/** The slot of the UUID that begins at `first`; -1 if none does. */
const slotOf = (text: Uint8Array, first: number): number => {
  if (text[first + 8] !== HYPHEN || text[first + 13] !== HYPHEN || text[first + 18] !== HYPHEN) return -1
  let [digits, head, tail] = [0, 0, 0]
  for (let at = first; at < first + 8; at++) {
    const digit = kinds[text[at]!]!
    digits |= digit
    head = (head << 4) | digit
  }
  for (let i = 9; i < LAST_HYPHEN; i++) if (i !== 13 && i !== 18) digits |= kinds[text[first + i]!]!
  for (let at = first + LAST_HYPHEN + 1; at < first + TEXT; at++) {
    const digit = kinds[text[at]!]!
    digits |= digit
    tail = (tail << 4) | digit
  }
  return digits < IS_HYPHEN ? Math.imul(head ^ tail, 0x9e3779b1) >>> (32 - SLOT_BITS) : -1
}

const hasHyphenBefore = (byte: number): boolean => byte === 4 || byte === 6 || byte === 8 || byte === 10

const toBytes = (bytes: Uint8Array, text: number, at: number): void => {
  for (let i = 0; i < BYTES; i++, text += 2) {
    if (hasHyphenBefore(i)) text++
    bytes[at + i] = (kinds[bytes[text]!]! << 4) | kinds[bytes[text + 1]!]!
  }
}

const high = Uint8Array.from({ length: 256 }, (_, byte) => DIGITS[byte >> 4]!)
const low = Uint8Array.from({ length: 256 }, (_, byte) => DIGITS[byte & 15]!)

const toText = (bytes: Uint8Array, from: number, text: number): void => {
  for (let i = 0; i < BYTES; i++) {
    if (hasHyphenBefore(i)) bytes[text++] = HYPHEN
    const byte = bytes[from + i]!
    bytes[text++] = high[byte]!
    bytes[text++] = low[byte]!
  }
}
