/** Longer texts are decoded each time. Ids have 36 bytes. */
const TEXT_BYTES_MAX = 128
/** Ids of queues, agents and skills come again and again: a large contact centre has some thousands. */
const TEXTS = 16_384

const bytesOfTexts = new Uint8Array(TEXTS * TEXT_BYTES_MAX)
const lengths = new Uint8Array(TEXTS)
const texts: string[] = Array.from({ length: TEXTS }, () => '')

/**
 * The text in these bytes, which are UTF-8. A text that was read not long ago is the same string again: that is quicker
 * than decoding it, takes no memory, and such strings are compared and looked up more quickly than equal ones.
 */
export const textOf = (bytes: Uint8Array, from: number, to: number): string => {
  const length = to - from
  if (length > TEXT_BYTES_MAX) return decoded(bytes, from, to, false)
  let hash = length
  let all = 0
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    all |= byte
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  const slot = (hash ^ (hash >>> 15)) & (TEXTS - 1)
  const start = slot * TEXT_BYTES_MAX
  if (lengths[slot] === length) {
    let i = 0
    while (i < length && bytesOfTexts[start + i] === bytes[from + i]) i++
    if (i === length) return texts[slot] as string
  }
  const text = decoded(bytes, from, to, all < 0x80)
  for (let i = 0; i < length; i++) bytesOfTexts[start + i] = bytes[from + i] as number
  lengths[slot] = length
  texts[slot] = text
  return text
}

const decoded = (bytes: Uint8Array, from: number, to: number, isAscii: boolean): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString(isAscii ? 'latin1' : 'utf8')
