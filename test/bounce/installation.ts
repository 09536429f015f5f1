import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { standInRegistry } from '../egress/kafka/registry/stand-in-registry.js'
import type { Resources } from './resources.js'
import { StageProcess } from './stage-process.js'

export const TENANT = 'bounce'
export const TRANSACTIONAL_ID = `streamvane.${TENANT}.kafka`
/** Short, so that a zombie need not sleep for long; a batch takes milliseconds. */
export const TRANSACTION_TIMEOUT_MS = 3_000
/** Rows of a transaction, at most: many small transactions, so that there are many moments to be killed at. */
const BATCH_MAX = 100
const PARTITIONS = 3
const TOPICS: Readonly<Record<string, string>> = {
  queue: 'bounce.queue',
  agent: 'bounce.agent',
  'agent-state': 'bounce.agent-state',
}

export const rowTopics = Object.values(TOPICS)

/** The product as it is installed, with a data folder and a broker of its own. */
export type Installation = Readonly<{
  data: string
  /** `take-over`: also from an instance that is seen to publish. */
  startEgress: (...more: readonly '--take-over'[]) => StageProcess
  startIngressAndProjector: () => StageProcess
  applyTopics: () => Promise<void>
}>

/** `folder` takes the data; `command` is the compiled program. */
export const installation = async (
  folder: string,
  command: string,
  brokers: readonly string[],
  resources: Resources,
): Promise<Installation> => {
  const registry = await registryOfIds()
  resources.add(registry.close)
  const data = join(folder, 'data')
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    STREAMVANE_DATA: data,
    STREAMVANE_TENANT: TENANT,
    STREAMVANE_HEALTH__PORT: '0',
    STREAMVANE_CLOCK__MODE: 'event-time',
    STREAMVANE_LOG_LEVEL: 'debug',
    STREAMVANE_EGRESS__BATCH_MAX: String(BATCH_MAX),
    STREAMVANE_EGRESS__KAFKA__TRANSACTION_TIMEOUT_MS: String(TRANSACTION_TIMEOUT_MS),
    STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: 'bounce.progress',
    STREAMVANE_EGRESS__KAFKA__PARTITIONS: String(PARTITIONS),
    ...Object.fromEntries(
      Object.entries(TOPICS).map(([family, topic]) => [
        `STREAMVANE_EGRESS__KAFKA__TOPICS__${family.toUpperCase()}`,
        topic,
      ]),
    ),
    KAFKA_BROKERS: brokers.join(','),
    SCHEMA_REGISTRY_URL: registry.url,
  }
  const start = (only: string, ...more: readonly string[]): StageProcess =>
    new StageProcess([command, 'run', '--only', only, ...more], env, resources)
  return {
    data,
    startEgress: (...more) => start('egress', ...more),
    startIngressAndProjector: () => start('ingress,projector', '--port', '0'),
    applyTopics: async () => void (await promisify(execFile)(process.execPath, [command, 'topics', 'apply'], { env })),
  }
}

/** Gives every schema an id. What a registry does else is not the matter here, and a real one starts for seconds. */
const registryOfIds = () => {
  const ids = new Map<string, number>()
  return standInRegistry(({ body }) => {
    const { schema } = (body ?? {}) as { schema?: string }
    if (schema === undefined) return { body: {} }
    if (!ids.has(schema)) ids.set(schema, ids.size + 1)
    return { body: { id: ids.get(schema), version: 1, schema } }
  })
}
