import type { NewEvent } from '../../event-log.js'
import { uuidBytes } from '../format/uuid.js'
import type { BlockEvent } from '../format/block.js'
import { idKey, streamNumberOf } from '../format/keys.js'
import type { EmbeddedStore } from '../lmdb/store.js'
import { ENTRY_EVENTS_MAX, entryHolds, extendEntry, lastRevision, newEntry, openEntry } from '../format/stream-index.js'
import type { StreamEntry } from '../format/stream-index.js'

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
  /** Ids decided in this group that no longer fit the entry. */
  recent: Set<string> | undefined
  /** Greatest id of the stream, if all of it was written by this writer: a greater id is new, without a lookup. */
  greatest: string | undefined
}

/** An event at its place in a stream, to be stored. */
export type Placed = BlockEvent & Readonly<{ of: WrittenStream }>

/** Streams kept in memory: those used last, at least this many and at most twice. Each takes at most 1.6 kB. */
const STREAMS_MAX = 10_000
const lookedUp = Buffer.alloc(16)

/**
 * The streams that were written to last. Two generations: a stream that is used again moves to the young one, and the
 * older one is dropped as a whole, which is cheaper than an order that is kept at every use.
 */
export class WrittenStreams {
  readonly #store: EmbeddedStore
  #young = new Map<string, WrittenStream>()
  #old = new Map<string, WrittenStream>()

  constructor(store: EmbeddedStore) {
    this.#store = store
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
    const created = { stream, number: -1, last: -1, entry: newEntry(), recent: undefined, greatest: '' }
    this.#young.set(stream, created)
    return created
  }

  holds({ number, last, entry, recent, greatest }: WrittenStream, id: string): boolean {
    if (greatest !== undefined && id > greatest) return false
    if (recent?.has(id) === true) return true
    const bytes = uuidBytes(id, lookedUp)
    return (
      entryHolds(entry, bytes) ||
      (last >= ENTRY_EVENTS_MAX && number >= 0 && this.#store.overflow.doesExist(idKey(number, bytes)))
    )
  }

  /** Adds a new event at the end of the stream, and answers it at its place. */
  extend(to: WrittenStream, event: NewEvent): Placed {
    const revision = ++to.last
    const id = uuidBytes(event.id)
    extendEntry(to.entry, revision, id)
    if (to.greatest !== undefined && event.id > to.greatest) to.greatest = event.id
    if (revision >= ENTRY_EVENTS_MAX) (to.recent ??= new Set()).add(event.id)
    return { stream: to.stream, revision, id, event, of: to }
  }

  age(): void {
    if (this.#young.size < STREAMS_MAX) return
    this.#old = this.#young
    this.#young = new Map()
  }

  forget(stream: string): void {
    for (const streams of [this.#young, this.#old]) streams.delete(stream)
  }

  forgetAll(): void {
    this.#young.clear()
    this.#old.clear()
  }

  #stored(stream: string): WrittenStream | undefined {
    const key = this.#store.streams.get(Buffer.from(stream))
    if (key === undefined) return undefined
    const entry = openEntry(this.#store.streamIndex.get(key))
    const number = streamNumberOf(key)
    return { stream, number, last: lastRevision(entry), entry, recent: undefined, greatest: undefined }
  }
}
