// @ts-check
import { startKafka } from './broker.mjs'
import { composeUp } from './compose.mjs'
import { findRuntime } from './find-runtime.mjs'
import { startRegistry } from './registry.mjs'

export { findRuntime, startKafka, startRegistry }

/**
 * @typedef {object} Pieces
 * @property {import('./find-runtime.mjs').Runtime} runtime what was chosen, and why
 * @property {string[]} brokers
 * @property {string | undefined} registryUrl undefined only for an external broker that came without SCHEMA_REGISTRY_URL
 * @property {string | undefined} jars class path of Kafka's console tools, where they are at hand
 * @property {() => Promise<void>} stop ends what was started here, never what was found running
 */

/**
 * A broker and a schema registry, from wherever `findRuntime` says; undefined when there is nowhere to get them from.
 * Says beforehand what has to be downloaded.
 * @param {{ log?: (line: string) => void, runtime?: import('./find-runtime.mjs').Runtime }} [options]
 * @returns {Promise<Pieces | undefined>}
 */
export const startPieces = async ({ log = () => {}, runtime: known } = {}) => {
  const runtime = known ?? (await findRuntime())
  switch (runtime.kind) {
    case 'none':
      return undefined
    case 'external':
      return {
        runtime,
        brokers: runtime.brokers,
        registryUrl: runtime.registryUrl,
        jars: undefined,
        stop: async () => {},
      }
    case 'docker':
      return { runtime, jars: undefined, ...(await composeUp({ log })) }
    case 'maven': {
      // One after the other: two downloads at once are no faster, and two JVMs starting on two cores are slower.
      const kafka = await startKafka({ log })
      try {
        const registry = await startRegistry({ log })
        const stop = async () => void (await Promise.all([kafka.stop(), registry.stop()]))
        return { runtime, brokers: kafka.brokers, registryUrl: registry.url, jars: kafka.jars, stop }
      } catch (cause) {
        await kafka.stop()
        throw cause
      }
    }
  }
}
