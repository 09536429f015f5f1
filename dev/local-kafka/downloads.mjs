// @ts-check
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { cached, cachedPath } from './cache.mjs'

/**
 * What is fetched from Maven Central, once per user.
 * @typedef {{ what: string, megabytes: number, name: string }} Download
 * @typedef {(line: string) => void} Log
 */

const POM = join(import.meta.dirname, 'pom.xml')
const POM_TEXT = readFileSync(POM, 'utf8')
const KAFKA_VERSION = /<kafka\.version>(.+)<\/kafka\.version>/.exec(POM_TEXT)?.[1] ?? 'unknown'
const POM_HASH = createHash('sha256').update(POM_TEXT).digest('hex').slice(0, 8)
const REGISTRY_VERSION = '2.6.13.Final'
const REGISTRY_ARTIFACT = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`
const HEARTBEAT_MS = 5_000
const ERROR_LINES_MAX = 12
/** A download may take so long: 200 MB at 350 kB/s. */
const DOWNLOAD_LIMIT_S = 600

/** @type {Download} */
export const KAFKA = {
  what: `Apache Kafka ${KAFKA_VERSION} (92 jars)`,
  megabytes: 54,
  name: `kafka-${KAFKA_VERSION}-${POM_HASH}`,
}
/** @type {Download} */
export const REGISTRY = {
  what: `Apicurio schema registry ${REGISTRY_VERSION}`,
  megabytes: 142,
  name: `apicurio-${REGISTRY_VERSION}`,
}

/** Whether a download is there already, so that neither Maven nor a network is needed. @param {Download} download */
export const isCached = ({ name }) => existsSync(cachedPath(name))

/** The folder that holds the jars of the broker and of Kafka's console tools. @param {Log} log */
export const kafkaJars = (log) =>
  fetched(KAFKA, log, async (draft) => {
    // Maven may write next to the pom it is given, so it gets a copy.
    await copyFile(POM, join(draft, 'pom.xml'))
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${draft}`]
    await maven(['-f', join(draft, 'pom.xml'), ...goal], log)
  })

/** The runner jar of the schema registry. @param {Log} log */
export const registryJar = async (log) => {
  const home = await fetched(REGISTRY, log, async (draft) => {
    // The plugin version that Maven picks by itself is too old to take an artifact from the command line.
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'
    await maven(
      [goal, `-Dartifact=${REGISTRY_ARTIFACT}`, `-DoutputDirectory=${draft}`, '-Dmdep.overWriteReleases=true'],
      log,
    )
    const archive = (await readdir(draft)).find((name) => name.endsWith('.tar.gz'))
    if (archive === undefined) throw new Error(`Maven reported success but left no archive of ${REGISTRY_ARTIFACT}`)
    await promisify(execFile)('tar', ['-xzf', join(draft, archive), '-C', draft])
    await promisify(execFile)('rm', ['-f', join(draft, archive)])
  })
  const runner = (await readdir(home, { recursive: true })).find((name) => name.endsWith('-runner.jar'))
  if (runner === undefined) throw new Error(`no runner jar below ${home}; remove that folder to download it again`)
  return join(home, runner)
}

/** @param {Download} download @param {Log} log @param {(draft: string) => Promise<void>} fill */
const fetched = async (download, log, fill) => {
  if (isCached(download)) return cachedPath(download.name)
  log(
    `downloading ${download.what}, ${download.megabytes} MB, from Maven Central; kept in ${cachedPath(download.name)}`,
  )
  const startedAt = Date.now()
  const home = await cached(download.name, fill)
  log(`downloaded ${download.what} in ${seconds(startedAt)} s`)
  return home
}

/**
 * Runs Maven in batch mode and says every few seconds how far it is. Rejects with Maven's own error lines, or when it
 * takes longer than STREAMVANE_DOWNLOAD_LIMIT_S seconds.
 * @param {readonly string[]} args @param {Log} log @returns {Promise<void>}
 */
const maven = async (args, log) => {
  const startedAt = Date.now()
  const limitS = Number(process.env['STREAMVANE_DOWNLOAD_LIMIT_S'] ?? DOWNLOAD_LIMIT_S)
  // A group of its own: `mvn` is a script, and what it started has to end with it.
  const child = spawn('mvn', ['-B', ...args], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  let tooSlow = false
  const limit = setTimeout(() => {
    tooSlow = true
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, limitS * 1_000)
  const interrupted = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM')
  process.once('exit', interrupted)
  let files = 0
  /** @type {string[]} */
  const errors = []
  const heartbeat = setInterval(() => log(`  … ${files} files so far, ${seconds(startedAt)} s`), HEARTBEAT_MS)
  try {
    const ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('Downloaded from')) files += 1
      if (line.startsWith('[ERROR]') && errors.length < ERROR_LINES_MAX) errors.push(line)
    }
    const code = await ended
    if (tooSlow) throw new Error(`Maven had not finished after ${limitS} s (STREAMVANE_DOWNLOAD_LIMIT_S)`)
    if (code !== 0) throw new Error(`mvn ended with code ${code}; is Maven Central within reach?\n${errors.join('\n')}`)
  } finally {
    clearTimeout(limit)
    clearInterval(heartbeat)
    process.off('exit', interrupted)
  }
}

/** @param {number} sinceMs */
const seconds = (sinceMs) => ((Date.now() - sinceMs) / 1000).toFixed(1)
