import { randomUUID } from 'node:crypto'
import { accessSync, constants, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { open } from 'lmdb'
import type { RootDatabase } from 'lmdb'
import { keepLmdbQuiet } from './lmdb-console.js'
import { checkLmdbFile } from './lmdb-file.js'

/** What LMDB writes when it makes an environment, and more than its table of readers needs. */
const LOCK_BYTES = 64 * 1024
const ROOM_BYTES = 128 * 1024

/** There is no room on the disk to open an environment; its file is as it was. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull'
}

export type LmdbFiles = Readonly<{ data: string; lock: string }>
export type LmdbOptions = Readonly<{ mapSize: number; readOnly?: boolean; [option: string]: unknown }>

/**
 * Opens an LMDB environment after a check that it can be opened: lmdb-js ends the process by a signal where LMDB
 * refuses a file, and the operating system does where a page of a mapped file has no room on the disk.
 *
 * The lock file is looked at and never opened here: a thread of this process may have the environment open, and closing
 * any descriptor of a file gives up all locks that the process has on it. Others would take its readers for dead.
 *
 * @throws Damage if the file is not whole.
 * @throws DiskFull if there is no room on the disk.
 * @throws Error if the lock file cannot be opened, or this process may not map so much.
 */
export const openLmdb = ({ data, lock }: LmdbFiles, options: LmdbOptions): RootDatabase => {
  keepLmdbQuiet()
  checkAddressSpace(options.mapSize)
  if (options.readOnly !== true) {
    prepareLock(lock)
    accessSync(lock, constants.R_OK | constants.W_OK)
    if (statSync(lock).isDirectory()) throw new Error(`EISDIR: ${lock} is a folder and not a file`)
  }
  checkLmdbFile(data)
  return open(options as Parameters<typeof open>[0])
}

/**
 * LMDB makes its lock file with a hole for the table of readers and maps it: on a full disk the first write to the hole
 * would end the process with SIGBUS. So a new lock file is written in full, and where an older version has left a hole,
 * the disk must have room.
 */
const prepareLock = (lock: string): void => {
  const folder = dirname(lock)
  const draft = join(folder, `.${randomUUID()}.draft`)
  try {
    writeFileSync(draft, Buffer.alloc(ROOM_BYTES), { mode: 0o600 })
    if (hasHoles(lock)) return
    writeFileSync(draft, Buffer.alloc(LOCK_BYTES), { mode: 0o600 })
    // Put in place whole or not at all: another process may be opening the environment now.
    linkSync(draft, lock)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
      throw new DiskFull(`the disk of ${folder} is full (${code}): make room and start again`, { cause })
    // The lock file is there already, or this process may read only.
    if (!['EEXIST', 'EACCES', 'EPERM', 'EROFS'].includes(code ?? '')) throw cause
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Whether the file is there, and not all of it has a place on the disk. */
const hasHoles = (path: string): boolean => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat !== undefined && stat.blocks * 512 < stat.size
}

/** A map that does not fit into the limit of the process (`ulimit -v`) is refused by the system. */
const checkAddressSpace = (mapBytes: number): void => {
  let limits: string
  try {
    limits = readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return // no Linux
  }
  const limit = Number(/^Max address space +(\d+)/m.exec(limits)?.[1] ?? Infinity)
  if (limit <= mapBytes)
    throw new Error(
      `the address space of this process is limited to ${limit} bytes, and ${mapBytes} are mapped (they take no ` +
        'memory): raise the limit (ulimit -v)',
    )
}
