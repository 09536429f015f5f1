import type { Body } from '../decode/fields.js'
import { recordsOf } from '../files/record-splitter.js'

/**
 * Recognises one kind of wrapping, by its members, and returns the events within, byte for byte; `undefined` for
 * anything else. `json` is the text of `value`. Events within may be wrapped again (SNS in SQS).
 */
export type Unwrap = (value: Body, json: string) => readonly Uint8Array[] | undefined

/** Events in one wrapping. A document with more becomes one dead letter. */
export const WRAPPED_MAX = 10_000

/**
 * The events in text that a wrapping carries: one, several one after the other or one a line, or an array; at most one
 * more than `WRAPPED_MAX`.
 */
export const eventsIn = (text: string | Buffer): readonly Uint8Array[] => {
  const bytes = Buffer.from(text as string)
  const events = recordsOf(bytes, WRAPPED_MAX)
  return events.length > 0 ? events : [bytes]
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The events in base64; what is not base64 is passed on as it is, and becomes a dead letter. */
export const eventsInBase64 = (text: string): readonly Uint8Array[] =>
  BASE64.test(text) ? eventsIn(Buffer.from(text, 'base64')) : [Buffer.from(text)]

/** A part of a wrapping that holds no event: it stands for itself, and becomes a dead letter. */
export const asItself = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
