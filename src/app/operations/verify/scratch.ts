import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database, RootDatabase } from 'lmdb'
import { openLmdb } from '../../../log/embedded/lmdb/lmdb-open.js'
import { emptyColdStore, type ColdStore, type SpilledEntries } from '../../../projections/cells/cold-store.js'
import { ColdTable } from '../../pipeline/projector/cold-table.js'

/**
 * A file for what does not stay in memory during one command, made when it is needed first. Where the system allows it
 * (not on Windows) the file has no name any more as soon as it is open, so even a process that is killed leaves nothing
 * behind.
 */
export class Scratch {
  private readonly data: string | undefined
  private opened: Readonly<{ folder: string; root: RootDatabase }> | undefined

  /** `data`: the data folder, which has room as the log has; if it cannot be written, the system's folder is taken. */
  constructor(data: string | undefined) {
    this.data = data
  }

  table<V>(name: string, encoding: 'binary' | 'msgpack'): Database<V, string> {
    return this.root().openDB<V, string>(name, { encoding })
  }

  async close(): Promise<void> {
    if (this.opened === undefined) return
    const { folder, root } = this.opened
    this.opened = undefined
    await root.close()
    rmSync(folder, { recursive: true, force: true })
  }

  private root(): RootDatabase {
    if (this.opened !== undefined) return this.opened.root
    const folder = scratchFolder(this.data)
    const file = join(folder, 'scratch')
    try {
      const root = openLmdb(
        { data: file, lock: `${file}-lock` },
        {
          ...{ path: file, noSubdir: true, mapSize: 64 * 1024 ** 3, maxDbs: 4 },
          // Nothing of it outlives the process: nothing has to be durable.
          ...{ noSync: true, overlappingSync: false, eventTurnBatching: false },
        },
      )
      this.opened = { folder, root }
      return root
    } finally {
      if (process.platform !== 'win32') rmSync(folder, { recursive: true, force: true })
    }
  }
}

const scratchFolder = (data: string | undefined): string => {
  const name = `streamvane-scratch-${process.pid}-`
  if (data !== undefined)
    try {
      return mkdtempSync(join(data, name))
    } catch {
      // A folder that may only be read.
    }
  return mkdtempSync(join(tmpdir(), name))
}

/** A cold store in a scratch file. It begins empty, and makes the file when something is put first. */
export class ScratchColdStore {
  private readonly scratch: Scratch
  private table: ColdTable | undefined
  readonly store: ColdStore = {
    get: (key) => this.table?.get(key),
    keysAfter: (...range) => this.table?.keysAfter(...range) ?? emptyColdStore.keysAfter(...range),
  }

  constructor(scratch: Scratch) {
    this.scratch = scratch
  }

  async put(spilled: SpilledEntries): Promise<void> {
    const database = this.scratch.table<Buffer>('cold-store', 'binary')
    const table = (this.table ??= new ColdTable(database))
    const blocks = table.blocksWith(spilled)
    await database.batch(() => table.put(blocks))
    table.written()
  }
}
