import { createHash } from 'node:crypto'

/** Nesting beyond this is refused: no Genesys body comes near it. */
export const DEPTH_MAX = 64

export class TooDeep extends Error {
  override readonly name = 'TooDeep'
}

/** JSON with keys in code-unit order and no white space: the same for every order of keys. Throws `TooDeep`. */
export const canonicalJson = (value: unknown, depth = 0): string => {
  if (depth > DEPTH_MAX) throw new TooDeep(`nested deeper than ${DEPTH_MAX}`)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`
  const record = value as Readonly<Record<string, unknown>>
  return `{${Object.keys(record)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key], depth + 1)}`)
    .join(',')}}`
}

/** A UUID (version 8: custom) from the SHA-256 of the parts. The same parts give the same id, in every process, for ever. */
export const contentId = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  const bytes = hash.digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
