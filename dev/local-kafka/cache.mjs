// @ts-check
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const ABANDONED_AFTER_MS = 24 * 3_600_000

/** Where downloads are kept between runs: STREAMVANE_CACHE, or a folder in the user's home. */
export const cacheDir = () => process.env['STREAMVANE_CACHE'] ?? join(homedir(), '.cache', 'streamvane')

/** @param {string} name */
export const cachedPath = (name) => join(cacheDir(), name)

/**
 * The folder `name` of the cache; `fill` is called with an empty folder when it is not there yet. The folder appears
 * under its name only when it is complete, so an interrupted download is never mistaken for a finished one, and of two
 * processes that fill it at once the first to finish wins and the other uses what it finds.
 * @param {string} name
 * @param {(draft: string) => Promise<void>} fill
 * @returns {Promise<string>}
 */
export const cached = async (name, fill) => {
  const home = cachedPath(name)
  if (existsSync(home)) return home
  await mkdir(cacheDir(), { recursive: true })
  await sweepAbandoned()
  const draft = await mkdtemp(`${home}.part-`)
  try {
    await fill(draft)
    await rename(draft, home)
  } catch (cause) {
    await rm(draft, { recursive: true, force: true })
    if (!existsSync(home)) throw cause
  }
  return home
}

/** Drafts of processes that were killed while downloading. */
const sweepAbandoned = async () => {
  for (const entry of await readdir(cacheDir())) {
    if (!/\.part-\w{6}$/.test(entry)) continue
    const path = join(cacheDir(), entry)
    const changedMs = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    )
    if (Date.now() - changedMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true })
  }
}
