import { join } from 'node:path'
import { emptyColdStore, type ColdStore } from '../../../projections/cells/cold-store.js'
import type { ProjectionState } from '../../../projections/projection-state.js'
import type { LateStretch } from '../../../ingress/dead-letter.js'
import type { RawMark } from '../../../contract/kpi-stream/marks.js'
import { commitErrorOf } from '../../../log/embedded/write/commit-error.js'
import { LogUnavailable } from '../../../log/event-log.js'
import { PROJECTION_VERSION } from '../generations.js'
import { ColdTable } from './cold-table.js'
import { decodeChecked, encodeChecked, openSnapshotFile, removeSnapshotFile } from './snapshot-file.js'

/** `late`: what lay behind the late horizon so far; absent in snapshots of earlier versions. */
export type Snapshot = RawMark & Readonly<{ state: ProjectionState; late?: readonly LateStretch[] }>

/**
 * Where the state of a projection is kept between runs, so that a restart need not read the whole log, and the cold
 * store of what the projection seldom needs. A cache and nothing more: if it is missing, of another log or a later
 * position than the checkpoint, or not understood, the log is folded again with the same outcome. `save` is atomic.
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

const FORMAT = `7/${PROJECTION_VERSION}/${process.versions.v8.split('.')[0]}`

type Saved = Snapshot & Readonly<{ format: string }>

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
  let file = openSnapshotFile(dir)
  let cold = new ColdTable(file.coldStore)
  let isDamaged = false
  /** Reads from the cold store. Damage costs a fold of the log from its beginning, by a new run of the projector. */
  const reading = <T>(read: () => T): T => {
    try {
      return read()
    } catch (cause) {
      isDamaged = true
      throw new LogUnavailable(`the snapshot ${dir} is damaged and is thrown away: the log is folded again`, { cause })
    }
  }
  /** A commit that fails leaves the file as it was: the disk is full, most likely. */
  const committing = async (commit: () => Promise<unknown>): Promise<void> => {
    try {
      await commit()
    } catch (cause) {
      const why = await commitErrorOf(cause)
      throw new LogUnavailable(`the snapshot ${dir} cannot be written: ${String(why)}`, { cause: why })
    }
  }
  return {
    keepsColdStore: true,
    load: () => {
      const saved = isDamaged ? undefined : understood(() => file.meta.get('fold'))
      return saved?.format === format ? saved : undefined
    },
    coldStore: {
      get: (key) => reading(() => cold.get(key)),
      keysAfter: (...range) => reading(() => cold.keysAfter(...range)),
    },
    save: async ({ state, ...rest }) => {
      const saved: Saved = { ...rest, format, state: { ...state, spilled: [] } }
      // Everything is encoded before the first put: an exception between two puts would commit the first of them.
      const blocks = reading(() => cold.blocksWith(state.spilled))
      const fold = encodeChecked(saved)
      await committing(() =>
        file.root.batch(() => {
          cold.put(blocks)
          void file.meta.put('fold', fold)
        }),
      )
      cold.written()
    },
    clear: async () => {
      if (isDamaged) {
        await file.root.close()
        removeSnapshotFile(dir)
        file = openSnapshotFile(dir)
        cold = new ColdTable(file.coldStore)
        isDamaged = false
      } else
        await committing(async () => {
          // The state first: without it, what is left of the cold store is not used.
          await file.meta.clearAsync()
          await cold.clear()
        })
    },
    close: () => file.root.close(),
  }
}

/** What cannot be read (it is damaged, or another version of the engine wrote it) is no snapshot. */
const understood = (read: () => Buffer | undefined): Saved | undefined => {
  try {
    const bytes = read()
    return bytes === undefined ? undefined : (decodeChecked(bytes) as Saved)
  } catch {
    return undefined
  }
}
