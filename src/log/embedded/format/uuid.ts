/**
 * The 16 bytes of a canonical lower-case UUID, into `bytes`: its own, or one that is used again and again for looking
 * up.
 */
export const uuidBytes = (id: string, bytes = Buffer.allocUnsafe(16)): Buffer => {
  let at = 0
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i++
    bytes[at++] = (digit(id.charCodeAt(i)) << 4) | digit(id.charCodeAt(i + 1))
  }
  return bytes
}

const digit = (code: number): number => (code < 58 ? code - 48 : code - 87)

/** The text of the UUID whose 16 bytes are at `at`. */
export const uuidText = (bytes: Buffer, at: number): string => {
  const hex = bytes.toString('hex', at, at + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
