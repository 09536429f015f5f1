import { secretKeys, withoutCredentials } from '../../config/secrets/secrets.js'
import type { Json } from './operation.js'

/** Longer texts are cut: the journal says what was done, it does not hold the input again. */
export const TEXT_MAX = 2_000
const ITEMS_MAX = 100
const DEPTH_MAX = 6

const SECRET = /token|password|passphrase|secret|credential|authorization|api-?key/i

/**
 * What the journal keeps of details and summaries: values whose key names a secret, and user names and passwords in
 * addresses, are replaced by `***`; long texts and lists are cut and say so.
 */
export const bounded = (value: Json | undefined, depth = 0): Json | undefined => {
  if (typeof value === 'string') return boundedText(withoutCredentials(value))
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEPTH_MAX) return '…'
  if (isList(value)) {
    const kept = value.slice(0, ITEMS_MAX).map((item) => bounded(item, depth + 1) ?? null)
    return value.length > ITEMS_MAX ? [...kept, `… ${value.length - ITEMS_MAX} more`] : kept
  }
  const entries = Object.entries(value)
  const kept = entries
    .slice(0, ITEMS_MAX)
    .map(([key, item]) => [key, isSecret(key, item) ? '***' : bounded(item, depth + 1)] as const)
  return Object.fromEntries(
    entries.length > ITEMS_MAX ? [...kept, ['…', `${entries.length - ITEMS_MAX} more`] as const] : kept,
  )
}

export const boundedText = (text: string): string =>
  text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}… (${text.length - TEXT_MAX} more characters)` : text

const isSecret = (key: string, value: Json | undefined): boolean =>
  value !== undefined && value !== null && typeof value !== 'boolean' && (secretKeys.has(key) || SECRET.test(key))

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
