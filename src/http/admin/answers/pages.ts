import type { Page } from '../request-input.js'
import { ProblemError } from './problem.js'

type Items = Readonly<{
  /** The items behind the one that `after` names. */
  items: (after: string | undefined) => AsyncIterable<unknown>
  cursorOf?: ((item: never) => string) | undefined
}>

/** One page of a list. Without a `cursorOf` a cursor counts items. */
export const pageOf = async (
  { items, cursorOf }: Items,
  { limit, cursor }: Page,
  signal: AbortSignal,
): Promise<Readonly<{ items: readonly unknown[]; next: string | null }>> => {
  const after = cursor === undefined ? undefined : decoded(cursor)
  const skipped = cursorOf === undefined ? Number(after ?? 0) : 0
  const page: unknown[] = []
  let seen = 0
  for await (const item of items(cursorOf === undefined ? undefined : after)) {
    signal.throwIfAborted()
    if (seen++ < skipped) continue
    if (page.length === limit) {
      const next = cursorOf === undefined ? String(skipped + limit) : cursorOf(page.at(-1) as never)
      return { items: page, next: Buffer.from(next).toString('base64url') }
    }
    page.push(item)
  }
  return { items: page, next: null }
}

const decoded = (cursor: string): string => {
  const text = Buffer.from(cursor, 'base64url').toString()
  const isCursor = /^\d{1,15}$/.test(text) || isPair(text)
  if (!isCursor) throw new ProblemError('not-valid', 'cursor: give the `next` of an answer, unchanged')
  return text
}

const isPair = (text: string): boolean => {
  try {
    const pair: unknown = JSON.parse(text)
    return Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string')
  } catch {
    return false
  }
}

/** Lines are sent together up to this length, or this time after the last: each piece costs more than its lines. */
const PIECE_LENGTH = 32 * 1024
const PIECE_MS = 100

/** All items as lines of JSON, in pieces of whole lines. */
export async function* linesOf({ items }: Items, signal: AbortSignal): AsyncIterable<string> {
  let piece = ''
  let sentAt = Date.now()
  for await (const item of items(undefined)) {
    signal.throwIfAborted()
    piece += `${JSON.stringify(item)}\n`
    if (piece.length < PIECE_LENGTH && Date.now() - sentAt < PIECE_MS) continue
    yield piece
    piece = ''
    sentAt = Date.now()
  }
  if (piece !== '') yield piece
}
