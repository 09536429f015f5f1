/** Test support: finds or starts a real EventStoreDB. */
import { findRuntime } from '../../../dev/local-kafka/runtime.mjs'
import { GenericContainer, Wait } from 'testcontainers'

/** The image of docker-compose.yml. */
const IMAGE = 'eventstore/eventstore:23.10.1-bookworm-slim'

export type RealEventStoreDb = Readonly<
  | { kind: 'available'; connectionString: string; why: string; stop: () => Promise<void> }
  | { kind: 'missing'; why: string; required: boolean }
>

/**
 * Named by `EVENTSTOREDB_URL`, or in a container where a Docker engine answers. `STREAMVANE_REQUIRE_EVENTSTOREDB=1`
 * makes a missing one a failure.
 */
export const realEventStoreDb = async (): Promise<RealEventStoreDb> => {
  const url = process.env['EVENTSTOREDB_URL'] ?? ''
  if (url !== '')
    return { kind: 'available', connectionString: url, why: 'EVENTSTOREDB_URL names it', stop: async () => {} }
  const runtime = await findRuntime({ ...process.env, KAFKA_BROKERS: '' })
  if (runtime.kind !== 'docker') {
    const why = 'EVENTSTOREDB_URL is not set, and no Docker engine answers'
    return { kind: 'missing', why, required: process.env['STREAMVANE_REQUIRE_EVENTSTOREDB'] === '1' }
  }
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts(2113)
    .withEnvironment({
      EVENTSTORE_CLUSTER_SIZE: '1',
      EVENTSTORE_INSECURE: 'true',
      EVENTSTORE_MEM_DB: 'true',
      EVENTSTORE_RUN_PROJECTIONS: 'None',
      EVENTSTORE_TELEMETRY_OPTOUT: 'true',
      // One event of the contract is a megabyte.
      EVENTSTORE_MAX_APPEND_SIZE: `${4 * 1024 * 1024}`,
    })
    .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCodeMatching((code) => code >= 200 && code < 300))
    .withStartupTimeout(180_000)
    .start()
  return {
    kind: 'available',
    connectionString: `esdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`,
    why: runtime.why,
    stop: async () => void (await container.stop()),
  }
}
