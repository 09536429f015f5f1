import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { backupEmbeddedLog, readLogFacts } from '../../../log/embedded/backup.js'
import { NoLog } from '../../../log/event-log.js'
import { BackupRefused, digestOf, factsOfPart, fullDisk, partFile, writeManifest } from './backup-manifest.js'
import type { BackupManifest, BackupPart } from './backup-manifest.js'

export type BackupOptions = Readonly<{
  /** The data folder, and where the backup goes: a folder that is empty or does not exist. */
  data: string
  to: string
  version: string
  now: () => number
  signal: AbortSignal
  onProgress?: (progress: Readonly<{ part: string; done: number; total: number }>) => void
}>

export type BackupOutcome = Readonly<{ kind: 'made'; manifest: BackupManifest }> | Readonly<{ kind: 'stopped' }>

/** How often the size of a copy under way is looked at. */
const PROGRESS_MS = 200

/**
 * Copies all parts of an embedded log while everything runs. Signed heads come first, because they speak of what the
 * other parts hold; KPI parts next, then the control part, the raw part
 * last: a checkpoint in a KPI part, and a generation's beginning in the control part, name positions of the raw part,
 * which must not end before them. A generation that begins meanwhile is known to the copy but has no rows there; they
 * are computed again. Snapshots are left out: they are a cache.
 *
 * @throws BackupRefused if the place is not fit. @throws NoLog if there is nothing to copy. What was copied so far is
 *   removed after any failure.
 */
export const backup = async (options: BackupOptions): Promise<BackupOutcome> => {
  const { data, to, signal, now, version } = options
  refuseUnfit(data, to)
  const names = partsIn(data)
  const total = names.reduce((sum, name) => sum + statSync(partFile(data, name)).size, 0)
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const parts: BackupPart[] = []
  let done = 0
  try {
    for (const name of names) {
      signal.throwIfAborted()
      const stopTelling = tellingSize(partFile(to, name), (bytes) =>
        options.onProgress?.({ part: name, done: Math.min(total, done + bytes), total }),
      )
      await backupEmbeddedLog(join(data, 'log', name), join(to, 'log', name)).finally(stopTelling)
      parts.push(await describePart(to, name, signal))
      done += statSync(partFile(data, name)).size
    }
    const manifest: BackupManifest = { format: 1, madeAt: new Date(now()).toISOString(), version, parts }
    await writeManifest(to, manifest)
    return { kind: 'made', manifest }
  } catch (cause) {
    rmSync(join(to, 'log'), { recursive: true, force: true })
    if (signal.aborted) return { kind: 'stopped' }
    throw fullDisk(to, cause) ?? cause
  }
}

const refuseUnfit = (data: string, to: string): void => {
  const path = relative(resolve(data), resolve(to))
  if (path === '' || !path.startsWith('..'))
    throw new BackupRefused(`${to} lies in the data folder ${data}: a backup must lie outside of it, on another disk`)
  if (existsSync(to) && (!statSync(to).isDirectory() || readdirSync(to).length > 0))
    throw new BackupRefused(`${to} is not an empty folder: give each backup a folder of its own`)
}

const partsIn = (data: string): readonly string[] => {
  const folder = join(data, 'log')
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(partFile(data, name))) : []
  if (!names.includes('raw')) throw new NoLog(`there is no log in ${data}: check --data`)
  const kpi = names.filter((name) => name.startsWith('kpi-')).sort()
  const publications = names.filter((name) => name.startsWith('publications-')).sort()
  return [
    ...names.filter((name) => name === 'audit'),
    ...publications,
    ...kpi,
    ...names.filter((name) => name === 'control'),
    'raw',
  ]
}

const describePart = async (folder: string, name: string, signal: AbortSignal): Promise<BackupPart> => {
  const facts = await readLogFacts(join(folder, 'log', name))
  for (const file of ['lock.mdb', 'pulse']) rmSync(join(folder, 'log', name, file), { force: true })
  const path = partFile(folder, name)
  return { name, bytes: statSync(path).size, sha256: await digestOf(path, signal), ...factsOfPart(facts) }
}

const tellingSize = (path: string, tell: (bytes: number) => void): (() => void) => {
  const timer = setInterval(() => tell(statSync(path, { throwIfNoEntry: false })?.size ?? 0), PROGRESS_MS)
  timer.unref()
  return () => clearInterval(timer)
}
