import { openBlock, withoutStream } from './block.js'
import { positionOf, streamRange } from './keys.js'
import { ERASURES } from './reader.js'
import type { EmbeddedStore } from './store.js'
import { blockOf, cardEvents, erasedCard, isErased, openCard } from './stream-index.js'

/** What it takes to erase a stream, worked out; `commit` makes the puts of one transaction. */
export type Erasure = Readonly<{ events: number; commit: () => void }>

/**
 * How a stream is erased: each block that holds some of its events is written anew without them, its places in the
 * index go, and its card says no more than that it was erased. `undefined` where there is no such stream, or it is
 * erased already. Pages that LMDB freed are used again in time; until then old bytes may lie in the file where nobody
 * looks.
 */
export const erasureOf = (store: EmbeddedStore, stream: string): Erasure | undefined => {
  store.env.resetReadTxn()
  const number = store.streams.get(Buffer.from(stream))
  if (number === undefined) return undefined
  const card = openCard(store.cards.get(number))
  if (isErased(card)) return undefined
  const keys = new Map<bigint, Buffer>()
  const found = (key: Buffer): void => void keys.set(positionOf(key), Buffer.from(key))
  for (let revision = 0; revision < cardEvents(card); revision++) found(blockOf(card, revision))
  const indexed: Buffer[] = []
  for (const { key, value } of store.index.getRange(streamRange(number))) {
    indexed.push(Buffer.from(key))
    if (value.length > 0) found(value)
  }
  let events = 0
  const blocks = [...keys].map(([position, key]): readonly [Buffer, Buffer] => {
    const bytes = store.blocks.get(key)
    if (bytes === undefined) throw new Error(`the block through position ${position} is missing`)
    const left = withoutStream(openBlock(bytes, position), stream)
    events += left.erased
    return [key, left.bytes]
  })
  const erasures = Number(store.meta.get(ERASURES) ?? 0) + 1
  return {
    events,
    commit: () => {
      for (const [key, bytes] of blocks) void store.blocks.put(key, bytes)
      for (const key of indexed) void store.index.remove(key)
      void store.cards.put(number, erasedCard())
      void store.meta.put(ERASURES, erasures)
    },
  }
}
