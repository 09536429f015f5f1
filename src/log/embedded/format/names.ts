/** Tables of names within a block: for each a u16 length, and UTF-8. */

/** Writes the names at `at`; returns where they end. */
export const writeNames = (bytes: Buffer, at: number, names: Iterable<string>): number => {
  for (const name of names) {
    const length = bytes.write(name, at + 2)
    bytes.writeUInt16LE(length, at)
    at += 2 + length
  }
  return at
}

/** Reads `count` names at `at`. `end` is where they end. */
export const readNames = (
  bytes: Buffer,
  at: number,
  count: number,
): Readonly<{ names: readonly string[]; end: number }> => {
  const names = new Array<string>(count)
  for (let i = 0; i < count; i++) {
    const length = bytes.readUInt16LE(at)
    names[i] = bytes.toString('utf8', at + 2, at + 2 + length)
    at += 2 + length
  }
  return { names, end: at }
}
