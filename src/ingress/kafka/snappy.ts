/** A block that claims to be larger than this is no block of Kafka's. */
const BLOCK_BYTES_MAX = 256 * 1024 * 1024

/** How the Java client frames Snappy: this magic, two numbers of 4 bytes, then blocks, each with its length before it. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])

/** Snappy as Kafka's clients write it, framed by the Java client or bare. Throws a RangeError if it is damaged. */
export const unsnappied = (data: Buffer): Buffer => {
  if (!data.subarray(0, XERIAL.length).equals(XERIAL)) return blockOf(data)
  const blocks: Buffer[] = []
  for (let at = XERIAL.length + 8; at < data.length;) {
    const length = data.readInt32BE(at)
    blocks.push(blockOf(data.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

/**
 * One block: the length of the text, then literals and copies of what came before
 * (https://github.com/google/snappy/blob/main/format_description.txt).
 */
const blockOf = (data: Buffer): Buffer => {
  let at = 0
  const little = (bytes: number): number => {
    const value = data.readUIntLE(at, bytes)
    at += bytes
    return value
  }
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = little(1)
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (length > BLOCK_BYTES_MAX) throw new RangeError(`a Snappy block of ${length} bytes is too large`)
  const text = Buffer.alloc(length)
  let end = 0
  while (at < data.length) {
    const tag = little(1)
    const kind = tag & 3
    if (kind === 0) {
      const short = tag >> 2
      const count = short < 60 ? short + 1 : little(short - 59) + 1
      if (at + count > data.length || end + count > length) throw new RangeError('a Snappy block is damaged')
      data.copy(text, end, at, at + count)
      at += count
      end += count
      continue
    }
    const count = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const back = kind === 1 ? ((tag >> 5) << 8) | little(1) : little(kind === 2 ? 2 : 4)
    if (back === 0 || back > end || end + count > length) throw new RangeError('a Snappy block is damaged')
    // A copy may reach into what it writes itself.
    for (let copied = 0; copied < count; copied++, end++) text[end] = text[end - back] as number
  }
  if (end !== length) throw new RangeError('a Snappy block is cut short')
  return text
}
