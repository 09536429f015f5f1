// @ts-check
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isCached, KAFKA, REGISTRY } from './downloads.mjs'
import { javaBinary } from './jvm.mjs'

const JAVA_AT_LEAST = 17
const PROBE_LIMIT_MS = 5_000

/**
 * Where a real broker can come from. `why` is a sentence for people; `downloads` is what starting would fetch first.
 * @typedef {{ kind: 'external', brokers: string[], registryUrl: string | undefined, why: string }
 *   | { kind: 'docker', why: string }
 *   | { kind: 'maven', downloads: import('./downloads.mjs').Download[], why: string }
 *   | { kind: 'none', why: string }} Runtime
 */

/**
 * Looks for, in this order: KAFKA_BROKERS (with SCHEMA_REGISTRY_URL), a Docker engine that answers (with compose), Java
 * 17 with Kafka's jars in the cache or Maven to fetch them. Starts nothing and downloads nothing.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {{ docker?: boolean }} [options] `docker: false`: a broker whose settings are the caller's needs the jars
 * @returns {Promise<Runtime>}
 */
export const findRuntime = async (env = process.env, { docker = true } = {}) => {
  const brokers = (env['KAFKA_BROKERS'] ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
  const registryUrl = env['SCHEMA_REGISTRY_URL'] || undefined
  if (brokers.length > 0)
    return { kind: 'external', brokers, registryUrl, why: `KAFKA_BROKERS names ${brokers.join(', ')}` }

  const engine = docker
    ? await probe('docker', ['info', '--format', '{{.ServerVersion}}'])
    : { found: false, ok: false, output: '' }
  const answers = engine.ok && engine.output !== ''
  if (answers && (await probe('docker', ['compose', 'version'])).ok) {
    return { kind: 'docker', why: `a Docker engine answers (${engine.output})` }
  }
  const without = docker ? 'Docker is not installed' : 'Docker was not asked for'
  const silent = engine.found ? 'no Docker engine answers' : without
  const noDocker = answers ? 'the Docker here has no compose plugin' : silent

  const java = await probe(javaBinary(), ['-version'])
  const major = Number(/version "(\d+)/.exec(java.output)?.[1] ?? 0)
  const missing = [KAFKA, REGISTRY].filter((download) => !isCached(download))
  const maven = missing.length === 0 ? undefined : await probe('mvn', ['-v'])
  if (major >= JAVA_AT_LEAST && maven?.ok !== false) {
    const jars = maven === undefined ? 'the jars are in the cache' : 'Maven can fetch the jars'
    return { kind: 'maven', downloads: missing, why: `${noDocker}; Java ${major} is here and ${jars}` }
  }
  const lacks = [`KAFKA_BROKERS is not set`, noDocker]
  if (!java.found) lacks.push(`Java ${JAVA_AT_LEAST} is not installed`)
  else if (major < JAVA_AT_LEAST)
    lacks.push(`Java is ${major || 'of an unknown version'}, not ${JAVA_AT_LEAST} or later`)
  if (maven?.ok === false) {
    const wanted = missing.map(({ what }) => what).join(' and ')
    lacks.push(`Maven ${maven.found ? 'does not run' : 'is not installed'} and ${wanted} must still be fetched`)
  }
  return { kind: 'none', why: lacks.join('; ') }
}

/**
 * @param {string} command @param {string[]} args @returns {Promise<{ found: boolean, ok: boolean, output: string }>}
 */
const probe = async (command, args) => {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, {
      timeout: PROBE_LIMIT_MS,
      killSignal: 'SIGKILL',
    })
    return { found: true, ok: true, output: (stdout.trim() || stderr).trim() }
  } catch (cause) {
    return { found: /** @type {NodeJS.ErrnoException} */ (cause).code !== 'ENOENT', ok: false, output: '' }
  }
}
