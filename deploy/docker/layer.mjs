// @ts-check
// The application layer of the image: which files it has, and why others are left out.
//
//   node deploy/docker/layer.mjs list            every file with its size, sorted, and the sum
//   node deploy/docker/layer.mjs packages        the npm packages with their versions (deploy/docker/packages.txt)
//   node deploy/docker/layer.mjs copy FOLDER     copies the files to a folder; the Dockerfile does this
//
// What a package is there for follows from package-lock.json, so a checkout with all development packages gives the
// same list as `npm ci --omit=dev`. Needs `dist` (npm run build).
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** @typedef {{ path: string, bytes: number }} LayerFile */
/** @typedef {{ os: string, cpu: string, libc: string }} Platform */
/** @typedef {{ version?: string, dev?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Locked */

/** The platform of the image: Debian's C library, and the processor of the machine that builds it. */
export const platformOf = (cpu = process.arch) => ({ os: 'linux', cpu, libc: 'glibc' })

/**
 * Packages that `npm ci --omit=dev` installs and the image does without, each with what does not work then.
 * @type {Readonly<Record<string, string>>}
 */
export const packagesLeftOut = {
  // 20 MB of WebAssembly, a tenth of the image.
  '@electric-sql/pglite': 'the sink kind pglite, a database inside the process; use postgresql',
}

/** Files of packages that no process loads. Paths begin at the folder of the package. */
export const filesLeftOut = [
  { why: 'source maps', pattern: /\.map$/ },
  { why: 'type declarations and sources in TypeScript', pattern: /\.[cm]?tsx?$/ },
  { why: 'documentation', pattern: /\.(md|markdown)$/i },
  { why: 'tests, examples and documentation', pattern: /^(test|tests|__tests__|docs|examples?|bench(marks?)?)\// },
  {
    why: 'settings of other tools',
    pattern: /^(\.github|\.vscode)\/|(^|\/)(\.[^/]*rc[^/]*|\.npmignore|tsconfig[^/]*)$/,
  },
  { why: 'builds for browsers and phones', pattern: /^(dist|lib|build|es)\/(browser|react-native|umd)\/|^browser\// },
  { why: 'second builds as modules, which Node does not choose', pattern: /^build\/(esm|esnext)\// },
  { why: 'names of OpenTelemetry that are not stable', pattern: /^dist\/(experimental_\w+|index-incubating)\.[cm]js$/ },
  { why: 'sources of compiled modules', pattern: /\.(c|cc|cpp|h|hpp|gyp|gypi)$|^deps\/|^dependencies\// },
  { why: 'compiled modules for another C library or an older Node', pattern: /\.musl\.node$|\.abi\d+\.[^/]*node$/ },
]

/** @param {string[] | undefined} allowed @param {string} value */
const allows = (allowed, value) =>
  allowed === undefined ||
  (allowed.some((one) => one.startsWith('!')) ? !allowed.includes(`!${value}`) : allowed.includes(value))

/** The name of a package by its place: `node_modules/a/node_modules/@b/c` is `@b/c`. @param {string} place */
const nameOf = (place) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)

/**
 * The packages of the image, by place, with their versions: production packages of the lock file that fit the platform.
 * @param {{ packages: Record<string, Locked> }} lock
 * @param {Platform} platform
 */
export const packagesOf = ({ packages }, { os, cpu, libc }) =>
  Object.entries(packages)
    .filter(([place, { dev }]) => place !== '' && dev !== true)
    .filter(([, one]) => allows(one.os, os) && allows(one.cpu, cpu) && allows(one.libc, libc))
    .filter(([place]) => !Object.keys(packagesLeftOut).includes(nameOf(place)))
    .map(([place, { version = '' }]) => ({ place, name: nameOf(place), version }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))

/** Why a file of a package is left out; `undefined`: it is part of the image. @param {string} path */
export const leftOut = (path) => filesLeftOut.find(({ pattern }) => pattern.test(path))?.why

/**
 * Every file below a folder, by its path from there, without folders of the given names.
 * @param {string} folder
 * @param {readonly string[]} [except]
 * @returns {string[]}
 */
const filesBelow = (folder, except = []) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return entry.isFile() ? [entry.name] : []
    if (except.includes(entry.name)) return []
    return filesBelow(join(folder, entry.name), except).map((path) => `${entry.name}/${path}`)
  })

/**
 * The files of the layer, sorted by path. Throws where the build or a package is missing, so that an image never lacks
 * a part in silence.
 * @param {string} root
 * @param {Platform} [platform]
 * @returns {LayerFile[]}
 */
export const layerFiles = (root, platform = platformOf()) => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  if (!existsSync(join(root, 'dist/src/cli/main.js'))) throw new Error(`${root}/dist is missing: npm run build`)
  const own = [
    ...['package.json', 'LICENSE', 'deploy/docker/healthcheck.mjs'],
    ...filesBelow(join(root, 'dist'))
      .filter((path) => !/\.(map|d\.ts)$/.test(path))
      .map((path) => `dist/${path}`),
    ...filesBelow(join(root, 'schemas')).map((path) => `schemas/${path}`),
  ]
  const ofPackages = packagesOf(lock, platform).flatMap(({ place }) => {
    // What npm leaves out as optional is not needed either.
    if (!existsSync(join(root, place))) {
      if (lock.packages[place].optional === true || lock.packages[place].peer === true) return []
      throw new Error(`${place} is missing: npm ci`)
    }
    return filesBelow(join(root, place), ['node_modules'])
      .filter((path) => leftOut(path) === undefined)
      .map((path) => `${place}/${path}`)
  })
  return [...own, ...ofPackages].sort().map((path) => ({ path, bytes: statSync(join(root, path)).size }))
}

/** Copies the layer, with the rights of files that nobody but root may change. @param {string} root @param {string} to */
export const copyLayer = (root, to) => {
  const files = layerFiles(root)
  for (const { path } of files) {
    mkdirSync(dirname(join(to, path)), { recursive: true })
    cpSync(join(root, path), join(to, path))
  }
  return files
}

/** @param {readonly LayerFile[]} files */
const sum = (files) => files.reduce((bytes, file) => bytes + file.bytes, 0)

/** The text of deploy/docker/packages.txt. @param {{ packages: Record<string, Locked> }} lock */
export const packagesText = (lock) =>
  packagesOf(lock, platformOf('x64'))
    .map(({ place, version }) => `${place} ${version}\n`)
    .join('')

const main = () => {
  const root = join(import.meta.dirname, '..', '..')
  const [command, folder] = process.argv.slice(2)
  if (command === 'packages')
    process.stdout.write(packagesText(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))))
  else if (command === 'list') {
    const files = layerFiles(root)
    process.stdout.write(files.map(({ path, bytes }) => `${path} ${bytes}\n`).join(''))
    console.error(`${files.length} files, ${(sum(files) / 1e6).toFixed(1)} MB`)
  } else if (command === 'copy' && folder !== undefined) {
    const files = copyLayer(root, folder)
    console.error(`${files.length} files, ${(sum(files) / 1e6).toFixed(1)} MB, copied to ${folder}`)
  } else {
    console.error('usage: node deploy/docker/layer.mjs list | packages | copy FOLDER')
    process.exitCode = 2
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
