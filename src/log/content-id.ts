import { hash } from 'node:crypto'

/**
 * A UUID (version 8: custom) from the SHA-256 of the parts. The same parts always give the same id, in every process.
 */
export const contentId = (...parts: readonly (string | Uint8Array)[]): string =>
  contentIdOf(
    parts.every((part) => typeof part === 'string')
      ? `${parts.join('\0')}\0`
      : Buffer.concat(parts.flatMap((part) => [typeof part === 'string' ? Buffer.from(part) : part, ZERO])),
  )

const ZERO = Buffer.of(0)

/** The same of parts that are joined already, with a zero behind each. */
export const contentIdOf = (joined: string | Uint8Array): string => uuidOf(hash('sha256', joined, 'hex'))

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

const uuidOf = (hex: string): string => {
  const variant = VARIANTS.charAt(parseInt(hex.charAt(16), 16) & 0x3)
  const [first, second, third] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16)]
  return `${first}-${second}-8${third}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const VARIANTS = '89ab'
