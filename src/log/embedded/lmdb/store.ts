import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Database, RootDatabase } from 'lmdb'
import { LogOfLaterVersion, LogUnavailable, NoLog } from '../../event-log.js'
import { logError } from './damage.js'
import { openLmdb } from './lmdb-open.js'

/**
 * The layout of the directory, in `meta`. Raised when an older version could not read what a newer one writes: that one
 * then says so. This version reads all of them, and raises an older one before it writes:
 *
 * 1. blocks that are not compressed
 * 2. compressed blocks
 * 3. events that may be encrypted: an older version would take them for events that nobody can decode
 * 4. blocks whose lone UUIDs are stored apart
 */
const FORMAT = 4
const OLDEST_FORMAT = 1
/**
 * Address space, not disk: the file grows with its content. The size is fixed and the same for every process: if a
 * writer enlarged the map, every reader would have to map it again, and a reader in another process would learn of it
 * by an error.
 */
const MAP_BYTES = 2 ** 40
const READERS_MAX = 512

/**
 * The tables of one part of the log. Keys are big-endian, so their order is the order of numbers.
 *
 * - `blocks`: position of a block's last event (u64) → the block. A seek for the first key at or after a position finds
 *   the block that holds it.
 * - `streams`: name → number (u48), given in order of appearance: streams that live at one time are neighbours in the
 *   tables below, whatever their names.
 * - `streamIndex` (`cards` on disk): number → the stream's last revision, fingerprints and blocks of its first events.
 * - `overflow` (`index` on disk): what does not fit the stream's entry; number · 0 · id → nothing, number · 1 · last
 *   revision of a run → block, number · 2 · last id of a run → its first id · block. A run is what one block holds of a
 *   stream; if its ids ascend and follow those of the runs before, an id in it has no key of its own.
 * - `meta`: the format, the log's id, and who writes.
 */
export type EmbeddedStore = Readonly<{
  env: RootDatabase
  blocks: Database<Buffer, Buffer>
  streams: Database<Buffer, Buffer>
  streamIndex: Database<Buffer, Buffer>
  overflow: Database<Buffer, Buffer>
  meta: Database<unknown, string>
}>

type Use = 'write' | 'read'

/**
 * Opens the tables in `dir`; for writing, makes them if there are none.
 *
 * @throws LogUnavailable if there is no log to read, or the file system refuses.
 * @throws LogOfLaterVersion if it has a format that this version does not read.
 * @throws LogDamaged if its file is not whole.
 */
export const openStore = (dir: string, use: Use): EmbeddedStore => {
  const made = use === 'write' ? makeDirectory(dir) : undefined
  if (use === 'read' && !existsSync(join(dir, 'data.mdb'))) throw noLog(dir)
  try {
    const isNew = !existsSync(join(dir, 'data.mdb'))
    const store = openTables(dir, use, use === 'read' && isReadOnly(dir))
    // LMDB makes its files with the rights that the umask leaves.
    if (isNew) for (const name of ['data.mdb', 'lock.mdb']) chmodSync(join(dir, name), 0o600)
    if (use === 'write') syncDirectories(dir, made ?? dir)
    return store
  } catch (cause) {
    throw logError(dir, 'cannot be opened', cause)
  }
}

/**
 * Called before this version writes to a log that an older one may have written. Durable when it returns; only ever
 * raised, whoever else opens the log for writing at once.
 */
export const raiseFormat = ({ env, meta }: EmbeddedStore): void => {
  env.transactionSync(() => {
    if (Number(meta.get('format')) < FORMAT) meta.putSync('format', FORMAT, 1)
  })
}

/** The directory's real path, if it exists: two paths to one log are one log. */
export const placeOf = (dir: string): string => (existsSync(dir) ? realpathSync(dir) : dir)

const openTables = (dir: string, use: Use, readOnly: boolean): EmbeddedStore => {
  const env = openEnvironment(dir, readOnly)
  try {
    // A reader's environment can be written to as well, unless the file system is read-only: a process has one
    // environment per directory, and its writer may come later.
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
      streamIndex: table('cards', binary),
      overflow: table('index', binary),
    }
    if (use === 'write' && store.meta.get('format') === undefined) store.meta.putSync('format', FORMAT, 1)
    const format = store.meta.get('format')
    if (typeof format !== 'number' || format < OLDEST_FORMAT || format > FORMAT)
      throw new LogOfLaterVersion(
        `the log in ${dir} has format ${String(format)}; this version of Streamvane reads formats ${OLDEST_FORMAT} to ` +
          `${FORMAT}. Use the version that wrote it, or a newer one.`,
      )
    return store
  } catch (cause) {
    void env.close()
    throw cause
  }
}

const openEnvironment = (dir: string, readOnly: boolean): RootDatabase => {
  const options = {
    path: dir,
    noSubdir: false,
    mapSize: MAP_BYTES,
    // It would show a commit to readers before it is on disk: a projector could publish what a power cut takes back.
    overlappingSync: false,
    // Every commit is one explicit transaction here. Nobody handles the promise of an implicit one, so a failed commit
    // would end the process.
    eventTurnBatching: false,
    maxReaders: READERS_MAX,
    maxDbs: 8,
    readOnly,
    encoding: 'binary',
  }
  return openLmdb({ data: join(dir, 'data.mdb'), lock: join(dir, 'lock.mdb') }, options)
}

/** Returns the first directory that had to be made, if any. What it will hold is for the owner alone. */
const makeDirectory = (dir: string): string | undefined => {
  try {
    const made = mkdirSync(dir, { recursive: true, mode: 0o700 })
    if (isReadOnly(dir)) throw new Error('the directory or the file in it may not be written to')
    return made
  } catch (cause) {
    throw new LogUnavailable(`the log in ${dir} cannot be written: ${reasonOf(cause)}`, { cause })
  }
}

/** A power cut may take a synced file, or a directory, whose entry in its parent was not synced. */
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

/** Whether this process may not write here, because of rights or a file system that is mounted read-only. */
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
    `there is no log in ${dir}. Check the path (--data), or make one: \`streamvane run\` takes events in, ` +
      '`streamvane import FILE` imports them.',
  )

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
