import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readLogFacts } from '../../../log/embedded/backup.js'
import { openEmbeddedLog } from '../../../log/embedded/log.js'
import { refuseForeignFolder, tenantOfFolder } from '../../pipeline/logs/folder-tenant.js'
import { BackupRefused, digestOf, factsOfPart, fullDisk, partFile, readManifest } from './backup-manifest.js'
import type { BackupManifest, BackupPart } from './backup-manifest.js'

export type RestoreOptions = Readonly<{
  from: string
  /** The data folder to fill. */
  data: string
  /** Verify the backup and the place, and write nothing. */
  dryRun: boolean
  /** Whose log it must be, and whose data folder. Default anybody's. */
  tenant?: string
  /** Take a data folder that is not empty: its log and its snapshots are moved aside. */
  force: boolean
  now: () => number
  signal: AbortSignal
  onProgress?: (progress: Readonly<{ step: 'verify' | 'copy'; done: number; total: number }>) => void
}>

export type RestoreOutcome = Readonly<{
  kind: 'restored' | 'verified' | 'stopped'
  manifest: BackupManifest
  /** Where the log that was there before lies now. */
  replaced?: string | undefined
}>

/** What belongs to a log in a data folder. */
const OWN = ['log', 'state', 'facts', 'tenant']
const DRAFT = '.restoring'

/**
 * Verifies a backup against its manifest, copies it beside the place, verifies the copy, and puts it in place as a
 * whole. Nothing is in place until everything is verified.
 *
 * @throws BackupRefused if the backup is not whole, or the data folder is not empty and `force` is not given.
 * @throws LogRefused if the data folder belongs to another tenant.
 * @throws LogLocked if a process writes the log that would be replaced.
 */
export const restore = async (options: RestoreOptions): Promise<RestoreOutcome> => {
  const { from, data, tenant, dryRun, force, signal } = options
  if (tenant !== undefined) await refuseForeignFolder(data, tenant)
  const manifest = readManifest(from)
  const old = existsSync(data) ? readdirSync(data).filter((name) => name !== DRAFT) : []
  if (old.length > 0 && !force)
    throw new BackupRefused(
      `the data folder ${data} is not empty (${old.slice(0, 5).join(', ')}): name another one with --data, or give ` +
        '--force to move its log and snapshots aside',
    )
  const draft = join(data, DRAFT)
  try {
    await verifyFiles(from, manifest, options)
    if (dryRun) return { kind: 'verified', manifest }
    await refuseInUse(data)
    rmSync(draft, { recursive: true, force: true })
    await copyParts(from, draft, manifest, options)
    const owner = tenant === undefined ? undefined : await tenantOfFolder(draft)
    if (owner !== tenant && owner !== undefined)
      throw new BackupRefused(
        `the backup ${from} is of tenant ${owner}, this is tenant ${tenant}: name it with --tenant`,
      )
    signal.throwIfAborted()
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true })
    if (signal.aborted) return { kind: 'stopped', manifest }
    throw fullDisk(data, cause) ?? cause
  }
  const replaced = moveAside(data, options.now())
  renameSync(join(draft, 'log'), join(data, 'log'))
  rmSync(draft, { recursive: true, force: true })
  await syncFolder(data)
  return { kind: 'restored', manifest, replaced }
}

const totalOf = ({ parts }: BackupManifest): number => parts.reduce((sum, { bytes }) => sum + bytes, 0)

const verifyFiles = async (
  from: string,
  manifest: BackupManifest,
  { signal, onProgress }: RestoreOptions,
): Promise<void> => {
  const total = totalOf(manifest)
  let done = 0
  for (const part of manifest.parts)
    await verifyFile(from, part, signal, (bytes) => onProgress?.({ step: 'verify', done: (done += bytes), total }))
}

const verifyFile = async (
  folder: string,
  { name, bytes, sha256 }: BackupPart,
  signal: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<void> => {
  const path = partFile(folder, name)
  const held = statSync(path, { throwIfNoEntry: false })?.size
  if (held === undefined) throw new BackupRefused(`${path} is missing from the backup: use another one`)
  if (held !== bytes)
    throw new BackupRefused(
      `${path} has ${held} bytes instead of ${bytes}: it was cut short or changed; use another one`,
    )
  if ((await digestOf(path, signal, onBytes)) !== sha256)
    throw new BackupRefused(`${path} was changed since the backup was made (its SHA-256 differs): use another one`)
}

/** Each part of the log that is there must be free to be written. */
const refuseInUse = async (data: string): Promise<void> => {
  const folder = join(data, 'log')
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!existsSync(partFile(data, name))) continue
    const part = openEmbeddedLog({ dir: join(folder, name), mode: 'writer', owner: 'streamvane restore' })
    await part.then(
      (log) => log.close(),
      (cause: unknown) => {
        // A damaged log is what a restore is for.
        if (cause instanceof Error && cause.name === 'LogLocked') throw cause
      },
    )
  }
}

const copyParts = async (
  from: string,
  draft: string,
  manifest: BackupManifest,
  { signal, onProgress }: RestoreOptions,
): Promise<void> => {
  const total = totalOf(manifest)
  let done = 0
  for (const part of manifest.parts) {
    signal.throwIfAborted()
    const path = partFile(draft, part.name)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    copyFileSync(partFile(from, part.name), path)
    const file = await open(path, 'r+')
    try {
      await file.chmod(0o600)
      await file.sync()
    } finally {
      await file.close()
    }
    await verifyFile(draft, part, signal)
    await verifyLog(draft, part)
    onProgress?.({ step: 'copy', done: (done += part.bytes), total })
  }
}

const verifyLog = async (draft: string, part: BackupPart): Promise<void> => {
  const dir = join(draft, 'log', part.name)
  const held = factsOfPart(await readLogFacts(dir))
  const { logId, head, lastEvent } = part
  if (held.logId !== logId || held.head !== head || held.lastEvent !== lastEvent)
    throw new BackupRefused(
      `${part.name} of the backup is not the log of its manifest: it ends at position ${held.head} of log ` +
        `${held.logId}, the manifest says ${head} of ${logId}; use another backup`,
    )
  rmSync(join(dir, 'lock.mdb'), { force: true })
}

const moveAside = (data: string, now: number): string | undefined => {
  const there = OWN.filter((name) => existsSync(join(data, name)))
  if (there.length === 0) return undefined
  const aside = join(data, `replaced-${new Date(now).toISOString().replaceAll(':', '-')}`)
  mkdirSync(aside, { mode: 0o700 })
  for (const name of there) renameSync(join(data, name), join(aside, name))
  return aside
}

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}
