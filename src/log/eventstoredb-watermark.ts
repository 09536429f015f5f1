import type { Position } from './event-log.js'

/**
 * Where the log ends: a position at or before which everything lies that was acknowledged to anybody before the question. One question serves all who ask it in the same turn
 * of the event loop; nobody gets an answer to one that was sent before.
 */
export const watermarks = (head: () => Promise<Position | undefined>): (() => Promise<Position>) => {
  let next: Promise<Position> | undefined
  const ask = async (): Promise<Position> => {
    await new Promise((resolve) => setImmediate(resolve))
    next = undefined
    return (await head()) ?? -1n
  }
  return () => (next ??= ask())
}
