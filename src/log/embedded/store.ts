import { accessSync, closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { open } from 'lmdb'
import type { Database, RootDatabase } from 'lmdb'
import { LogUnavailable, NoLog } from '../event-log.js'
import { checkLmdbFile } from './lmdb-file.js'

/** What the directory holds is laid out so. Raised when an older program could not read what a newer one writes. */
const FORMAT = 1
/**
 * Address space, not disk: the file grows with what is in it. Fixed and the same for everybody, because a map that a
 * writer enlarges has to be mapped anew by every reader, and a reader in another process learns of it by an error.
 */
const MAP_BYTES = 2 ** 40
const READERS_MAX = 512

/**
 * The tables of one part of the log. Keys are big-endian, so their order is the order of numbers.
 *
 * - `blocks`: position of a block's last event (u64) → the block. A seek for the first key at or after a position finds
 *   the block that holds it.
 * - `streams`: name → number (u48), given in order of appearance: streams alive at one time are neighbours in the
 *   tables below, whatever their names.
 * - `cards`: number → the stream's last revision, ids and blocks of its first events.
 * - `index`: what no longer fits the card; number · 0 · id → nothing, number · 1 · last revision of a run → block.
 * - `meta`: the format, and who writes.
 */
export type EmbeddedStore = Readonly<{
  env: RootDatabase
  blocks: Database<Buffer, Buffer>
  streams: Database<Buffer, Buffer>
  cards: Database<Buffer, Buffer>
  index: Database<Buffer, Buffer>
  meta: Database<unknown, string>
}>

type Use = 'write' | 'read'

/**
 * Opens the tables in `dir`; for writing, makes them where there are none.
 *
 * @throws LogUnavailable where there is no log to read, it is of another format, or the file system does not let us.
 */
export const openStore = (dir: string, use: Use): EmbeddedStore => {
  const made = use === 'write' ? makeDirectory(dir) : undefined
  if (use === 'read' && !existsSync(join(dir, 'data.mdb'))) throw noLog(dir)
  try {
    const store = openTables(dir, use, use === 'read' && isReadOnly(dir))
    if (use === 'write') syncDirectories(dir, made ?? dir)
    return store
  } catch (cause) {
    throw cause instanceof LogUnavailable
      ? cause
      : new LogUnavailable(`the log in ${dir} cannot be opened: ${reasonOf(cause)}`, { cause })
  }
}

/** Where the directory really is: two paths to one log are one log. It must exist. */
export const placeOf = (dir: string): string => (existsSync(dir) ? realpathSync(dir) : dir)

const openTables = (dir: string, use: Use, readOnly: boolean): EmbeddedStore => {
  const env = openEnvironment(dir, readOnly)
  try {
    // Also a reader's environment can be written to (unless the disk forbids it): a process has but one environment for
    // a directory, and its writer may come later.
    const table = <V, K extends string | Buffer>(name: string, options: object): Database<V, K> => {
      const opened: Database<V, K> | undefined = env.openDB<V, K>({
        name,
        ...options,
        ...(use === 'read' && { create: false }),
      })
      if (opened === undefined) throw noLog(dir)
      return opened
    }
    const binary = { keyEncoding: 'binary', encoding: 'binary' }
    const store: EmbeddedStore = {
      env,
      meta: table('meta', { encoding: 'json', useVersions: true }),
      blocks: table('blocks', binary),
      streams: table('streams', binary),
      cards: table('cards', binary),
      index: table('index', binary),
    }
    if (use === 'write' && store.meta.get('format') === undefined) store.meta.putSync('format', FORMAT, 1)
    const format = store.meta.get('format')
    if (format !== FORMAT)
      throw new LogUnavailable(
        `the log in ${dir} has format ${String(format)}; this version of Streamvane reads format ${FORMAT}. Use the version that wrote it, or a newer one.`,
      )
    return store
  } catch (cause) {
    void env.close()
    throw cause
  }
}

const openEnvironment = (dir: string, readOnly: boolean): RootDatabase => {
  checkLmdbFile(join(dir, 'data.mdb'))
  const options = {
    path: dir,
    noSubdir: false,
    mapSize: MAP_BYTES,
    // It would show a commit to readers before it is on disk: a projector could then publish what a power cut takes
    // back.
    overlappingSync: false,
    // Every commit is one explicit block here; and the promise of an implicit one is nobody's, so that a failed commit
    // would end the process.
    eventTurnBatching: false,
    maxReaders: READERS_MAX,
    maxDbs: 8,
    readOnly,
    encoding: 'binary',
  }
  return open(options as Parameters<typeof open>[0])
}

/** Answers the first directory that had to be made, if any. */
const makeDirectory = (dir: string): string | undefined => {
  try {
    const made = mkdirSync(dir, { recursive: true })
    if (isReadOnly(dir)) throw new Error('the directory or the file in it may not be written to')
    return made
  } catch (cause) {
    throw new LogUnavailable(`the log in ${dir} cannot be written: ${reasonOf(cause)}`, { cause })
  }
}

/** A synced file in a directory whose entry was not synced may be gone after a power cut, and so may the directory. */
const syncDirectories = (dir: string, first: string): void => {
  const top = dirname(resolve(first))
  for (let each = resolve(dir); ; each = dirname(each)) {
    const fd = openSync(each, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    if (each === top || each === dirname(each)) return
  }
}

/** Whether this process could not write here, because of rights or of a file system mounted read-only. */
const isReadOnly = (dir: string): boolean => {
  try {
    for (const path of [dir, join(dir, 'data.mdb'), join(dir, 'lock.mdb')])
      if (existsSync(path)) accessSync(path, constants.W_OK)
    return false
  } catch {
    return true
  }
}

const noLog = (dir: string): NoLog =>
  new NoLog(
    `there is no log in ${dir}. The first process that writes to it makes it; check the path, or start that one first.`,
  )

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
