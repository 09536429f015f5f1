import type { NewEvent } from '../../event-log.js'
import type { BlockEvent } from '../format/block.js'
import { asBuffer } from '../format/blocks.js'
import { idInKey, idKey, kindRange, OVERFLOW, runIdKey, streamNumberOf } from '../format/keys.js'
import {
  blockOf,
  ENTRY_EVENTS_MAX,
  extendEntry,
  lastRevision,
  newEntry,
  openEntry,
  revisionsLike,
} from '../format/stream-index.js'
import type { StreamEntry } from '../format/stream-index.js'
import { uuidBytes } from '../format/uuid.js'
import type { EmbeddedStore } from '../lmdb/store.js'
import { PendingIds } from './pending-ids.js'
import { StoredIds } from './stored-ids.js'

/**
 * A stream as the writer knows it. It changes as soon as an append is decided, so that the next append is decided on
 * it; if the commit fails, all of them are forgotten.
 */
export type WrittenStream = {
  readonly stream: string
  /** -1 until the first commit. */
  number: number
  last: number
  entry: StreamEntry
  /** Ids decided in this group: they are in no block yet. */
  pending: PendingIds | undefined
  /** Beyond the entry: the last id of the last run of ascending ids, and whether there are ids that are in no run. */
  lastRunId: Buffer | undefined
  hasSingleIds: boolean
}

/** An event at its place in a stream, to be stored. */
export type Placed = BlockEvent & Readonly<{ id: Buffer; of: WrittenStream }>

/** Streams kept in memory: those used last, at least this many and at most twice. Each takes at most 1 kB. */
const STREAMS_MAX = 10_000
const lookedUp = Buffer.alloc(16)

/**
 * The streams that were written to last. Two generations: a stream that is used again moves to the young one, and the
 * older one is dropped as a whole, which is cheaper than an order that is kept at every use.
 */
export class WrittenStreams {
  readonly #store: EmbeddedStore
  readonly #storedIds: StoredIds
  #young = new Map<string, WrittenStream>()
  #old = new Map<string, WrittenStream>()

  constructor(store: EmbeddedStore) {
    this.#store = store
    this.#storedIds = new StoredIds(store)
  }

  /** The stream, from memory or from the store; `undefined` if it was never written. */
  find(stream: string): WrittenStream | undefined {
    const young = this.#young.get(stream)
    if (young !== undefined) return young
    const found = this.#old.get(stream) ?? this.#stored(stream)
    if (found !== undefined) this.#young.set(stream, found)
    return found
  }

  create(stream: string): WrittenStream {
    const created = writtenStream(stream, -1, newEntry(), -1)
    this.#young.set(stream, created)
    return created
  }

  holds(stream: WrittenStream, id: string): boolean {
    if (stream.pending?.has(id) === true) return true
    const bytes = uuidBytes(id, lookedUp)
    for (const revision of revisionsLike(stream.entry, bytes)) {
      // The block of a pending event is not known yet, and its id was looked for above.
      if (revision > stream.last - (stream.pending?.size ?? 0)) continue
      if (this.#storedIds.holds(blockOf(stream.entry, revision), stream.stream, bytes)) return true
    }
    if (stream.last < ENTRY_EVENTS_MAX || stream.number < 0) return false
    return this.#isInRun(stream, bytes) || (stream.hasSingleIds && this.#isSingle(stream, bytes))
  }

  /** Adds a new event at the end of the stream, and answers it at its place. */
  extend(to: WrittenStream, event: NewEvent): Placed {
    const revision = ++to.last
    const id = uuidBytes(event.id)
    extendEntry(to.entry, revision, id)
    to.pending ??= new PendingIds()
    to.pending.add(event.id)
    return { stream: to.stream, revision, id, event, of: to }
  }

  age(): void {
    if (this.#young.size < STREAMS_MAX) return
    this.#old = this.#young
    this.#young = new Map()
  }

  /** Called when a stream was erased, and its blocks have changed. */
  forget(stream: string): void {
    for (const streams of [this.#young, this.#old]) streams.delete(stream)
    this.#storedIds.forget()
  }

  forgetAll(): void {
    this.#young.clear()
    this.#old.clear()
    this.#storedIds.forget()
  }

  /** Whether the id is in a run of ascending ids: the only one that may have it is the first that ends at it or later. */
  #isInRun({ stream, number, lastRunId }: WrittenStream, id: Buffer): boolean {
    if (lastRunId === undefined || id.compare(lastRunId) > 0) return false
    const { end } = kindRange(number, OVERFLOW.runById)
    for (const { value } of this.#store.overflow.getRange({ start: runIdKey(number, id), end, limit: 1 })) {
      const run = asBuffer(value)
      return run.compare(id, 0, 16, 0, 16) <= 0 && this.#storedIds.holds(run.subarray(16), stream, id)
    }
    return false
  }

  #isSingle({ number }: WrittenStream, id: Buffer): boolean {
    return this.#store.overflow.doesExist(idKey(number, id))
  }

  #stored(name: string): WrittenStream | undefined {
    const key = this.#store.streams.get(Buffer.from(name))
    if (key === undefined) return undefined
    const entry = openEntry(this.#store.streamIndex.get(key))
    const stream = writtenStream(name, streamNumberOf(key), entry, lastRevision(entry))
    if (stream.last < ENTRY_EVENTS_MAX) return stream
    for (const last of this.#lastKey(stream.number, OVERFLOW.runById)) stream.lastRunId = Buffer.from(idInKey(last))
    stream.hasSingleIds = this.#lastKey(stream.number, OVERFLOW.id).length > 0
    return stream
  }

  #lastKey(number: number, kind: number): readonly Buffer[] {
    const { start, end } = kindRange(number, kind)
    return [...this.#store.overflow.getKeys({ start: end, end: start, reverse: true, limit: 1 })].map(asBuffer)
  }
}

const writtenStream = (stream: string, number: number, entry: StreamEntry, last: number): WrittenStream => ({
  stream,
  number,
  last,
  entry,
  pending: undefined,
  lastRunId: undefined,
  hasSingleIds: false,
})
