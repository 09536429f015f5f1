import { isDenied } from './failure.js'
import { LogUnavailable } from '../event-log.js'
import type { Position } from '../event-log.js'

/**
 * Where the log ends: a position at or before which everything lies that was acknowledged to anybody before the
 * question; `undefined` for those who may write but not read all of the log. One question serves all who ask it in the
 * same turn of the event loop; nobody gets an answer to one that was sent before.
 */
export const watermarks = (head: () => Promise<Position | undefined>): (() => Promise<Position | undefined>) => {
  let next: Promise<Position | undefined> | undefined
  const ask = async (): Promise<Position | undefined> => {
    await new Promise((resolve) => setImmediate(resolve))
    next = undefined
    try {
      return (await head()) ?? -1n
    } catch (failure) {
      if (failure instanceof LogUnavailable && isDenied(failure.cause)) return undefined
      throw failure
    }
  }
  return () => (next ??= ask())
}
