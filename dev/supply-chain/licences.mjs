// @ts-check
// `node dev/supply-chain/licences.mjs`: every package of production in package-lock.json has a licence that
// licences.json allows. The lock also names packages of other platforms, which node_modules lacks.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * `packages` states, by name@version, the licence of a package whose metadata names none.
 * @typedef {{ allowed: string[], packages: Record<string, string> }} Rules
 */
/** @typedef {{ packages: Record<string, { version?: string, license?: string, dev?: boolean, link?: boolean }> }} Lock */

/** What an operator installs. @param {Lock} lock @returns {{ name: string, version: string, licence: string }[]} */
export const productionPackages = (lock) =>
  Object.entries(lock.packages)
    .filter(([path, { dev, link }]) => path !== '' && dev !== true && link !== true)
    .map(([path, { version = '', license = '' }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      licence: license,
    }))

/** @param {Lock} lock @param {Rules} rules @returns {string[]} */
export const licenceProblems = (lock, { allowed, packages }) => {
  const found = productionPackages(lock).map((one) => ({ ...one, id: `${one.name}@${one.version}` }))
  const ids = new Set(found.map(({ id }) => id))
  const refused = found.flatMap(({ id, licence }) => {
    const stated = licence === '' ? (packages[id] ?? '') : licence
    if (stated === '') return [`${id}: no licence in its metadata; state it in licences.json after reading its files`]
    return isAllowed(stated, allowed) ? [] : [`${id}: ${stated} is not allowed`]
  })
  const stale = Object.keys(packages).filter((id) => !ids.has(id))
  return [...refused, ...stale.map((id) => `${id}: stated in licences.json, but not installed`)]
}

/**
 * Of an SPDX expression with AND all must be allowed, of one with OR one. One with both, or with exceptions (WITH), is
 * refused unless the list has it as a whole.
 * @param {string} expression @param {readonly string[]} allowed
 */
const isAllowed = (expression, allowed) => {
  const plain = expression.replace(/^\((.*)\)$/, '$1')
  if (allowed.includes(plain)) return true
  if (plain.includes(' AND ')) return plain.split(' AND ').every((one) => allowed.includes(one))
  return plain.split(' OR ').some((one) => allowed.includes(one))
}

const main = () => {
  const root = join(import.meta.dirname, '..', '..')
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const problems = licenceProblems(lock, JSON.parse(readFileSync(join(import.meta.dirname, 'licences.json'), 'utf8')))
  for (const problem of problems) console.log(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log(`${productionPackages(lock).length} packages of production, all with an allowed licence.`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
