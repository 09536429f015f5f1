import { NAME_BYTES_MAX } from '../../append-rules.js'
import type { ReadStream, RecordedEvent } from '../../event-log.js'
import { yieldToEventLoop } from '../../follow.js'
import { eventsOf } from '../format/block.js'
import type { Block } from '../format/block.js'
import { asBuffer, BATCH_BYTES_MAX, BATCH_EVENTS_MAX } from '../format/blocks.js'
import type { Blocks } from '../format/blocks.js'
import { Damage } from '../lmdb/damage.js'
import { runKey, streamNumberOf } from '../format/keys.js'
import type { EmbeddedStore } from '../lmdb/store.js'
import { blockOf, entryEvents, isErased, lastRevision, openEntry } from '../format/stream-index.js'
import type { StreamEntry } from '../format/stream-index.js'

type Found = Readonly<{ number: number; entry: StreamEntry }>

/** The last revision of a stream; `undefined` if it was never written or is erased. */
export const revisionOf = (store: EmbeddedStore, blocks: Blocks, stream: string): number | undefined => {
  const found = find(store, blocks, stream)
  return found === undefined ? undefined : lastRevision(found.entry)
}

/** The events of a stream as it is now. */
export async function* readRevisions(
  store: EmbeddedStore,
  blocks: Blocks,
  stream: string,
  options: ReadStream,
): AsyncGenerator<readonly RecordedEvent[]> {
  const { backwards = false, batchMax = BATCH_EVENTS_MAX } = options
  const found = find(store, blocks, stream)
  if (found === undefined) return
  const last = lastRevision(found.entry)
  let at = backwards ? Math.min(options.from ?? last, last) : (options.from ?? 0)
  let left = Math.min(options.max ?? Infinity, backwards ? at + 1 : last - at + 1)
  for (; left > 0; await yieldToEventLoop()) {
    // Erased since the read began.
    if (find(store, blocks, stream) === undefined) return
    const batch: RecordedEvent[] = []
    for (let bytes = 0; left > 0 && batch.length < batchMax && bytes < BATCH_BYTES_MAX;) {
      const block = blockOfRevision(store, blocks, found, at)
      const taken = ownEvents(block, stream, at, backwards).slice(0, Math.min(left, batchMax - batch.length))
      if (taken.length === 0) throw new Damage(`revision ${at} of ${stream} is not where the index says`)
      batch.push(...taken)
      left -= taken.length
      at += backwards ? -taken.length : taken.length
      bytes += block.body.length
    }
    yield batch
  }
}

/** The events of all streams that begin with one of the prefixes, stream by stream. */
export async function* readStreamsOf(
  store: EmbeddedStore,
  blocks: Blocks,
  prefixes: readonly string[],
): AsyncGenerator<readonly RecordedEvent[]> {
  blocks.refresh()
  for (const stream of new Set(prefixes.flatMap((prefix) => streamsWith(store, prefix))))
    yield* readRevisions(store, blocks, stream, {})
}

/** The names of the streams that begin with a prefix. */
const streamsWith = (store: EmbeddedStore, prefix: string): readonly string[] => {
  const names: string[] = []
  for (const key of store.streams.getKeys(prefix === '' ? {} : { start: Buffer.from(prefix) })) {
    const name = String(key)
    if (!name.startsWith(prefix)) break
    names.push(name)
  }
  return names
}

const find = (store: EmbeddedStore, blocks: Blocks, stream: string): Found | undefined => {
  blocks.refresh()
  const name = Buffer.from(stream)
  // No stream has such a name, and the store would refuse it with an error.
  const number = name.length === 0 || name.length > NAME_BYTES_MAX ? undefined : store.streams.get(name)
  if (number === undefined) return undefined
  const entry = openEntry(store.streamIndex.get(number))
  return isErased(entry) ? undefined : { number: streamNumberOf(number), entry }
}

const blockOfRevision = (store: EmbeddedStore, blocks: Blocks, { number, entry }: Found, revision: number): Block => {
  if (revision < entryEvents(entry)) return blocks.at(blockOf(entry, revision))
  for (const { value } of store.overflow.getRange({ start: runKey(number, revision), limit: 1 }))
    return blocks.at(asBuffer(value))
  throw new Damage(`revision ${revision} of stream number ${number} is missing`)
}

/** The stream's events in a block, from a revision on, in the direction of the read. */
const ownEvents = (block: Block, stream: string, from: number, backwards: boolean): readonly RecordedEvent[] => {
  const own = block.streams.indexOf(stream)
  const found = eventsOf(block, 0, block.count, (each) => each === own)
  return backwards
    ? found.filter((event) => event.revision <= from).reverse()
    : found.filter((event) => event.revision >= from)
}
