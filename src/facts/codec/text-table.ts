import { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'

/**
 * Texts that are named by number, each stored once: nearly all are ids, which as a UUID take 16 bytes instead of 36.
 * Forms: UTF-8; one UUID; two UUIDs with a stroke between them; UTF-16 for what is not well-formed.
 */
const UTF8 = 0
const UUID = 1
const UUID_PAIR = 2
const UTF16 = 3

const UUID_LENGTH = 36
const UUID_BYTES = 16

export class TextTableWriter {
  private readonly places = new Map<string, number>()

  placeOf(text: string): number {
    let place = this.places.get(text)
    if (place === undefined) this.places.set(text, (place = this.places.size))
    return place
  }

  write(to: ByteWriter): void {
    to.whole(this.places.size)
    for (const text of this.places.keys()) writeText(to, text)
  }
}

/** Reads a table; a text is made when it is asked for first. */
export const readTexts = (from: ByteReader, bytes: Buffer): ((place: number) => string) => {
  const count = from.whole()
  const offsets = new Uint32Array(count)
  for (let place = 0; place < count; place++) {
    offsets[place] = from.at
    const form = from.byte()
    const length = form === UUID ? UUID_BYTES : form === UUID_PAIR ? 2 * UUID_BYTES : from.whole()
    from.at += length
  }
  const texts = new Array<string | undefined>(count)
  return (place) => (texts[place] ??= textAt(bytes, offsets[place] as number))
}

const writeText = (to: ByteWriter, text: string): void => {
  const pair = Buffer.allocUnsafe(2 * UUID_BYTES)
  if (text.length === UUID_LENGTH && uuidInto(pair, 0, text, 0)) {
    to.byte(UUID)
    return to.raw(pair.subarray(0, UUID_BYTES))
  }
  const isPair =
    text.length === 2 * UUID_LENGTH + 1 &&
    text.charAt(UUID_LENGTH) === '/' &&
    uuidInto(pair, 0, text, 0) &&
    uuidInto(pair, UUID_BYTES, text, UUID_LENGTH + 1)
  if (isPair) {
    to.byte(UUID_PAIR)
    return to.raw(pair)
  }
  const utf8 = Buffer.from(text)
  const isWellFormed = utf8.toString() === text
  to.byte(isWellFormed ? UTF8 : UTF16)
  to.sized(isWellFormed ? utf8 : Buffer.from(text, 'utf16le'))
}

const textAt = (bytes: Buffer, offset: number): string => {
  const from = new ByteReader(bytes, offset)
  switch (from.byte()) {
    case UUID:
      return uuidAt(bytes, offset + 1)
    case UUID_PAIR:
      return `${uuidAt(bytes, offset + 1)}/${uuidAt(bytes, offset + 1 + UUID_BYTES)}`
    case UTF16:
      return from.sized().toString('utf16le')
    default:
      return from.text()
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const uuidAt = (bytes: Buffer, at: number): string => {
  let text = ''
  for (let i = 0; i < UUID_BYTES; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-'
    text += HEX[bytes[at + i] as number] as string
  }
  return text
}

/** The value of a lower-case hexadecimal digit by its code; -1 for any other character. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) => '0123456789abcdef'.indexOf(String.fromCharCode(code)))

/** Writes the UUID that begins at `from` of `text`. Answers false if there is none in canonical lower case. */
const uuidInto = (bytes: Buffer, at: number, text: string, from: number): boolean => {
  for (let i = 0, place = from; i < UUID_BYTES; i++) {
    if ((i === 4 || i === 6 || i === 8 || i === 10) && text.charCodeAt(place++) !== 45) return false
    const high = DIGITS[text.charCodeAt(place++)] ?? -1
    const low = DIGITS[text.charCodeAt(place++)] ?? -1
    if (high < 0 || low < 0) return false
    bytes[at + i] = high * 16 + low
  }
  return true
}
