// @ts-check
// The tools that check workflows, secrets and Renovate's configuration: actionlint and gitleaks, built by Go from its
// module proxy, zizmor of PyPI, and the schema that the package `renovate` of npm carries.
// `node dev/supply-chain/tools.mjs` gets them into the cache; the tests use what lies there, and build nothing.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { built, ready } from '../deploy-tools.mjs'
import { cached, cachedPath } from '../local-kafka/cache.mjs'
import { pythonWith } from '../python-packages.mjs'

const run = promisify(execFile)

const ACTIONLINT = { name: 'actionlint', module: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.7' }
const GITLEAKS = { name: 'gitleaks', module: 'github.com/zricethezav/gitleaks/v8', version: 'v8.28.0' }
const PACKAGES = ['zizmor==1.32.0']
const RENOVATE = 'renovate@44.121.2'
const SCHEMA = 'package/renovate-schema.json'
const schemaFolder = RENOVATE.replace('@', '-schema-')

/** The schema alone of a package that has hundreds of dependencies. */
const renovateSchema = async () => {
  const home = await cached(schemaFolder, async (draft) => {
    const { stdout } = await run('npm', ['pack', RENOVATE, '--silent', '--pack-destination', draft])
    await run('tar', ['-xzf', stdout.trim(), SCHEMA], { cwd: draft })
  })
  return join(home, SCHEMA)
}

/** @param {string} python */
const zizmorOf = (python) => join(python, '..', 'zizmor')

/** Gets what is missing; throws with the reason where something cannot be had. */
const getTools = async () => {
  const found = await pythonWith(PACKAGES)
  if (found.python === undefined) throw new Error(found.why)
  return {
    actionlint: await built(ACTIONLINT),
    gitleaks: await built(GITLEAKS),
    zizmor: zizmorOf(found.python),
    renovateSchema: await renovateSchema(),
  }
}

/** The tools that lie in the cache; `undefined` where one is missing. zizmor is fetched if need be: it is quick to have. */
export const supplyChainTools = async () => {
  const [actionlint, gitleaks] = [ready(ACTIONLINT), ready(GITLEAKS)]
  const schema = cachedPath(join(schemaFolder, SCHEMA))
  if (actionlint === undefined || gitleaks === undefined || !existsSync(schema)) return undefined
  const found = await pythonWith(PACKAGES)
  if (found.python === undefined) return undefined
  return { actionlint, gitleaks, zizmor: zizmorOf(found.python), renovateSchema: schema }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await getTools())
