import { Damage } from '../lmdb/damage.js'
import { openBlock, withoutStream } from '../format/block.js'
import { OVERFLOW, positionOf, streamRange } from '../format/keys.js'
import { ERASURES } from '../format/blocks.js'
import type { EmbeddedStore } from '../lmdb/store.js'
import { blockOf, entryEvents, erasedEntry, isErased, openEntry } from '../format/stream-index.js'

/** How many events of a stream will be erased; `commit` makes the puts, within one transaction. */
export type Erasure = Readonly<{ events: number; commit: () => void }>

/**
 * Works out how a stream is erased: each block that holds some of its events is written again without them, its keys in
 * `overflow` are removed, and its entry in the stream index says only that it was erased. `undefined` if there is no
 * such stream, or it is erased already. LMDB uses freed pages again; until then the old bytes may remain in the file,
 * where no read finds them.
 */
export const erasureOf = (store: EmbeddedStore, stream: string): Erasure | undefined => {
  store.env.resetReadTxn()
  const number = store.streams.get(Buffer.from(stream))
  if (number === undefined) return undefined
  const entry = openEntry(store.streamIndex.get(number))
  if (isErased(entry)) return undefined
  const keys = new Map<bigint, Buffer>()
  const found = (key: Buffer): void => void keys.set(positionOf(key), Buffer.from(key))
  for (let revision = 0; revision < entryEvents(entry); revision++) found(blockOf(entry, revision))
  const indexed: Buffer[] = []
  for (const { key, value } of store.overflow.getRange(streamRange(number))) {
    indexed.push(Buffer.from(key))
    if (key[6] === OVERFLOW.runByRevision) found(value)
  }
  let events = 0
  const blocks = [...keys].map(([position, key]): readonly [Buffer, Buffer] => {
    const bytes = store.blocks.get(key)
    if (bytes === undefined) throw new Damage(`the block through position ${position} is missing`)
    const left = withoutStream(openBlock(bytes, position), stream)
    events += left.erased
    return [key, left.bytes]
  })
  const erasures = Number(store.meta.get(ERASURES) ?? 0) + 1
  return {
    events,
    commit: () => {
      for (const [key, bytes] of blocks) void store.blocks.put(key, bytes)
      for (const key of indexed) void store.overflow.remove(key)
      void store.streamIndex.put(number, erasedEntry())
      void store.meta.put(ERASURES, erasures)
    },
  }
}
