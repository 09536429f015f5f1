// @ts-check
// `npm run sbom -- FILE`: the software bill of materials of the package, CycloneDX 1.5 by npm itself, from the lock.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { productionPackages } from './licences.mjs'

// Not `--omit dev`: npm 11 then also leaves out packages of production that a package of development needs as well.
const NPM_SBOM = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
const SPECIFICATION = '1.5'

/** @typedef {{ 'bom-ref': string, name: string, version: string, purl: string }} Component */
/** @typedef {{ ref: string, dependsOn?: string[] }} Dependency */
/** @typedef {{ bomFormat: string, specVersion: string, metadata: { component: Component }, components: Component[], dependencies: Dependency[] }} Sbom */

/** @param {string} name @param {string} version */
const purlOf = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`

/**
 * Where a bill and the lock disagree: every package of production stands in it, and nothing else does.
 * @param {Sbom} sbom @param {import('./licences.mjs').Lock} lock @returns {string[]}
 */
export const sbomProblems = (sbom, lock) => {
  if (sbom.bomFormat !== 'CycloneDX' || sbom.specVersion !== SPECIFICATION) {
    return [`not CycloneDX ${SPECIFICATION}, but ${sbom.bomFormat} ${sbom.specVersion}`]
  }
  const listed = new Set(sbom.components.map(({ purl }) => purl))
  const locked = lockedPurls(lock)
  return [
    ...[...locked].filter((purl) => !listed.has(purl)).map((purl) => `${purl}: in the lock, but not in the bill`),
    ...[...listed].filter((purl) => !locked.has(purl)).map((purl) => `${purl}: in the bill, but not in the lock`),
  ]
}

/** @param {import('./licences.mjs').Lock} lock */
const lockedPurls = (lock) => new Set(productionPackages(lock).map(({ name, version }) => purlOf(name, version)))

/**
 * The bill without packages of development, and named as the package: npm takes the name of the folder.
 * @param {Sbom} sbom @param {import('./licences.mjs').Lock} lock @param {string} name @returns {Sbom}
 */
const ofProduction = (sbom, lock, name) => {
  const locked = lockedPurls(lock)
  const components = sbom.components.filter(({ purl }) => locked.has(purl))
  const refs = new Set([sbom.metadata.component, ...components].map((one) => one['bom-ref']))
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }))
  const metadata = { ...sbom.metadata, component: { ...sbom.metadata.component, name } }
  return { ...sbom, metadata, components, dependencies }
}

/** @param {string} root @returns {Sbom} */
export const sbomOf = (root) => {
  /** @param {string} file */
  const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'))
  const printed = execFileSync('npm', NPM_SBOM, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  return ofProduction(JSON.parse(printed), read('package-lock.json'), read('package.json').name)
}

const main = () => {
  const root = join(import.meta.dirname, '..', '..')
  const [file] = process.argv.slice(2)
  if (file === undefined) throw new Error('name the file to write: npm run sbom -- FILE')
  const sbom = sbomOf(root)
  const problems = sbomProblems(sbom, JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  if (problems.length > 0) throw new Error(`the bill of materials is not whole:\n${problems.join('\n')}`)
  writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`)
  console.log(`${file}: ${sbom.components.length} components`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
