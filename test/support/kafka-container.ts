import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { GenericContainer, Wait } from 'testcontainers'
import { freePorts } from '../../dev/local-kafka/ports.mjs'
import { demandCompatibility } from '../../dev/local-kafka/registry.mjs'
import type { ConsoleTools } from './kafka-global-setup.js'

const KAFKA_IMAGE = 'apache/kafka:4.1.2'
const REGISTRY_IMAGE = 'quay.io/apicurio/apicurio-registry-mem:2.6.13.Final'
const STARTUP_LIMIT_MS = 180_000
/** The listener for clients inside the container, such as the console tools. */
const INSIDE = 'localhost:19092'

/**
 * A real broker in a container, with the same handles as one started from jars. Its port is fixed, so that it survives
 * a restart.
 */
export const startKafkaContainer = async () => {
  const [port = 0] = await freePorts(1)
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LISTENERS: 'OUTSIDE://:9092,INSIDE://:19092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `OUTSIDE://127.0.0.1:${port},INSIDE://${INSIDE}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'INSIDE',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
      KAFKA_BROKER_SESSION_TIMEOUT_MS: '2000',
      KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: '500',
      // A killed broker must find its data again: a folder of the container, which survives `docker kill` and `docker
      // start`.
      KAFKA_LOG_DIRS: '/var/lib/kafka/data',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(STARTUP_LIMIT_MS)
    .start()
  const docker = (...args: string[]) => promisify(execFile)('docker', args)
  const tools: ConsoleTools = { via: 'container', id: container.getId(), brokers: INSIDE }
  const kill9 = async () => void (await docker('kill', '--signal', 'KILL', container.getId()))
  return {
    brokers: [`127.0.0.1:${port}`],
    tools,
    kill9,
    restart: async () => {
      await docker('start', container.getId())
      const probe = ['/opt/kafka/bin/kafka-broker-api-versions.sh', '--bootstrap-server', INSIDE]
      for (let attempt = 1; ; attempt += 1) {
        const answered = await docker('exec', container.getId(), ...probe).catch((cause: unknown) => cause as Error)
        if (!(answered instanceof Error)) return
        if (attempt === 30) throw answered
      }
    },
    stop: async () => void (await container.stop()),
  }
}

/** A real schema registry in a container, in memory; `url` is the base of its Confluent-compatible API. */
export const startRegistryContainer = async () => {
  const container = await new GenericContainer(REGISTRY_IMAGE)
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHttp('/apis/ccompat/v7/subjects', 8080))
    .withStartupTimeout(STARTUP_LIMIT_MS)
    .start()
  const url = `http://${container.getHost()}:${container.getMappedPort(8080)}/apis/ccompat/v7`
  await demandCompatibility(url)
  return { url, stop: async () => void (await container.stop()) }
}
