import type { NewEvent, StreamAppend } from './event-log.js'

/**
 * The most that one append should hold to stay below the limits of every adapter (EventStoreDB takes 1 MiB unless its
 * server is configured otherwise).
 */
export const APPEND_LIMIT_BYTES = 512 * 1024
export const APPEND_LIMIT_EVENTS = 500

export const bytesOf = ({ data, metadata }: NewEvent): number => data.byteLength + metadata.byteLength

/**
 * Cuts events for one stream into appends within the append limit. For events that may be stored under any revision
 * and do not depend on each other. An event above the limit is an append of its own.
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
