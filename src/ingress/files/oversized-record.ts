import { createHash } from 'node:crypto'
import type { Whole } from '../unusable.js'

/** As much of an oversized record as is kept. */
const HEAD_BYTES = 64 * 1024

/** A record that is longer than allowed, while its bytes pass by. */
export class OversizedRecord {
  readonly head: Buffer
  readonly line: number
  readonly #hash = createHash('sha256')
  #bytes = 0

  constructor(bytes: Uint8Array, line: number) {
    this.head = Buffer.from(bytes.subarray(0, HEAD_BYTES))
    this.line = line
    this.add(bytes)
  }

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#bytes += bytes.length
  }

  /** Its size and digest, once all of it has passed. */
  whole(): Whole {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
