import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database, RootDatabase } from 'lmdb'
import { openLmdb } from '../embedded/lmdb/lmdb-open.js'

/** Address space, not disk: the file grows with its content. */
const MAP_BYTES = 2 ** 38
/** How many places of the key file are in the index. */
const INDEXED = Buffer.from('indexed')

/**
 * Finds the number of a stream's key by the digest of the stream. It is made from the key file, and made again where it is
 * lost. Its write transaction is the lock among the processes that make and destroy keys.
 */
export class KeyIndex {
  private readonly root: RootDatabase
  private readonly table: Database<Buffer, Buffer>

  private constructor(root: RootDatabase) {
    this.root = root
    this.table = root.openDB<Buffer, Buffer>({ name: 'numbers', keyEncoding: 'binary', encoding: 'binary' })
  }

  static open(folder: string): KeyIndex {
    const dir = join(folder, 'index')
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    return new KeyIndex(
      openLmdb(
        { data: join(dir, 'data.mdb'), lock: join(dir, 'lock.mdb') },
        { path: dir, noSubdir: false, mapSize: MAP_BYTES, overlappingSync: false, eventTurnBatching: false, maxDbs: 2 },
      ),
    )
  }

  static remove(folder: string): void {
    rmSync(join(folder, 'index'), { recursive: true, force: true })
  }

  static isThere(folder: string): boolean {
    return existsSync(join(folder, 'index', 'data.mdb'))
  }

  /** Runs work that no other process does at the same time. What it puts is durable when this returns. */
  alone<A>(work: () => A): A {
    return this.root.transactionSync(work)
  }

  /** Sees what others have committed. */
  refresh(): void {
    this.root.resetReadTxn()
  }

  numberOf(streamDigest: Buffer): number | undefined {
    return this.table.get(streamDigest)?.readUIntBE(0, 6)
  }

  put(streamDigest: Buffer, number: number): void {
    void this.table.putSync(streamDigest, numberBytes(number))
  }

  indexed(): number {
    return this.table.get(INDEXED)?.readUIntBE(0, 6) ?? 0
  }

  setIndexed(count: number): void {
    void this.table.putSync(INDEXED, numberBytes(count))
  }

  close(): Promise<void> {
    return this.root.close()
  }
}

const numberBytes = (number: number): Buffer => {
  const bytes = Buffer.allocUnsafe(6)
  bytes.writeUIntBE(number, 0, 6)
  return bytes
}
