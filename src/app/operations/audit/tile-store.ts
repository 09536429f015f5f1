import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { HASH_BYTES, nodeHash, type Hash } from '../../../audit/merkle.js'
import type { Position } from '../../../log/event-log.js'

/**
 * The hashes of a tree in files, derived from the log: `level-0` holds the leaves, `level-8` the roots of complete
 * subtrees of 256 leaves, and so on; `positions` where each leaf's event lies in the log. A hash in between is computed
 * from at most 256 others.
 *
 * What was not flushed when a process died may be there in part: whoever opens the files for writing cuts them to the
 * size of the last signed head.
 */
const LEVEL_STEP = 8
const LEVELS = [0, 8, 16, 24, 32]
const POSITION_BYTES = 8
/** Written at once: whole records of either length. */
const BUFFER_BYTES = 64 * 1024
const positionBytes = Buffer.alloc(POSITION_BYTES)

export class TileStore {
  readonly #levels: readonly RecordFile[]
  readonly #positions: RecordFile

  private constructor(dir: string, mode: 'read' | 'write') {
    const opened: RecordFile[] = []
    try {
      for (const level of LEVELS) opened.push(new RecordFile(join(dir, `level-${level}`), HASH_BYTES, mode))
      opened.push(new RecordFile(join(dir, 'positions'), POSITION_BYTES, mode))
    } catch (cause) {
      for (const file of opened) file.close()
      throw cause
    }
    this.#levels = opened.slice(0, LEVELS.length)
    this.#positions = opened.at(-1)!
  }

  /** Opens the files of a folder; `undefined` if it has none to read. A writer makes them. */
  static open(dir: string, mode: 'read' | 'write'): TileStore | undefined {
    if (mode === 'write') mkdirSync(dir, { recursive: true, mode: 0o700 })
    try {
      return new TileStore(dir, mode)
    } catch (cause) {
      if (mode === 'read' && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw cause
    }
  }

  /** Leaves whose hash, position and subtrees are all there. */
  get size(): number {
    const whole = Math.min(this.#levels[0]!.count, this.#positions.count)
    return LEVELS.every((level, index) => this.#levels[index]!.count >= Math.floor(whole / 2 ** level))
      ? whole
      : Math.min(...LEVELS.map((level, index) => (this.#levels[index]!.count + 1) * 2 ** level - 1), whole)
  }

  /** Keeps a complete subtree; those between the kept levels are left out. Leaves come with `addPosition`. */
  add(level: number, hash: Hash): void {
    if (level % LEVEL_STEP === 0) this.#levels[level / LEVEL_STEP]!.append(hash)
  }

  addPosition(position: Position): void {
    positionBytes.writeBigUInt64BE(position)
    this.#positions.append(positionBytes)
  }

  /** The root of a complete subtree. */
  node(level: number, index: number): Hash {
    const base = level - (level % LEVEL_STEP)
    let hashes = this.#levels[base / LEVEL_STEP]!.records(index * 2 ** (level - base), 2 ** (level - base))
    while (hashes.length > 1)
      hashes = Array.from({ length: hashes.length / 2 }, (_, pair) =>
        nodeHash(hashes[2 * pair]!, hashes[2 * pair + 1]!),
      )
    return hashes[0]!
  }

  leaves(from: number, count: number): readonly Hash[] {
    return this.#levels[0]!.records(from, count)
  }

  positions(from: number, count: number): readonly Position[] {
    return this.#positions.records(from, count).map((bytes) => Buffer.from(bytes).readBigUInt64BE())
  }

  /** The index of the leaf of the event at a position; `undefined` if there is none among the first `size`. */
  indexOf(position: Position, size: number): number | undefined {
    let [low, high] = [0, size]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.positions(middle, 1)[0]! < position) low = middle + 1
      else high = middle
    }
    return low < size && this.positions(low, 1)[0] === position ? low : undefined
  }

  /** Forgets all leaves but the first `size`. */
  truncate(size: number): void {
    LEVELS.forEach((level, index) => this.#levels[index]!.truncate(Math.floor(size / 2 ** level)))
    this.#positions.truncate(size)
  }

  /** Hands everything to the operating system. */
  flush(): void {
    for (const file of [...this.#levels, this.#positions]) file.flush()
  }

  close(): void {
    for (const file of [...this.#levels, this.#positions]) file.close()
  }
}

/** A file of records of one length, written at its end. */
class RecordFile {
  readonly #fd: number
  readonly #bytes: number
  readonly #pending = Buffer.alloc(BUFFER_BYTES)
  #pendingBytes = 0
  #written: number

  constructor(path: string, bytes: number, mode: 'read' | 'write') {
    this.#fd = openSync(path, mode === 'read' ? 'r' : 'a+', 0o600)
    this.#bytes = bytes
    this.#written = Math.floor(fstatSync(this.#fd).size / bytes) * bytes
    if (mode === 'write') ftruncateSync(this.#fd, this.#written)
  }

  get count(): number {
    return (this.#written + this.#pendingBytes) / this.#bytes
  }

  append(record: Uint8Array): void {
    this.#pending.set(record, this.#pendingBytes)
    this.#pendingBytes += record.length
    if (this.#pendingBytes === BUFFER_BYTES) this.flush()
  }

  records(from: number, count: number): Uint8Array[] {
    this.flush()
    const bytes = Buffer.alloc(count * this.#bytes)
    if (readSync(this.#fd, bytes, 0, bytes.length, from * this.#bytes) !== bytes.length)
      throw new RangeError(`the hashes ${from} to ${from + count - 1} of a tree are not there`)
    return Array.from({ length: count }, (_, nth) => bytes.subarray(nth * this.#bytes, (nth + 1) * this.#bytes))
  }

  truncate(count: number): void {
    this.flush()
    this.#written = Math.min(this.#written, count * this.#bytes)
    ftruncateSync(this.#fd, this.#written)
  }

  flush(): void {
    if (this.#pendingBytes === 0) return
    for (let at = 0; at < this.#pendingBytes;) at += writeSync(this.#fd, this.#pending, at, this.#pendingBytes - at)
    this.#written += this.#pendingBytes
    this.#pendingBytes = 0
  }

  close(): void {
    this.flush()
    closeSync(this.#fd)
  }
}
