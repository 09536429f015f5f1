import { APPEND_LIMIT_BYTES } from '../../append-batches.js'
import type { NewEvent } from '../../event-log.js'

/** An event above this size is packed, whatever the server takes: it compresses well, and fits any server's default. */
const PACKED_FROM_BYTES = APPEND_LIMIT_BYTES
/** `MaxAppendSize`, where nobody has configured another. */
const APPEND_BYTES_MAX = 1024 * 1024
/** Less than this is not worth a part of its own. */
export const PART_BYTES_MIN = 1_024

/** Bytes of an event as servers count them since 24.10.4: with its type, in UTF-16. Earlier ones count the data alone. */
export const sizeOf = ({ type, data, metadata }: NewEvent): number =>
  2 * type.length + data.byteLength + metadata.byteLength

export const totalOf = (events: readonly NewEvent[]): number => events.reduce((sum, event) => sum + sizeOf(event), 0)

/**
 * What the server takes, as far as it is known: no client can ask for `MaxAppendSize` (bytes of one append) and
 * `MaxAppendEventSize` (bytes of one event, since 24.10.4). The default is assumed until the server refuses an append.
 */
export class SizeLimits {
  #append = APPEND_BYTES_MAX
  #event = APPEND_BYTES_MAX

  get append(): number {
    return this.#append
  }

  /** Bytes of one event that is stored as it is. */
  get plain(): number {
    return Math.min(PACKED_FROM_BYTES, this.#event, this.#append)
  }

  /** Bytes of one packed event, and of a part. */
  get event(): number {
    return Math.min(this.#event, this.#append)
  }

  forget(): void {
    this.#append = APPEND_BYTES_MAX
    this.#event = APPEND_BYTES_MAX
  }

  /**
   * The server refused an append of these events. It tells its limit, but how it counts depends on its version: an
   * append that should have fit shows that less does. Whether anything is left to try.
   */
  refused(events: readonly NewEvent[], told: number, of: 'append' | 'event'): boolean {
    const sent = of === 'append' ? totalOf(events) : Math.max(...events.map(sizeOf))
    const limit = Math.floor(sent > told ? told : sent * 0.75)
    if (of === 'append') this.#append = Math.min(this.#append, limit)
    else this.#event = Math.min(this.#event, limit)
    return limit >= PART_BYTES_MIN
  }
}
