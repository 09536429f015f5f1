import { describe, expect, inject, test } from 'vitest'
import { findRuntime, kafkaIsRequired, startKafka } from '../../dev/local-kafka/runtime.mjs'
import { startKafkaContainer } from './kafka-container.js'
import type { ConsoleTools, ProvidedKafka } from './kafka-global-setup.js'

export type AvailableKafka = Extract<ProvidedKafka, { kind: 'available' }>

/** A broker of one's own, to be killed. */
export type OwnKafka = Readonly<{
  brokers: string[]
  tools: ConsoleTools
  kill9: () => Promise<void>
  restart: () => Promise<void>
  stop: () => Promise<void>
}>

/**
 * A suite against the real broker that the whole run shares: choose fresh topic, group and subject names.
 * Where none can be had the suite is skipped and says why; where one is required (CI) it fails instead.
 */
export const describeKafka = (name: string, suite: (kafka: AvailableKafka) => void): void => {
  const kafka = inject('kafka')
  if (kafka.kind === 'available') describe(name, () => suite(kafka))
  else without(name, `a real broker is needed, but ${kafka.why}`, kafka.required)
}

/** As `describeKafka`, for suites that need the schema registry as well. */
export const describeRegistry = (
  name: string,
  suite: (kafka: AvailableKafka & { registryUrl: string }) => void,
): void =>
  describeKafka(name, (kafka) => {
    const { registryUrl, required, lacks = 'KAFKA_BROKERS is set and SCHEMA_REGISTRY_URL is not' } = kafka
    if (registryUrl !== undefined) suite({ ...kafka, registryUrl })
    else without('with a schema registry', lacks, required)
  })

/**
 * A suite that kills a broker of its own (`startOwnKafka`), in any project: it needs none that the run shares. Skipped,
 * or failed, as `describeKafka` says.
 */
export const describeOwnKafka = async (name: string, suite: () => void): Promise<void> => {
  const runtime = await ownRuntime()
  if (runtime.kind === 'none') without(name, `a broker of its own is needed, but ${runtime.why}`, kafkaIsRequired())
  else describe(name, suite)
}

/** The suite is skipped and says why; where it is required it fails. */
export const without = (name: string, why: string, required: boolean): void => {
  if (required) test(name, () => expect.fail(why))
  else describe.skip(`${name} (skipped: ${why})`, () => test('needs a real one', () => {}))
}

/** Never an external one: those are not ours to kill. */
const ownRuntime = () => findRuntime({ ...process.env, KAFKA_BROKERS: '' })

/** Starts a broker that belongs to the caller alone, who stops it. */
export const startOwnKafka = async (): Promise<OwnKafka> => {
  const runtime = await ownRuntime()
  if (runtime.kind === 'docker') return startKafkaContainer()
  if (runtime.kind !== 'maven') throw new Error(`no broker of one's own can be started: ${runtime.why}`)
  const { jars, ...kafka } = await startKafka({ log: (line) => console.error(`[own kafka] ${line}`) })
  return { ...kafka, tools: { via: 'jars', classPath: jars } }
}

let named = 0

/** A name nobody has used on a broker that may be shared with other runs. */
export const freshName = (what: string): string => `${what}-${process.pid}-${Date.now().toString(36)}-${(named += 1)}`
