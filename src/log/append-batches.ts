import type { NewEvent, StreamAppend } from './event-log.js'

/**
 * What one append may hold, so that it stays below the limits of every adapter (EventStoreDB: 1 MiB, unless its server
 * is told otherwise).
 */
export const APPEND_LIMIT_BYTES = 512 * 1024
export const APPEND_LIMIT_EVENTS = 500

export const bytesOf = ({ data, metadata }: NewEvent): number => data.byteLength + metadata.byteLength

/**
 * Events for one stream as appends of a fair size, where any revision will do and none depends on another. An event
 * that is larger by itself is alone.
 */
export const appendsWithinLimit = (stream: string, events: readonly NewEvent[]): readonly StreamAppend[] => {
  const cut: NewEvent[][] = []
  let bytes = 0
  for (const event of events) {
    const last = cut.at(-1)
    bytes += bytesOf(event)
    if (last !== undefined && last.length < APPEND_LIMIT_EVENTS && bytes <= APPEND_LIMIT_BYTES) last.push(event)
    else {
      cut.push([event])
      bytes = bytesOf(event)
    }
  }
  return cut.map((each) => ({ stream, expected: 'any', events: each }))
}
