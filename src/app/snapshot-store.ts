import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { open, type RootDatabase } from 'lmdb'
import type { CellState } from '../projections/cell.js'
import { gridKey, type ClosedCells } from '../projections/cell-grid.js'
import type { FoldState } from '../projections/kpi-fold.js'
import type { Position } from '../log/event-log.js'
import { checkLmdbFile } from '../log/lmdb-file.js'
import { PROJECTION_VERSION } from './generations.js'

export type Snapshot = Readonly<{ position: Position; state: FoldState }>

/**
 * Where a fold is put away between runs, so that a restart need not read the whole log, and where its closed cells live. A cache and nothing more: if it is
 * missing, older than the checkpoint or not understood, the log is folded again with the same outcome. `save` is atomic.
 */
export type SnapshotStore = Readonly<{
  /** Does `closedCells` find what was saved? If not, the fold must keep its closed cells itself. */
  keepsCells: boolean
  load: () => Snapshot | undefined
  closedCells: ClosedCells
  save: (snapshot: Snapshot) => Promise<void>
  /** Forgets everything: the fold begins at the beginning. */
  clear: () => Promise<void>
  close: () => Promise<void>
}>

/** Keeps nothing: every start folds the whole log. */
export const noSnapshots: SnapshotStore = {
  keepsCells: false,
  load: () => undefined,
  closedCells: () => undefined,
  save: () => Promise.resolve(),
  clear: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

const FORMAT = `1/${PROJECTION_VERSION}/${process.versions.v8.split('.')[0]}`

type Saved = Readonly<{ format: string; position: Position; state: FoldState }>

/** A store in `data/state/<tenant>.<generation>`; only the process that holds the generation's KPI part for writing may open it. */
export const openSnapshotStore = (data: string, tenant: string, generation: string): SnapshotStore => {
  const dir = join(data, 'state', `${tenant}.${generation}`)
  const root = openEnvironment(dir)
  const meta = root.openDB<Buffer, string>('meta', { encoding: 'binary' })
  const cells = root.openDB<Buffer, string>('cells', { encoding: 'binary' })
  return {
    keepsCells: true,
    load: () => {
      const bytes = meta.get('fold')
      if (bytes === undefined) return undefined
      const saved = understood(bytes)
      return saved?.format === FORMAT ? { position: saved.position, state: saved.state } : undefined
    },
    closedCells: (key) => {
      const bytes = cells.get(key)
      return bytes === undefined ? undefined : (deserialize(bytes) as CellState)
    },
    save: async ({ position, state }) => {
      const { closed } = state.grid
      const saved: Saved = { format: FORMAT, position, state: { ...state, grid: { ...state.grid, closed: [] } } }
      await root.transaction(() => {
        for (const cell of closed) void cells.put(gridKey(cell), serialize(cell))
        void meta.put('fold', serialize(saved))
      })
    },
    clear: async () => {
      await root.transaction(() => {
        cells.clearSync()
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
