// @ts-check
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

/**
 * Runs `npm ci` when node_modules is missing or was installed from another package-lock.json; otherwise does nothing.
 * npm's output goes to stderr. Where npm fails, nothing else can be done: says so in a line and ends the process.
 * @param {string} [root] @param {(line: string) => void} [log]
 */
export const ensureInstalled = (root = ROOT, log = (line) => console.error(line)) => {
  if (isInstalled(root)) return
  log('installing dependencies (npm ci)')
  // On Windows npm is a script, which only a shell can start.
  const { status } = spawnSync('npm', ['ci'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    log(`the dependencies are not installed: npm ci ended with code ${status}; is the npm registry within reach?`)
    process.exit(1)
  }
  remember(root)
}

/** @param {string} root */
export const isInstalled = (root) => {
  const marker = markerOf(root)
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lockHash(root)) return true
  if (!holdsWhatIsLocked(root)) return false
  remember(root) // somebody ran npm themselves
  return true
}

/** @param {string} root */
const markerOf = (root) => join(root, 'node_modules', '.streamvane-lock')

/** @param {string} root */
const lockHash = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')

/** @param {string} root */
const remember = (root) => writeFileSync(markerOf(root), lockHash(root))

/**
 * Compares npm's own record of what it installed with the lock; packages for other platforms may be absent.
 * @param {string} root
 */
const holdsWhatIsLocked = (root) => {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = packagesOf(record)
  const locked = packagesOf(join(root, 'package-lock.json'))
  return (
    Object.entries(locked).every(
      ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
    ) && Object.entries(installed).every(([path, { version }]) => locked[path]?.version === version)
  )
}

/** @param {string} path @returns {Record<string, { version?: string, optional?: boolean }>} */
const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages
