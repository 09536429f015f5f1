/** Reads one datum in Avro's binary encoding. Throws a RangeError if the bytes end early or are not Avro. */
export class AvroReader {
  private readonly buffer: Buffer
  private at = 0

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Where the next byte is read. */
  get position(): number {
    return this.at
  }

  /** The bytes that were read since `position` was `begin`. They share the memory of the datum. */
  since(begin: number): Uint8Array {
    return this.buffer.subarray(begin, this.at)
  }

  /** Throws if bytes are left. */
  end(): void {
    if (this.at !== this.buffer.length) throw new RangeError(`${this.buffer.length - this.at} bytes behind the datum`)
  }

  byte(): number {
    const value = this.buffer[this.at++]
    if (value === undefined) throw new RangeError('the datum is cut short')
    return value
  }

  /** A whole number as zigzag varint. */
  long(): number {
    let byte = this.byte()
    let low = byte & 0x7f
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift === 28) {
        // The zigzag may exceed 2^53, so the number is put together from two parts of half of it.
        const half = this.varint() * 2 ** 27 + (low >>> 1)
        return (low & 1) === 0 ? half : -half - 1
      }
      byte = this.byte()
      low |= (byte & 0x7f) << shift
    }
    return (low >>> 1) ^ -(low & 1)
  }

  /** The branch of a union of null and one type: is there a value? */
  isPresent(): boolean {
    const branch = this.byte()
    if (branch !== 0 && branch !== 2) throw new RangeError(`there is no branch ${branch / 2} of null and a value`)
    return branch === 2
  }

  double(): number {
    const { at } = this
    this.at += DOUBLE_BYTES
    return this.buffer.readDoubleLE(at)
  }

  string(): string {
    const begin = this.skipString()
    return this.buffer.toString('utf8', begin, this.at)
  }

  /** Passes over a text. Answers where its bytes began. */
  skipString(): number {
    const length = this.long()
    const begin = this.at
    if (length < 0 || begin + length > this.buffer.length)
      throw new RangeError(`a text of ${length} bytes does not fit`)
    this.at = begin + length
    return begin
  }

  /** A text that is probably equal to `guess`: comparing bytes is faster than making a new string. */
  likely(guess: string): string {
    const { buffer, at } = this
    const { length } = guess
    if (length > GUESS_CHARS_MAX || buffer[at] !== 2 * length) return this.string()
    for (let i = 0; i < length; i++) {
      const code = guess.charCodeAt(i)
      if (code > 0x7f || buffer[at + 1 + i] !== code) return this.string()
    }
    this.at = at + 1 + length
    return guess
  }

  /** Calls `item` for each of an array or map. */
  items(item: () => void): void {
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (count < 0) this.long() // a negative count is followed by the length of the block in bytes
      for (let left = Math.abs(count); left > 0; left--) item()
    }
  }

  private varint(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 35; factor *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte <= 0x7f) return value
    }
    throw new RangeError('a whole number has more than ten bytes')
  }
}

const DOUBLE_BYTES = 8
/** The length of such a text is one byte, and comparing it is cheap. */
const GUESS_CHARS_MAX = 20
