import type { TestProject } from 'vitest/node'
import { findRuntime, startPieces } from '../../dev/local-kafka/runtime.mjs'
import { startKafkaContainer, startRegistryContainer } from './kafka-container.js'

/**
 * What integration tests are given: the one broker and registry of the run, or why there is none. `tools` says how
 * Kafka's own console tools can be run against it: from jars on this machine or inside the broker's container.
 */
export type ProvidedKafka =
  | Readonly<{
      kind: 'available'
      brokers: string[]
      registryUrl: string | undefined
      tools: ConsoleTools
      why: string
      required: boolean
    }>
  | Readonly<{ kind: 'missing'; why: string; required: boolean }>

export type ConsoleTools =
  | Readonly<{ via: 'jars'; classPath: string }>
  | Readonly<{ via: 'container'; id: string; brokers: string }>
  | Readonly<{ via: 'nothing' }>

declare module 'vitest' {
  export interface ProvidedContext {
    kafka: ProvidedKafka
  }
}

/** Runs once, and only when an integration test is about to run. Ends what it started when the run ends. */
const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const log = (line: string) => console.error(`[kafka] ${line}`)
  const runtime = await findRuntime()
  const { why } = runtime
  const required = isRequired()
  log(why)
  if (runtime.kind === 'docker') {
    const [kafka, registry] = await Promise.all([startKafkaContainer(), startRegistryContainer()])
    const { brokers, tools } = kafka
    project.provide('kafka', { kind: 'available', brokers, registryUrl: registry.url, tools, why, required })
    return async () => void (await Promise.all([kafka.stop(), registry.stop()]))
  }
  const pieces = await startPieces({ log, runtime })
  if (pieces === undefined) {
    project.provide('kafka', { kind: 'missing', why, required })
    return async () => {}
  }
  const { brokers, registryUrl, jars } = pieces
  const tools: ConsoleTools = jars === undefined ? { via: 'nothing' } : { via: 'jars', classPath: jars }
  project.provide('kafka', { kind: 'available', brokers, registryUrl, tools, why, required })
  return pieces.stop
}

/** In CI a missing broker is a failure, not a skip. */
const isRequired = () => process.env['STREAMVANE_REQUIRE_KAFKA'] === '1' || process.env['CI'] === 'true'

export default setup
