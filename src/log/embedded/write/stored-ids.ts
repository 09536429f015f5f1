import { asBuffer } from '../format/blocks.js'
import { openBlock } from '../format/block.js'
import type { Block } from '../format/block.js'
import { positionOf } from '../format/keys.js'
import { Damage } from '../lmdb/damage.js'
import type { EmbeddedStore } from '../lmdb/store.js'
import type { Position } from '../../event-log.js'

/** Opened blocks kept: a file that is taken in again meets its events in the order of the log. */
const BLOCKS_MAX = 16

/** Looks an id up where the index says that it may be. */
export class StoredIds {
  readonly #store: EmbeddedStore
  readonly #opened = new Map<Position, Block>()

  constructor(store: EmbeddedStore) {
    this.#store = store
  }

  /** Whether the block holds an event of this stream with this id. */
  holds(key: Buffer, stream: string, id: Buffer): boolean {
    const block = this.#block(key)
    const own = block.streams.indexOf(stream)
    for (let i = 0; i < block.count; i++) {
      const at = block.idsAt + block.idStride * i
      if (block.stream[i] === own && block.body.compare(id, 0, 16, at, at + 16) === 0) return true
    }
    return false
  }

  /** Called when blocks have changed. */
  forget(): void {
    this.#opened.clear()
  }

  #block(key: Buffer): Block {
    const last = positionOf(key)
    const known = this.#opened.get(last)
    if (known !== undefined) return known
    const bytes = this.#store.blocks.get(key)
    if (bytes === undefined) throw new Damage(`the block through position ${last} is missing`)
    const opened = openBlock(asBuffer(bytes), last)
    if (this.#opened.size === BLOCKS_MAX) this.#opened.clear()
    this.#opened.set(last, opened)
    return opened
  }
}
