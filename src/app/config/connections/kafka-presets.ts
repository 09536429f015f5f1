import { readConnectionString } from '../../../credentials/connection-string.js'
import { Secret } from '../../../credentials/secret.js'
import type { ConnectionConfig, Preset } from './kafka-connection-schema.js'
import type { SettingFault } from '../setting-fault.js'

type Raw = Readonly<Record<string, unknown>>

/** What presets look at. */
type Destination = ConnectionConfig &
  Readonly<{ replicationFactor: number; topics: Readonly<{ consolidated?: unknown }> }>

const WEEK_MS = 7 * 86_400_000
const KAFKA_PORT = 9093
/** The user name with which a connection string is the password. */
const CONNECTION_STRING_USER = '$ConnectionString'

/** The raw settings of the egress, each Kafka destination with what its preset implies. What is given wins. */
export const withPresets = (egress: Raw): Raw => ({
  ...egress,
  ...(isRaw(egress['kafka']) && { kafka: withPreset(egress['kafka']) }),
  ...(Array.isArray(egress['sinks']) && {
    sinks: egress['sinks'].map((entry: unknown) =>
      isRaw(entry) && entry['use'] === 'kafka' ? withPreset(entry) : entry,
    ),
  }),
})

/** The same for the raw entries of `sources`: what a preset says of topics that we create concerns the egress alone. */
export const withSourcePresets = (sources: readonly unknown[]): readonly unknown[] =>
  sources.map((entry) => {
    if (!isRaw(entry) || entry['use'] !== 'kafka') return entry
    const { ssl, brokers, sasl } = withPreset(entry)
    const implied = { ssl, brokers, sasl }
    return {
      ...Object.fromEntries(Object.entries(implied).filter(([, value]) => value !== undefined)),
      ...entry,
      ...(sasl !== undefined && { sasl }),
    }
  })

const withPreset = (given: Raw): Raw => {
  const preset = given['preset'] as Preset | undefined
  switch (preset) {
    case 'confluent-cloud':
      return { ssl: true, replicationFactor: 3, ...given, ...withMechanism(given, 'plain') }
    case 'event-hubs':
      return { ssl: true, retentionMs: WEEK_MS, ...fromConnectionString(given), ...given }
    default:
      return given
  }
}

/** Name and password alone mean the mechanism that the service has for them. */
const withMechanism = ({ sasl }: Raw, mechanism: string): Raw => (isRaw(sasl) ? { sasl: { mechanism, ...sasl } } : {})

/** The broker, and the connection string as the password. What is wrong with it is told by `presetFaults`. */
const fromConnectionString = ({ eventHubsConnectionString: secret }: Raw): Raw => {
  if (!(secret instanceof Secret)) return {}
  try {
    const { host } = readConnectionString(secret.read(), 'Event Hubs')
    return {
      brokers: [`${host}:${KAFKA_PORT}`],
      sasl: { mechanism: 'plain', username: CONNECTION_STRING_USER, password: secret },
    }
  } catch {
    return {}
  }
}

/** Settings that contradict the preset, each with what to write. Paths begin below the settings of the destination. */
export const presetFaults = (settings: Destination): readonly SettingFault[] => {
  const { preset, eventHubsConnectionString } = settings
  switch (preset) {
    case 'self-managed':
      return eventHubsConnectionString === undefined
        ? []
        : [fault('eventHubsConnectionString', 'it belongs to Azure Event Hubs: write preset: event-hubs')]
    case 'confluent-cloud':
      return [...confluentFaults(settings)]
    case 'event-hubs':
      return [...eventHubsFaults(settings)]
  }
}

function* confluentFaults({
  ssl,
  sasl,
  registry,
  replicationFactor,
  ...settings
}: Destination): Generator<SettingFault> {
  if (settings.eventHubsConnectionString !== undefined)
    yield fault('eventHubsConnectionString', 'it belongs to Azure Event Hubs: write preset: event-hubs')
  if (ssl === false)
    yield fault('ssl', 'Confluent Cloud takes connections with TLS only: remove ssl, or write ssl: true')
  if (sasl === undefined)
    yield fault('sasl', 'Confluent Cloud wants an API key: write sasl: { username: <key>, password: { file: … } }')
  else if (sasl.mechanism !== 'plain' && sasl.mechanism !== 'oauthbearer' && sasl.mechanism !== 'entra-id')
    yield fault('sasl.mechanism', 'Confluent Cloud takes plain (an API key) or oauthbearer')
  if (replicationFactor !== 3 && replicationFactor !== -1)
    yield fault('replicationFactor', 'Confluent Cloud has three replicas of every topic: remove it, or write 3')
  if (registry !== undefined && registry.password === undefined && registry.token === undefined)
    yield fault(
      'registry',
      'the registry of Confluent Cloud wants an API key of its own: write username: <key>, password: { file: … }',
    )
}

function* eventHubsFaults(settings: Destination): Generator<SettingFault> {
  const { ssl, sasl, brokers, eventHubsConnectionString: secret, topics } = settings
  if (ssl === false) yield fault('ssl', 'Event Hubs takes connections with TLS only: remove ssl, or write ssl: true')
  if (secret === undefined && sasl === undefined)
    yield fault(
      'eventHubsConnectionString',
      'Event Hubs wants credentials: write eventHubsConnectionString: { file: … }, or sasl: { mechanism: entra-id, … } and brokers: [<namespace>.servicebus.windows.net:9093]',
    )
  if (sasl !== undefined && !['plain', 'entra-id', 'oauthbearer'].includes(sasl.mechanism))
    yield fault('sasl.mechanism', 'Event Hubs takes plain (its connection string) or entra-id')
  for (const broker of brokers)
    if (!broker.endsWith(`:${KAFKA_PORT}`))
      yield fault(
        'brokers',
        `Event Hubs listens for Kafka on port ${KAFKA_PORT}: write <namespace>.servicebus.windows.net:${KAFKA_PORT}`,
      )
  if (secret === undefined) return
  let hubs
  try {
    hubs = readConnectionString(secret.read(), 'Event Hubs')
  } catch (cause) {
    yield fault('eventHubsConnectionString', (cause as Error).message)
    return
  }
  if (!brokers.includes(`${hubs.host}:${KAFKA_PORT}`))
    yield fault('brokers', 'they are not those of the connection string: remove brokers, or eventHubsConnectionString')
  if (sasl?.mechanism !== 'plain' || sasl.username !== CONNECTION_STRING_USER)
    yield fault('sasl', 'eventHubsConnectionString holds the credentials: remove one of the two')
  if (hubs.entityPath !== undefined && topics.consolidated === undefined)
    yield fault(
      'eventHubsConnectionString',
      'its EntityPath allows one event hub, and the egress writes several topics: take the connection string of a policy of the namespace',
    )
}

const fault = (key: string, message: string): SettingFault => ({ path: key.split('.'), message })

const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
