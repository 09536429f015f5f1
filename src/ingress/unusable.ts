import { printable } from '../domain/printable.js'

/** Why raw input cannot be used: a stable code to count by, and a sentence that says what, where and how to mend it. */
export type Unusable = Readonly<{
  reason: UnusableReason
  detail: string
  topic?: string | undefined
  /** Of input of which only the beginning is kept. */
  whole?: Whole | undefined
}>

/** Size and SHA-256 (in hexadecimal) of input that is not kept. */
export type Whole = Readonly<{ bytes: number; sha256: string }>

export type UnusableReason =
  | 'malformed-json'
  | 'malformed-gzip'
  | 'not-an-envelope'
  | 'unknown-topic'
  | 'undecodable'
  | 'too-deep'
  | 'too-large'
  | 'confirmation-needed'
  | 'too-late'
  | 'too-early'
  | 'contradictory'

/** As much of a foreign name as belongs in a message, without control characters. */
export const brief = (name: string): string => printable(name.length > 200 ? `${name.slice(0, 200)}…` : name)
