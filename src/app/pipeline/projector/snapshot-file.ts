import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import type { Database, RootDatabase } from 'lmdb'
import { DiskFull, openLmdb } from '../../../log/embedded/lmdb/lmdb-open.js'
import { LogUnavailable } from '../../../log/event-log.js'

/** The tables of a snapshot: the state of the projection, and its cold store. */
export type SnapshotTables = Readonly<{
  root: RootDatabase
  meta: Database<Buffer, string>
  coldStore: Database<Buffer, string>
}>

/**
 * Opens the file of a snapshot, or makes it. A snapshot is a cache: a file that is not whole is thrown away.
 *
 * @throws LogUnavailable if the disk is full; the snapshot stays as it was.
 * @throws Error if the file can be neither used nor replaced.
 */
export const openSnapshotFile = (path: string): SnapshotTables => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    return openTables(path)
  } catch (cause) {
    if (cause instanceof DiskFull) throw new LogUnavailable(`the snapshot ${path}: ${cause.message}`, { cause })
    removeSnapshotFile(path)
    return openTables(path)
  }
}

export const removeSnapshotFile = (path: string): void => {
  for (const file of [path, lockOf(path)]) rmSync(file, { recursive: true, force: true })
}

const lockOf = (path: string): string => `${path}-lock`

const openTables = (path: string): SnapshotTables => {
  const isNew = !existsSync(path)
  const options = {
    path,
    noSubdir: true,
    mapSize: 16 * 1024 ** 3,
    maxDbs: 4,
    // With either, nobody handles the promise of a commit that fails, which ends the process.
    overlappingSync: false,
    eventTurnBatching: false,
  }
  const root = openLmdb({ data: path, lock: lockOf(path) }, options)
  if (isNew) chmodSync(path, 0o600)
  try {
    const meta = root.openDB<Buffer, string>('meta', { encoding: 'binary' })
    return { root, meta, coldStore: root.openDB<Buffer, string>('cold-store', { encoding: 'binary' }) }
  } catch (cause) {
    void root.close()
    throw cause
  }
}

/** A value with its CRC-32 before it: LMDB has no checksums. */
export const encodeChecked = (value: unknown): Buffer => {
  const bytes = serialize(value)
  const checked = Buffer.allocUnsafe(4 + bytes.length)
  checked.writeUInt32LE(crc32(bytes), 0)
  bytes.copy(checked, 4)
  return checked
}

/** @throws Error if the bytes are not those that were written, or the engine does not understand them. */
export const decodeChecked = (checked: Buffer): unknown => {
  if (checked.length < 4 || crc32(checked.subarray(4)) !== checked.readUInt32LE(0))
    throw new Error('a value fails its checksum')
  return deserialize(checked.subarray(4)) as unknown
}
