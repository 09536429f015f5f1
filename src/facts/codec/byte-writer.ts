/** Writes numbers and text one after the other into bytes that grow. {@link ByteReader} reads them. */
export class ByteWriter {
  private bytes: Buffer
  length = 0

  constructor(room = 4_096) {
    this.bytes = Buffer.allocUnsafe(room)
  }

  /** The bytes so far; those behind are written elsewhere. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  uint32(value: number): void {
    this.reserve(4)
    this.length = this.bytes.writeUInt32LE(value, this.length)
  }

  uint64(value: bigint): void {
    this.reserve(8)
    this.length = this.bytes.writeBigUInt64LE(value, this.length)
  }

  /** A whole number from 0 to 2^53 - 1, in groups of seven bits, the low ones first. */
  whole(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest >= 128) {
      this.bytes[this.length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.length++] = rest
  }

  /** Any number. Whole ones near 0 are short: the lowest bit says which form follows, the next the sign. */
  number(value: number): void {
    if (Number.isInteger(value) && value < WHOLE_MAX && value > -WHOLE_MAX && !Object.is(value, -0))
      return this.whole(value < 0 ? -4 * value + 2 : 4 * value)
    this.byte(1)
    this.reserve(8)
    this.length = this.bytes.writeDoubleLE(value, this.length)
  }

  /** Its length, then UTF-8. */
  text(value: string): void {
    this.sized(Buffer.from(value))
  }

  /** Their length, then the bytes. */
  sized(bytes: Uint8Array): void {
    this.whole(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

/** Four times it is a safe integer. */
const WHOLE_MAX = 2 ** 51
