import type { Position } from '../../event-log.js'
import { openBlock } from './block.js'
import type { Block } from './block.js'
import { Damage } from '../lmdb/damage.js'
import { positionOf } from './keys.js'
import type { EmbeddedStore } from '../lmdb/store.js'

/** How often something was erased here, in the table `meta`. */
export const ERASURES = 'erasures'
/**
 * A batch ends after this many bytes of blocks, decompressed: it bounds memory, and how long the event loop waits. It
 * leaves room for 20,000 raw events, which take about 20 ms.
 */
export const BATCH_BYTES_MAX = 32 * 1024 * 1024
export const BATCH_EVENTS_MAX = 1_000

export type Blocks = Readonly<{
  /** Begins a step: sees what was committed since the last. */
  refresh: () => void
  /** Last position of the log; `undefined` while it is empty. */
  head: () => Position | undefined
  /** The block with this key; `bytes`, if the caller has them already. */
  at: (key: Buffer, bytes?: Buffer) => Block
}>

/**
 * The blocks as a reader sees them. Every step copies what it needs out of one short read transaction and releases it
 * before the caller gets anything: a transaction that is held while the caller works on a batch would keep the store
 * from using freed pages again, and the file would grow.
 */
export const readBlocks = (store: EmbeddedStore, unlessClosed: () => void): Blocks => {
  /** The block read last: batches smaller than a block come back to it. Only an erasure changes a block. */
  let recent: Readonly<{ key: Position; block: Block }> | undefined
  let erasures: unknown

  return {
    refresh: () => {
      unlessClosed()
      store.env.resetReadTxn()
      const seen = store.meta.get(ERASURES)
      if (seen !== erasures) recent = undefined
      erasures = seen
    },
    head: () => {
      unlessClosed()
      store.env.resetReadTxn()
      for (const key of store.blocks.getKeys({ reverse: true, limit: 1 })) return positionOf(asBuffer(key))
      return undefined
    },
    at: (key, bytes) => {
      const last = positionOf(key)
      if (recent?.key === last) return recent.block
      const held = bytes ?? store.blocks.get(key)
      if (held === undefined) throw new Damage(`the block through position ${last} is missing`)
      recent = { key: last, block: openBlock(asBuffer(held), last) }
      return recent.block
    },
  }
}

export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
