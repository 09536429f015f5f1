import { NAME_BYTES_MAX } from '../append-rules.js'
import { ERASED, eventsOf, openBlock } from './block.js'
import type { Block } from './block.js'
import { positionKey, positionOf, runKey, streamNumberOf } from './keys.js'
import type { EmbeddedStore } from './store.js'
import type { Position, ReadAll, ReadStream, RecordedEvent } from '../event-log.js'
import { breath } from '../follow.js'
import type { Scan } from '../follow.js'
import { blockOf, cardEvents, isErased, lastRevision, openCard } from './stream-index.js'
import type { StreamCard } from './stream-index.js'

const BATCH_MAX = 1_000
/** How often something was erased here, in the table `meta`. */
export const ERASURES = 'erasures'
/**
 * A batch or a look ends after this many bytes of blocks, whatever matched: it bounds memory, and how long the event
 * loop waits.
 */
const SCAN_BYTES_MAX = 2 * 1024 * 1024

/**
 * Reading from the tables. Every step copies what it needs out of one short read transaction and lets go of it before
 * the caller gets anything: a transaction held while somebody thinks about a batch would keep the store from using
 * freed pages again, and the file would grow.
 */
export const embeddedReader = (store: EmbeddedStore, unlessClosed: () => void) => {
  /**
   * The block read last: batches smaller than a block come back to it. A block changes only where a stream is erased.
   */
  let recent: Readonly<{ key: Position; block: Block }> | undefined
  let erasures: unknown

  /** Sees what was committed since. */
  const refresh = (): void => {
    unlessClosed()
    store.env.resetReadTxn()
    const seen = store.meta.get(ERASURES)
    if (seen !== erasures) recent = undefined
    erasures = seen
  }

  const blockAt = (key: Buffer, bytes?: Buffer): Block => {
    const last = positionOf(key)
    if (recent?.key === last) return recent.block
    const held = bytes ?? store.blocks.get(key)
    if (held === undefined) throw new Error(`the block through position ${last} is missing`)
    recent = { key: last, block: openBlock(asBuffer(held), last) }
    return recent.block
  }

  const head = (): Position | undefined => {
    unlessClosed()
    store.env.resetReadTxn()
    for (const key of store.blocks.getKeys({ reverse: true, limit: 1 })) return positionOf(asBuffer(key))
    return undefined
  }

  const scan = (
    after: Position | undefined,
    end: Position | undefined,
    { prefixes, batchMax = BATCH_MAX }: ReadAll,
  ): Scan => {
    refresh()
    const events: RecordedEvent[] = []
    let through = after
    let bytes = 0
    for (const { key, value } of store.blocks.getRange({ start: positionKey((after ?? 0n) + 1n) })) {
      const block = blockAt(asBuffer(key), value)
      const skip = after === undefined || after < block.first ? 0 : Number(after - block.first) + 1
      if (end !== undefined && end < block.first) return { events, through: end, atHead: true }
      const within = end === undefined ? block.count : Math.min(block.count, Number(end - block.first) + 1)
      const found = eventsOf(block, skip, within, wantedIn(block, prefixes), batchMax - events.length)
      for (const event of found) events.push(event)
      const full = events.length === batchMax
      through = full ? events.at(-1)!.position : block.first + BigInt(within - 1)
      if (within < block.count && !full) return { events, through, atHead: true }
      bytes += block.bytes.length
      if (full || bytes >= SCAN_BYTES_MAX) return { events, through, atHead: false }
    }
    return { events, through, atHead: true }
  }

  async function* readAll(options: ReadAll): AsyncGenerator<readonly RecordedEvent[]> {
    const last = head()
    if (last === undefined) return
    const end = options.through !== undefined && options.through < last ? options.through : last
    for (let after = options.after; after === undefined || after < end; await breath()) {
      const seen = scan(after, end, options)
      if (seen.events.length > 0) yield seen.events
      if (seen.atHead) return
      after = seen.through
    }
  }

  const cardOf = (stream: string): Readonly<{ number: number; card: StreamCard }> | undefined => {
    refresh()
    const name = Buffer.from(stream)
    // No stream has such a name, and the store would take it for an error.
    const number = name.length === 0 || name.length > NAME_BYTES_MAX ? undefined : store.streams.get(name)
    if (number === undefined) return undefined
    const card = openCard(store.cards.get(number))
    return isErased(card) ? undefined : { number: streamNumberOf(number), card }
  }

  const blockOfRevision = (number: number, card: StreamCard, revision: number): Block => {
    if (revision < cardEvents(card)) return blockAt(blockOf(card, revision))
    for (const { value } of store.index.getRange({ start: runKey(number, revision), limit: 1 }))
      return blockAt(asBuffer(value))
    throw new Error(`revision ${revision} of stream number ${number} is missing`)
  }

  async function* readStream(stream: string, options: ReadStream): AsyncGenerator<readonly RecordedEvent[]> {
    const { backwards = false, batchMax = BATCH_MAX } = options
    const held = cardOf(stream)
    if (held === undefined) return
    const last = lastRevision(held.card)
    let at = backwards ? Math.min(options.from ?? last, last) : (options.from ?? 0)
    let left = Math.min(options.max ?? Infinity, backwards ? at + 1 : last - at + 1)
    for (; left > 0; await breath()) {
      unlessClosed()
      const batch: RecordedEvent[] = []
      for (let bytes = 0; left > 0 && batch.length < batchMax && bytes < SCAN_BYTES_MAX;) {
        const block = blockOfRevision(held.number, held.card, at)
        const own = block.streams.indexOf(stream)
        const found = eventsOf(block, 0, block.count, (each) => each === own)
        const ahead = backwards
          ? found.filter((event) => event.revision <= at).reverse()
          : found.filter((event) => event.revision >= at)
        const taken = ahead.slice(0, Math.min(left, batchMax - batch.length))
        if (taken.length === 0) throw new Error(`revision ${at} of ${stream} is not where the index says`)
        batch.push(...taken)
        left -= taken.length
        at += backwards ? -taken.length : taken.length
        bytes += block.bytes.length
      }
      yield batch
    }
  }

  const streamRevision = (stream: string): number | undefined => {
    const held = cardOf(stream)
    return held === undefined ? undefined : lastRevision(held.card)
  }

  return { head, scan, readAll, readStream, streamRevision }
}

const wantedIn = ({ streams }: Block, prefixes: readonly string[] | undefined): ((stream: number) => boolean) => {
  if (prefixes === undefined) return (stream) => streams[stream] !== ERASED
  const wanted = streams.map((stream) => prefixes.some((prefix) => stream.startsWith(prefix)))
  return (stream) => wanted[stream] === true
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
