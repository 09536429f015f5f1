/** A field of a protobuf message as it lies on the wire: varints and fixed numbers are `bigint`. */
export type Field = Readonly<{ number: number; value: bigint | Buffer }>

/** Reads the fields of a message, without its schema. Throws on bytes that are no message. */
export const fieldsOf = (bytes: Buffer): readonly Field[] => {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('a varint is cut short')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const number = key >>> 3
    switch (key & 7) {
      case 0:
        fields.push({ number, value: varint() })
        break
      case 1:
        fields.push({ number, value: bytes.readBigUInt64LE(at) })
        at += 8
        break
      case 2: {
        const length = Number(varint())
        fields.push({ number, value: bytes.subarray(at, at + length) })
        at += length
        break
      }
      case 5:
        fields.push({ number, value: BigInt(bytes.readUInt32LE(at)) })
        at += 4
        break
      default:
        throw new Error(`wire type ${key & 7} at byte ${at}`)
    }
  }
  return fields
}

export const messagesIn = (fields: readonly Field[], number: number): readonly Buffer[] =>
  fields.flatMap((field) => (field.number === number && Buffer.isBuffer(field.value) ? [field.value] : []))

export const textIn = (fields: readonly Field[], number: number): string =>
  messagesIn(fields, number)[0]?.toString() ?? ''

export const numberIn = (fields: readonly Field[], number: number): bigint => {
  const value = fields.find((field) => field.number === number)?.value
  return typeof value === 'bigint' ? value : 0n
}

/** The attributes of a message (`KeyValue` of opentelemetry-proto) whose values are texts or whole numbers. */
export const attributesOf = (fields: readonly Field[], number: number): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    messagesIn(fields, number).map((each) => {
      const pair = fieldsOf(each)
      const value = fieldsOf(messagesIn(pair, 2)[0] ?? Buffer.alloc(0))[0]?.value
      return [textIn(pair, 1), typeof value === 'bigint' ? Number(value) : (value?.toString() ?? '')] as const
    }),
  )
