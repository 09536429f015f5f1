import { createHash } from 'node:crypto'

/**
 * A UUID (version 8: custom) from the SHA-256 of the parts. The same parts always give the same id, in every process.
 */
export const contentId = (...parts: readonly (string | Uint8Array)[]): string => uuidOf(sha256(parts))

/**
 * The same, but the first 48 bits are `ascending` (as in UUID version 7, where they are the time). Ascending ids of a
 * long stream are neighbours in a store's index; random ids cost about a page each.
 */
export const ascendingContentId = (ascending: number, ...parts: readonly string[]): string =>
  ascendingIds(ascending, ...parts)(0)

/**
 * Ids for the items of a sequence: one hash for the sequence and the number of the item. Two sequences differ in
 * `ascending` or in their parts.
 */
export const ascendingIds = (ascending: number, ...parts: readonly string[]): ((index: number) => string) => {
  const head = hexOf(ascending)
  const sequence = `${head.slice(0, 8)}-${head.slice(8)}${contentId(...parts).slice(13, 24)}`
  return (index) => `${sequence}${hexOf(index)}`
}

/** 48 bits, clamped. */
const hexOf = (value: number): string =>
  Math.min(Math.max(0, Math.trunc(value)), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0')

/**
 * Text is joined and hashed in one call: half the cost of one call per part, and a quarter of `crypto.hash`, which is
 * slow for strings.
 */
const sha256 = (parts: readonly (string | Uint8Array)[]): string => {
  const digest = createHash('sha256')
  if (parts.every((part) => typeof part === 'string')) digest.update(`${parts.join('\0')}\0`)
  else for (const part of parts) digest.update(part).update('\0')
  return digest.digest('hex')
}

const uuidOf = (hex: string): string => {
  const variant = ((parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  const [first, second, third] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16)]
  return `${first}-${second}-8${third}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
