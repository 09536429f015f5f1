/**
 * Test support: what an EventStoreDB server holds, in memory, with its rules of expected revisions and repeats. Not the
 * memory log: that one recognises every repeat, and an adapter that relied on the server for it would pass.
 */
export type Proposed = Readonly<{
  id: string
  metadata: ReadonlyMap<string, string>
  customMetadata: Uint8Array
  data: Uint8Array
}>
export type Stored = Proposed & Readonly<{ stream: string; revision: number; commit: bigint; prepare: bigint }>
export type Expected = number | 'any' | 'no-stream'
/** `position` is that of the last event, stored now or before. */
export type AppendResult = Readonly<
  { revision: number; position: bigint | undefined } | { wrong: number } | { deleted: true }
>

export type Store = Readonly<{
  all: readonly Stored[]
  streamOf: (stream: string) => readonly Stored[]
  isDeleted: (stream: string) => boolean
  /** Where the record at a position lies in `all`: `undefined` between two records, the length beyond the last. */
  indexAt: (position: bigint) => number | undefined
  /**
   * The stream's last revision, or `wrong` with the actual one (-1: no stream). A repeat at its own place succeeds, as
   * with the real server.
   */
  append: (stream: string, expected: Expected, events: readonly Proposed[]) => AppendResult
  /** As a transaction of the old TCP clients would: its events share a commit position. */
  appendTransaction: (stream: string, ...events: readonly Proposed[]) => void
  /** Many records of another application, which nobody reads: of these bytes by their positions, and empty. */
  addOthers: (stream: string, count: number, bytes: number) => void
  /** For ever: the stream can be neither read nor written. */
  tombstone: (stream: string) => void
  /** The events of a stream with a policy are too old: they can no longer be read, but count. */
  expire: (stream: string) => void
  onGrowth: (hear: () => void) => () => void
}>

const NOTHING: Proposed = {
  id: '00000000-0000-4000-8000-000000000000',
  metadata: new Map(),
  customMetadata: new Uint8Array(),
  data: new Uint8Array(),
}

export const eventStoreDbStore = (): Store => {
  const all: Stored[] = []
  const streams = new Map<string, Stored[]>()
  const deleted = new Set<string>()
  const expired = new Map<string, number>()
  const hearers = new Set<() => void>()
  let position = 1_000n

  const add = (stream: string, events: readonly Proposed[], isTransaction = false): void => {
    let first: bigint | undefined
    for (const event of events) {
      position += BigInt(100 + event.data.byteLength + event.customMetadata.byteLength)
      first ??= position
      const held = streams.get(stream) ?? []
      streams.set(stream, held)
      const commit = isTransaction ? first + 1n : position
      const stored = { ...event, stream, revision: held.length, commit, prepare: position }
      held.push(stored)
      all.push(stored)
    }
    for (const hear of [...hearers]) hear()
  }
  // A server's log begins with records of its own.
  add('$users', [NOTHING])

  return {
    all,
    streamOf: (stream) => (deleted.has(stream) ? [] : (streams.get(stream) ?? []).slice(expired.get(stream) ?? 0)),
    isDeleted: (stream) => deleted.has(stream),
    indexAt: (at) => {
      let [low, high] = [0, all.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (all[middle]!.commit < at) low = middle + 1
        else high = middle
      }
      return low === all.length || all[low]!.commit === at ? low : undefined
    },
    append: (stream, expected, events) => {
      if (deleted.has(stream)) return { deleted: true }
      const held = streams.get(stream) ?? []
      const last = held.length - 1
      const at = expected === 'any' ? last : expected === 'no-stream' ? -1 : expected
      if (at !== last) {
        const isRepeat = at < last && events.length > 0 && events.every(({ id }, i) => held[at + 1 + i]?.id === id)
        // Of events that can no longer be read the server tells no position.
        const readable = at + events.length >= (expired.get(stream) ?? 0) ? held[at + events.length]?.commit : undefined
        return isRepeat ? { revision: at + events.length, position: readable } : { wrong: last }
      }
      add(stream, events)
      return { revision: last + events.length, position }
    },
    appendTransaction: (stream, ...events) => add(stream, events, true),
    addOthers: (stream, count, bytes) => {
      for (let revision = 0; revision < count; revision++) {
        position += BigInt(bytes)
        all.push({ ...NOTHING, stream, revision, commit: position, prepare: position })
      }
    },
    tombstone: (stream) => {
      deleted.add(stream)
      for (const hear of [...hearers]) hear()
    },
    expire: (stream) => void expired.set(stream, streams.get(stream)?.length ?? 0),
    onGrowth: (hear) => {
      hearers.add(hear)
      return () => hearers.delete(hear)
    },
  }
}
