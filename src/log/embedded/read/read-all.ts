import type { Position, ReadAll, RecordedEvent } from '../../event-log.js'
import { yieldToEventLoop } from '../../follow.js'
import type { Scan } from '../../follow.js'
import { ERASED, eventsOf } from '../format/block.js'
import type { Block } from '../format/block.js'
import { asBuffer, BATCH_BYTES_MAX, BATCH_EVENTS_MAX } from '../format/blocks.js'
import type { Blocks } from '../format/blocks.js'
import { positionKey } from '../format/keys.js'
import type { EmbeddedStore } from '../lmdb/store.js'

/** The next batch of events after `after` and through `end`, of the streams asked for. */
export const scanBlocks = (
  store: EmbeddedStore,
  blocks: Blocks,
  after: Position | undefined,
  end: Position | undefined,
  { prefixes, batchMax = BATCH_EVENTS_MAX }: ReadAll,
): Scan => {
  blocks.refresh()
  const events: RecordedEvent[] = []
  let through = after
  let bytes = 0
  for (const { key, value } of store.blocks.getRange({ start: positionKey((after ?? 0n) + 1n) })) {
    const block = blocks.at(asBuffer(key), value)
    const skip = after === undefined || after < block.first ? 0 : Number(after - block.first) + 1
    if (end !== undefined && end < block.first) return { events, through: end, atHead: true }
    const within = end === undefined ? block.count : Math.min(block.count, Number(end - block.first) + 1)
    const found = eventsOf(block, skip, within, wantedIn(block, prefixes), batchMax - events.length)
    for (const event of found) events.push(event)
    const isFull = events.length === batchMax
    through = isFull ? events.at(-1)!.position : block.first + BigInt(within - 1)
    if (within < block.count && !isFull) return { events, through, atHead: true }
    bytes += block.body.length
    if (isFull || bytes >= BATCH_BYTES_MAX) return { events, through, atHead: false }
  }
  return { events, through, atHead: true }
}

/** What the log holds now, in the order of positions. */
export async function* readBlocksThrough(
  store: EmbeddedStore,
  blocks: Blocks,
  options: ReadAll,
): AsyncGenerator<readonly RecordedEvent[]> {
  const last = blocks.head()
  if (last === undefined) return
  const end = options.through !== undefined && options.through < last ? options.through : last
  for (let after = options.after; after === undefined || after < end; await yieldToEventLoop()) {
    const seen = scanBlocks(store, blocks, after, end, options)
    if (seen.events.length > 0) yield seen.events
    if (seen.atHead) return
    after = seen.through
  }
}

const wantedIn = ({ streams }: Block, prefixes: readonly string[] | undefined): ((stream: number) => boolean) => {
  if (prefixes === undefined) return (stream) => streams[stream] !== ERASED
  const wanted = streams.map((stream) => prefixes.some((prefix) => stream.startsWith(prefix)))
  return (stream) => wanted[stream] === true
}
