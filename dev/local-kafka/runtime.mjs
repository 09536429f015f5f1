// @ts-check
import { startKafka } from './broker.mjs'
import { composeUp } from './compose.mjs'
import { findRuntime } from './find-runtime.mjs'
import { startRegistry } from './registry.mjs'

/** Characters of a reason, at most: it stands in one line, for people. */
const REASON_MAX = 200

export { findRuntime, startKafka, startRegistry }

/**
 * @typedef {object} Pieces
 * @property {import('./find-runtime.mjs').Runtime} runtime what was chosen, and why
 * @property {string[]} brokers
 * @property {string | undefined} registryUrl undefined for an external broker without SCHEMA_REGISTRY_URL, and where the registry could not be had
 * @property {string | undefined} lacks why there is no registry, where one was tried
 * @property {string | undefined} jars class path of Kafka's console tools, where they are at hand
 * @property {() => Promise<void>} stop ends what was started here, never what was found running
 */

/** @typedef {{ pieces: Pieces } | { pieces: undefined, why: string }} Started */

/**
 * A broker and a schema registry, from wherever `findRuntime` says. Says beforehand what has to be downloaded. What
 * cannot be had (no network, a download that is too slow, a JVM that does not come up) is no error: `why` or `lacks`
 * says in one line what happened.
 * @param {{ log?: (line: string) => void, runtime?: import('./find-runtime.mjs').Runtime }} [options]
 * @returns {Promise<Started>}
 */
export const startPieces = async ({ log = () => {}, runtime: known } = {}) => {
  const runtime = known ?? (await findRuntime())
  switch (runtime.kind) {
    case 'none':
      return { pieces: undefined, why: runtime.why }
    case 'external': {
      const { brokers, registryUrl } = runtime
      const nothing = async () => {}
      return { pieces: { runtime, brokers, registryUrl, lacks: undefined, jars: undefined, stop: nothing } }
    }
    case 'docker':
      try {
        return { pieces: { runtime, jars: undefined, lacks: undefined, ...(await composeUp({ log })) } }
      } catch (cause) {
        return { pieces: undefined, why: `${runtime.why}, but ${inOneLine(cause)}` }
      }
    case 'maven':
      return fromJars(runtime, log)
  }
}

/**
 * One after the other: two downloads at once are no faster, and two JVMs starting on two cores are slower.
 * @param {import('./find-runtime.mjs').Runtime} runtime @param {(line: string) => void} log @returns {Promise<Started>}
 */
const fromJars = async (runtime, log) => {
  /** @type {import('./broker.mjs').LocalKafka} */
  let kafka
  try {
    kafka = await startKafka({ log })
  } catch (cause) {
    return { pieces: undefined, why: `${runtime.why}, but ${inOneLine(cause)}` }
  }
  const { brokers, jars } = kafka
  try {
    const registry = await startRegistry({ log })
    const stop = async () => void (await Promise.all([kafka.stop(), registry.stop()]))
    return { pieces: { runtime, brokers, registryUrl: registry.url, lacks: undefined, jars, stop } }
  } catch (cause) {
    const lacks = inOneLine(cause)
    log(`no schema registry: ${lacks}`)
    return { pieces: { runtime, brokers, registryUrl: undefined, lacks, jars, stop: kafka.stop } }
  }
}

/** The first two lines of an error: what failed, and the first thing that its program said. @param {unknown} cause */
const inOneLine = (cause) =>
  (cause instanceof Error ? cause.message : String(cause))
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 2)
    .join(' ')
    .slice(0, REASON_MAX)

/** Is a broker demanded, so that its absence is a failure? CI demands one. @param {NodeJS.ProcessEnv} [env] */
export const kafkaIsRequired = (env = process.env) => env['STREAMVANE_REQUIRE_KAFKA'] === '1' || env['CI'] === 'true'
