import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../../log/embedded/log.js'
import { LogRefused } from './log-refused.js'

/** Names the tenant to whom a data folder belongs. */
const FILE = 'tenant'

/**
 * Whose the data folder is; `undefined`: nobody's yet. The parts of an embedded log are named by what they hold and not by
 * tenant (`kpi-g1`), so that two tenants in one folder would write, retire and publish each other's.
 */
export const tenantOfFolder = async (data: string): Promise<string | undefined> => {
  const named = readName(data)
  if (named !== undefined) return named
  // A folder of an earlier version, or one that was restored: the first event says whose it is.
  for (const part of ['raw', 'control']) {
    const dir = join(data, 'log', part)
    if (!existsSync(join(dir, 'data.mdb'))) continue
    const stream = await firstStreamOf(dir)
    if (stream !== undefined) return stream.slice(0, stream.indexOf('.'))
  }
  return undefined
}

/** `undefined` also where the part cannot be read: whoever opens it is told why. */
const firstStreamOf = async (dir: string): Promise<string | undefined> => {
  try {
    const log = await openEmbeddedLog({ dir, mode: 'reader', owner: 'tenant' })
    try {
      for await (const [first] of log.readAll()) return first?.stream
    } finally {
      await log.close()
    }
  } catch {
    return undefined
  }
}

const readName = (data: string): string | undefined => {
  try {
    return readFileSync(join(data, FILE), 'utf8').trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** Throws `LogRefused` where the data folder belongs to another tenant. */
export const refuseForeignFolder = async (data: string, tenant: string): Promise<void> => {
  const owner = await tenantOfFolder(data)
  if (owner !== undefined && owner !== tenant)
    throw new LogRefused(
      `the data folder ${data} belongs to tenant ${owner}, this is tenant ${tenant}: give each tenant a folder of its own (data, or --data)`,
    )
}

/** Makes a data folder that is nobody's that of a tenant. Throws `LogRefused` where it is another's. */
export const claimFolder = async (data: string, tenant: string): Promise<void> => {
  await refuseForeignFolder(data, tenant)
  if (readName(data) !== undefined) return
  mkdirSync(data, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(join(data, FILE), `${tenant}\n`, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    await refuseForeignFolder(data, tenant) // another process was quicker
  }
}
