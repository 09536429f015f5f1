import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { open, type RootDatabase } from 'lmdb'
import { emptyColdStore, type ColdStore } from '../../../projections/cells/cold-store.js'
import type { ProjectionState } from '../../../projections/kpi-projection.js'
import type { Position } from '../../../log/event-log.js'
import { checkLmdbFile } from '../../../log/embedded/lmdb-file.js'
import { PROJECTION_VERSION } from '../generations.js'

export type Snapshot = Readonly<{ position: Position; state: ProjectionState }>

/**
 * Where the state of a projection is kept between runs, so that a restart need not read the whole log, and the cold
 * store of what the projection seldom needs. A cache and nothing more: if it is missing, older than the checkpoint or not understood, the log is folded
 * again with the same outcome. `save` is atomic.
 */
export type SnapshotStore = Readonly<{
  /** Does the cold store hold what was saved? If not, the projection must keep all of it in memory. */
  keepsColdStore: boolean
  load: () => Snapshot | undefined
  coldStore: ColdStore
  save: (snapshot: Snapshot) => Promise<void>
  /** Forgets everything: the fold begins at the beginning. */
  clear: () => Promise<void>
  close: () => Promise<void>
}>

/** Keeps nothing: every start folds the whole log. */
export const noSnapshots: SnapshotStore = {
  keepsColdStore: false,
  load: () => undefined,
  coldStore: emptyColdStore,
  save: () => Promise.resolve(),
  clear: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

const FORMAT = `2/${PROJECTION_VERSION}/${process.versions.v8.split('.')[0]}`

type Saved = Readonly<{ format: string; position: Position; state: ProjectionState }>

/**
 * A store in `data/state/<tenant>.<generation>`; only the process that holds the generation's KPI part for writing may
 * open it. What was kept for another log (`logIdentity`) is not understood: its positions mean something else here.
 */
export const openSnapshotStore = (
  data: string,
  tenant: string,
  generation: string,
  logIdentity: string,
): SnapshotStore => {
  const format = `${FORMAT}/${logIdentity}`
  const dir = join(data, 'state', `${tenant}.${generation}`)
  const root = openEnvironment(dir)
  const meta = root.openDB<Buffer, string>('meta', { encoding: 'binary' })
  const coldStore = root.openDB<Buffer, string>('cold-store', { encoding: 'binary' })
  return {
    keepsColdStore: true,
    load: () => {
      const bytes = meta.get('fold')
      if (bytes === undefined) return undefined
      const saved = understood(bytes)
      return saved?.format === format ? { position: saved.position, state: saved.state } : undefined
    },
    coldStore: {
      get: (key) => {
        const bytes = coldStore.get(key)
        return bytes === undefined ? undefined : (deserialize(bytes) as unknown)
      },
      // LMDB orders strings by their UTF-8 bytes, which for the characters that keys are made of is the order of code
      // units.
      keysAfter: (prefix, after, max) => {
        const keys: string[] = []
        for (const key of coldStore.getKeys({ start: after, limit: max + 1 })) {
          if (!key.startsWith(prefix)) break
          if (key > after) keys.push(key)
        }
        return keys.slice(0, max)
      },
    },
    save: async ({ position, state }) => {
      const saved: Saved = { format, position, state: { ...state, spilled: [] } }
      await root.transaction(() => {
        for (const [key, data] of state.spilled) void coldStore.put(key, serialize(data))
        void meta.put('fold', serialize(saved))
      })
    },
    clear: async () => {
      await root.transaction(() => {
        coldStore.clearSync()
        meta.clearSync()
      })
    },
    close: () => root.close(),
  }
}

/** Another version of the engine may have written it; it is a cache, so what cannot be read is begun anew. */
const understood = (bytes: Buffer): Saved | undefined => {
  try {
    return deserialize(bytes) as Saved
  } catch {
    return undefined
  }
}

const openEnvironment = (dir: string): RootDatabase => {
  const options = { path: dir, mapSize: 16 * 1024 ** 3, maxDbs: 4 }
  try {
    checkLmdbFile(dir)
    return open(options)
  } catch {
    for (const file of [dir, `${dir}-lock`]) rmSync(file, { recursive: true, force: true })
    return open(options)
  }
}
