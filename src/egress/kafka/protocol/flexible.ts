/**
 * Kafka's flexible encoding: numbers are big-endian; lengths in compact strings and arrays are unsigned varints plus
 * one, 0 for null; every structure ends with tagged fields, of which none are known here. Reading past the end throws a
 * RangeError.
 */
export class FlexibleReader {
  private readonly bytes: Buffer
  private at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  skip(bytes: number): void {
    this.at += bytes
    if (this.at > this.bytes.length) throw new RangeError('the answer of the broker is cut short')
  }

  int16(): number {
    this.skip(2)
    return this.bytes.readInt16BE(this.at - 2)
  }

  int32(): number {
    this.skip(INT32_BYTES)
    return this.bytes.readInt32BE(this.at - INT32_BYTES)
  }

  int64(): bigint {
    this.skip(INT64_BYTES)
    return this.bytes.readBigInt64BE(this.at - INT64_BYTES)
  }

  uuid(): string {
    this.skip(UUID_BYTES)
    return this.bytes.subarray(this.at - UUID_BYTES, this.at).toString('hex')
  }

  text(): string | undefined {
    const length = this.unsigned()
    if (length === 0) return undefined
    this.skip(length - 1)
    return this.bytes.toString('utf8', this.at - (length - 1), this.at)
  }

  array(item: () => void): void {
    for (let left = this.unsigned() - 1; left > 0; left--) item()
  }

  tags(): void {
    for (let left = this.unsigned(); left > 0; left--) {
      this.unsigned() // tag
      this.skip(this.unsigned())
    }
  }

  private unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      this.skip(1)
      const byte = this.bytes[this.at - 1] as number
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    return value
  }
}

export const UUID_BYTES = 16
export const INT32_BYTES = 4
export const INT64_BYTES = 8
export const NO_TAGS = Buffer.from([0])

export const unsigned = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

export const compactText = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([unsigned(bytes.length + 1), bytes])
}

export const compactArray = (items: readonly Buffer[]): Buffer => Buffer.concat([unsigned(items.length + 1), ...items])

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(INT32_BYTES)
  bytes.writeInt32BE(value)
  return bytes
}
