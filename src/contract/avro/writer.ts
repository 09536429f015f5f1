/**
 * Writes data in Avro's binary encoding. The data share blocks of memory; bytes that `finish` has returned are never
 * written to again. Throws a RangeError for a number that a reader could not read back exactly.
 */
export class AvroWriter {
  private buffer = Buffer.allocUnsafe(BLOCK_BYTES)
  /** Where the datum begins. */
  private start = 0
  private at = 0

  /** Begins a datum. A datum that was begun before and not finished is discarded. */
  begin(): void {
    this.at = this.start
  }

  /** What was written since `begin`. */
  finish(): Uint8Array {
    const datum = this.buffer.subarray(this.start, this.at)
    this.start = this.at
    return datum
  }

  /**
   * One byte as it is, below 128: a branch of a union or a symbol of an enum (times two), the end of a map or array.
   */
  byte(value: number): void {
    this.makeRoom(1)
    this.buffer[this.at++] = value
  }

  /** Writes the first branch of a union `count` times. */
  zeros(count: number): void {
    this.makeRoom(count)
    const { buffer } = this
    const end = this.at + count
    for (let at = this.at; at < end; at++) buffer[at] = 0
    this.at = end
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.makeRoom(bytes.length)
    this.buffer.set(bytes, this.at)
    this.at += bytes.length
  }

  /** A whole number as zigzag varint. */
  long(value: number): void {
    this.makeRoom(LONG_BYTES_MAX)
    if ((value | 0) === value) return this.varint(((value << 1) ^ (value >> 31)) >>> 0)
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number below 2^53`)
    // The zigzag is twice the number and may exceed 2^53, so its lowest 28 bits and the rest are computed separately.
    // The rest is not 0, because small numbers were written above.
    const half = value < 0 ? -(value + 1) : value
    const low = half % 2 ** 27
    const zigzag = low * 2 + (value < 0 ? 1 : 0)
    const { buffer, at } = this
    buffer[at] = (zigzag & 0x7f) | 0x80
    buffer[at + 1] = ((zigzag >>> 7) & 0x7f) | 0x80
    buffer[at + 2] = ((zigzag >>> 14) & 0x7f) | 0x80
    buffer[at + 3] = (zigzag >>> 21) | 0x80
    this.at = at + 4
    this.varint((half - low) / 2 ** 27)
  }

  /** A finite number. */
  double(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`${value} is no finite number`)
    this.makeRoom(DOUBLE_BYTES)
    this.at = this.buffer.writeDoubleLE(value, this.at)
  }

  /**
   * A text as UTF-8. Most texts of a row are short and ASCII; a loop writes those faster than a call of the runtime.
   */
  string(text: string): void {
    const { length } = text
    this.makeRoom(LONG_BYTES_MAX + length * UTF8_BYTES_MAX)
    const start = this.at
    this.long(length) // right if it is ASCII
    if (length <= SHORT_CHARS_MAX && this.shortAscii(text)) return
    const written = this.buffer.write(text, this.at)
    if (written === length) this.at += written
    else {
      this.at = start
      this.long(written)
      this.at += this.buffer.write(text, this.at)
    }
  }

  /** Text that is known to be ASCII, without its length. */
  ascii(text: string): void {
    this.makeRoom(text.length)
    this.at += this.buffer.write(text, this.at, 'latin1')
  }

  /** Writes a text if it is ASCII; returns whether it is. */
  private shortAscii(text: string): boolean {
    const { buffer, at } = this
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      buffer[at + i] = code
    }
    this.at = at + text.length
    return true
  }

  /** Below 2^32. */
  private varint(value: number): void {
    const { buffer } = this
    let at = this.at
    let rest = value
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
    this.at = at
  }

  private makeRoom(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return
    const begun = this.at - this.start
    const next = Buffer.allocUnsafe(Math.max(BLOCK_BYTES, 2 * (begun + bytes)))
    this.buffer.copy(next, 0, this.start, this.at)
    this.buffer = next
    this.start = 0
    this.at = begun
  }
}

const BLOCK_BYTES = 32 * 1024
const SHORT_CHARS_MAX = 20
const LONG_BYTES_MAX = 10
const DOUBLE_BYTES = 8
/** Of a UTF-16 code unit. */
const UTF8_BYTES_MAX = 3
