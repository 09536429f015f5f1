import type { TestProject } from 'vitest/node'
import { findRuntime, kafkaIsRequired, startPieces } from '../../dev/local-kafka/runtime.mjs'
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
      /** Why there is no registry, where one was tried. */
      lacks?: string | undefined
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
  const required = kafkaIsRequired()
  log(why)
  const missing = (reason: string): (() => Promise<void>) => {
    log(`no broker: ${reason}`)
    project.provide('kafka', { kind: 'missing', why: reason, required })
    return async () => {}
  }
  if (runtime.kind === 'docker') {
    try {
      const [kafka, registry] = await Promise.all([startKafkaContainer(), startRegistryContainer()])
      const { brokers, tools } = kafka
      project.provide('kafka', { kind: 'available', brokers, registryUrl: registry.url, tools, why, required })
      return async () => void (await Promise.all([kafka.stop(), registry.stop()]))
    } catch (cause) {
      return missing(`${why}, but ${(cause as Error).message}`)
    }
  }
  const started = await startPieces({ log, runtime })
  if (started.pieces === undefined) return missing(started.why)
  const { brokers, registryUrl, lacks, jars, stop } = started.pieces
  const tools: ConsoleTools = jars === undefined ? { via: 'nothing' } : { via: 'jars', classPath: jars }
  project.provide('kafka', { kind: 'available', brokers, registryUrl, tools, why, required, lacks })
  return stop
}

export default setup
