/** Reads what {@link ByteWriter} wrote, from `at` on. Only for bytes whose checksum was right: it checks no bounds. */
export class ByteReader {
  private readonly bytes: Buffer
  at: number

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte(): number {
    return this.bytes[this.at++] as number
  }

  uint32(): number {
    this.at += 4
    return this.bytes.readUInt32LE(this.at - 4)
  }

  uint64(): bigint {
    this.at += 8
    return this.bytes.readBigUInt64LE(this.at - 8)
  }

  whole(): number {
    const { bytes } = this
    const first = bytes[this.at++] as number
    if (first < 128) return first
    const second = bytes[this.at++] as number
    if (second < 128) return (first & 127) | (second << 7)
    const third = bytes[this.at++] as number
    if (third < 128) return (first & 127) | ((second & 127) << 7) | (third << 14)
    let value = (first & 127) | ((second & 127) << 7) | ((third & 127) << 14)
    for (let scale = 2 ** 21; ; scale *= 128) {
      const byte = bytes[this.at++] as number
      if (byte < 128) return value + byte * scale
      value += (byte - 128) * scale
    }
  }

  number(): number {
    const coded = this.whole()
    if (coded < 2 ** 31) {
      if ((coded & 1) === 0) return (coded & 2) === 0 ? coded >> 2 : -(coded >> 2)
    } else if (coded % 2 === 0) return coded % 4 === 0 ? coded / 4 : -(coded - 2) / 4
    this.at += 8
    return this.bytes.readDoubleLE(this.at - 8)
  }

  text(): string {
    const length = this.whole()
    this.at += length
    return this.bytes.toString('utf8', this.at - length, this.at)
  }

  sized(): Buffer {
    return this.raw(this.whole())
  }

  raw(length: number): Buffer {
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}
