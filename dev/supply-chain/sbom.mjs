// @ts-check
// `npm run sbom -- FILE`: the software bill of materials of the package, CycloneDX 1.5 by npm itself, from the lock.
// `npm run sbom -- --image FILE`: that of the image, the npm packages that lie in it and the image that it is built on.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { productionPackages } from './licences.mjs'

// Not `--omit dev`: npm 11 then also leaves out packages of production that a package of development needs as well.
const NPM_SBOM = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
const SPECIFICATION = '1.5'

/** @typedef {{ 'bom-ref': string, type?: string, name: string, version: string, purl: string }} Component */
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
 * The bill with these packages alone, and named as the package: npm takes the name of the folder.
 * @param {Sbom} sbom @param {ReadonlySet<string>} purls @param {string} name @returns {Sbom}
 */
const ofPackages = (sbom, purls, name) => {
  const components = sbom.components.filter(({ purl }) => purls.has(purl))
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
  return ofPackages(JSON.parse(printed), lockedPurls(read('package-lock.json')), read('package.json').name)
}

/**
 * Of the image: the packages of deploy/docker/packages.txt, and the image of the Dockerfile that it is built on, whose
 * own packages its makers list. Throws where a package of the image is not one of production.
 * @param {string} root @returns {Sbom}
 */
export const sbomOfImage = (root) => {
  const whole = sbomOf(root)
  const purls = new Set(
    readFileSync(join(root, 'deploy/docker/packages.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [place = '', version = ''] = line.split(' ')
        return purlOf(place.split('node_modules/').at(-1) ?? '', version)
      }),
  )
  const sbom = ofPackages(whole, purls, whole.metadata.component.name)
  const listed = new Set(sbom.components.map(({ purl }) => purl))
  const missing = [...purls].filter((purl) => !listed.has(purl))
  if (missing.length > 0) throw new Error(`in the image, but not in the lock: ${missing.join(', ')}`)
  return { ...sbom, components: [...sbom.components, baseOf(readFileSync(join(root, 'Dockerfile'), 'utf8'))] }
}

/** @param {string} dockerfile @returns {Component} */
const baseOf = (dockerfile) => {
  const [, repository = '', digest = ''] =
    /^ARG RUNTIME_IMAGE=([^:\s]+)\S*@(sha256:[0-9a-f]{64})$/m.exec(dockerfile) ?? []
  if (digest === '') throw new Error('the Dockerfile names no RUNTIME_IMAGE with a digest')
  const name = repository.split('/').at(-1) ?? repository
  const purl = `pkg:oci/${name}@${encodeURIComponent(digest)}?repository_url=${repository}`
  return { 'bom-ref': purl, type: 'container', name: repository, version: digest, purl }
}

const main = () => {
  const root = join(import.meta.dirname, '..', '..')
  const args = process.argv.slice(2)
  const ofImage = args[0] === '--image'
  const file = args[ofImage ? 1 : 0]
  if (file === undefined) throw new Error('name the file to write: npm run sbom -- [--image] FILE')
  const sbom = ofImage ? sbomOfImage(root) : sbomOf(root)
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const problems = ofImage ? [] : sbomProblems(sbom, lock)
  if (problems.length > 0) throw new Error(`the bill of materials is not whole:\n${problems.join('\n')}`)
  writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`)
  console.log(`${file}: ${sbom.components.length} components`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
