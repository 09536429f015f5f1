import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type { PGlite } from '@electric-sql/pglite'
import { livenessOf, thisProcess, type ProcessIdentity } from '../../log/embedded/lock/process-identity.js'

/** Another process has the folder open. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

/**
 * PGlite in a folder, as a pool of one connection: whoever asks for it waits for the one before. Within a process all
 * share one instance, since PGlite holds its files as if it were alone; a lock file keeps other processes out.
 */
export const pglitePool = async (folder: string): Promise<PostgresPool> => {
  const place = resolve(folder)
  await closings.get(place)
  const shared = instances.get(place) ?? start(place)
  instances.set(place, shared)
  shared.users++
  const database = await shared.database.catch((cause: unknown) => {
    instances.delete(place)
    throw cause
  })
  return {
    connect: async () => {
      const before = shared.free
      let release!: () => void
      shared.free = new Promise((done) => (release = done))
      await before
      return { query: queryOf(database), release } as unknown as PostgresPoolClient
    },
    end: async () => {
      if (--shared.users > 0) return
      instances.delete(place)
      const closing = end(place, database).finally(() => closings.delete(place))
      closings.set(place, closing)
      await closing
    },
  }
}

type Shared = { database: Promise<PGlite>; users: number; free: Promise<void> }

const instances = new Map<string, Shared>()
const closings = new Map<string, Promise<void>>()

const start = (place: string): Shared => ({ database: openPglite(place), users: 0, free: Promise.resolve() })

const openPglite = async (place: string): Promise<PGlite> => {
  await mkdir(place, { recursive: true, mode: 0o700 })
  await lock(place)
  const { PGlite } = await import('@electric-sql/pglite')
  return PGlite.create(join(place, 'data'))
}

const end = async (place: string, database: PGlite): Promise<void> => {
  await database.close()
  await rm(lockFile(place), { force: true })
}

const lockFile = (place: string): string => join(place, 'owner.json')

/** Two processes that find the same dead owner at once: the file is made anew by one of them only. */
const lock = async (place: string): Promise<void> => {
  const held = await readFile(lockFile(place), 'utf8').catch(() => undefined)
  if (held !== undefined && held !== '') {
    const owner = JSON.parse(held) as ProcessIdentity
    if (!isGone(owner))
      throw new FolderInUse(
        `process ${owner.pid} on ${owner.host} has ${place} open, and PGlite serves one process: stop it, give this one a folder of its own, or use PostgreSQL`,
      )
    await rm(lockFile(place), { force: true })
  }
  const file = await open(lockFile(place), 'wx', 0o600).catch((cause: unknown) => {
    throw new FolderInUse(`another process is opening ${place}`, { cause })
  })
  await file.writeFile(JSON.stringify(thisProcess()))
  await file.close()
}

/** After a reboot of this machine no earlier process lives. */
const isGone = (owner: ProcessIdentity): boolean => {
  const self = thisProcess()
  return livenessOf(owner, self) === 'gone' || (owner.host === self.host && owner.boot !== self.boot)
}

const queryOf =
  (database: PGlite) =>
  async (text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<unknown>> => {
    const { rows, affectedRows = 0 } = await database.query(text, [...parameters])
    return { command: 'SELECT', rowCount: affectedRows, rows }
  }
