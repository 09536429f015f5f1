import { z } from 'zod'
import { readConnectionString } from '../../credentials/connection-string.js'
import { eventHubsDefaults, type EventHubsOptions } from '../../egress/event-hubs/options.js'
import { lazySink } from '../../egress/lazy-sink.js'
import { topicKeys } from '../../egress/topics.js'
import { entraFaults, entraIdentity, entraIdentityKeys } from '../config/connections/entra-identity.js'
import { secret } from '../config/secrets/secret-schema.js'
import type { SettingFault } from '../config/setting-fault.js'
import { nameAt, sinkKind } from './sink-kind.js'

/** The settings of an Event Hubs sink. */
export const eventHubsSchema = z.strictObject({
  /** Of the namespace, or of the one event hub that it is for; in place of `host` and `entraId`. */
  eventHubsConnectionString: secret.optional(),
  /** `<namespace>.servicebus.windows.net`, with `entraId`. */
  host: z
    .string()
    .regex(/^[\w.-]+$/, 'the name of the namespace, without sb:// and port')
    .optional(),
  entraId: z.strictObject(entraIdentityKeys).optional(),
  /** Default: the EntityPath of the connection string. */
  eventHub: z.string().min(1).max(256).optional(),
  /** Partition key: the row key, the row key without the interval, or the id of the queue or agent. */
  key: z.enum(topicKeys).default(eventHubsDefaults.key),
  /** Whether statements that an interval or a generation is complete are published. */
  markers: z.boolean().default(false),
  /** Bytes of a batch; what the event hub allows counts if that is less. */
  bytesMax: z.number().int().min(16_384).max(20_000_000).default(eventHubsDefaults.bytesMax),
  /** PEM file with the authorities that are trusted, in place of those that Node.js brings. */
  caFile: z.string().min(1).optional(),
})

type Settings = z.infer<typeof eventHubsSchema>

/** Scope of the tokens of Entra ID for every namespace of Event Hubs. */
const SCOPE = 'https://eventhubs.azure.net/.default'

export const eventHubsKind = sinkKind({
  use: 'event-hubs',
  schema: eventHubsSchema,
  faults: (settings) => faultsOf(settings, process.env),
  destination: 'broker',
  place: ({ settings }) => `Event Hubs ${hostOf(settings)}/${hubOf(settings)}`,
  open: (sink, context) => {
    const name = nameAt(sink, context)
    return lazySink(name, async () => {
      const [{ atLeastOnceSink }, { eventHubsDestination }] = await Promise.all([
        import('../../egress/at-least-once/sink.js'),
        import('../../egress/event-hubs/destination.js'),
      ])
      const destination = eventHubsDestination({
        ...(await connectionOf(sink.settings, process.env)),
        settings: `egress.sinks[${sink.name}]`,
      })
      const { acceptProgress } = context
      return atLeastOnceSink({ name, destination, progress: context.progressOf(name), acceptProgress })
    })
  },
})

const connectionOf = async (
  settings: Settings,
  env: NodeJS.ProcessEnv,
): Promise<Omit<EventHubsOptions, 'settings'>> => {
  const { eventHubsConnectionString, entraId = {}, key, markers, bytesMax, caFile } = settings
  const eventHub = hubOf(settings)
  const common = { eventHub, key, markers, bytesMax }
  const tls = caFile === undefined ? {} : { caFile }
  if (eventHubsConnectionString === undefined) {
    const { entraTokens } = await import('../../credentials/entra-id.js')
    const source = entraTokens(entraIdentity(entraId, SCOPE, env), env)
    return { ...common, endpoint: { host: hostOf(settings), tls }, tokens: { kind: 'entra-id', source } }
  }
  const { host, port, isEmulator } = readConnectionString(eventHubsConnectionString.read(), 'Event Hubs')
  const { sharedAccessTokens } = await import('../../credentials/shared-access-signature.js')
  return {
    ...common,
    endpoint: { host, port, tls: isEmulator ? false : tls },
    tokens: {
      kind: 'shared-access',
      source: sharedAccessTokens(eventHubsConnectionString, `sb://${host}/${eventHub}`, 'Event Hubs'),
    },
  }
}

const connectionString = ({ eventHubsConnectionString: text }: Settings) =>
  text === undefined ? undefined : readConnectionString(text.read(), 'Event Hubs')
const hubOf = (settings: Settings): string => settings.eventHub ?? connectionString(settings)?.entityPath ?? ''
const hostOf = (settings: Settings): string => settings.host ?? connectionString(settings)?.host ?? ''

const faultsOf = (settings: Settings, env: NodeJS.ProcessEnv): readonly SettingFault[] => {
  const { host, entraId, eventHubsConnectionString, eventHub } = settings
  if (eventHubsConnectionString !== undefined) {
    const key = 'eventHubsConnectionString'
    if (host !== undefined || entraId !== undefined)
      return [fault(key, 'it names the namespace and holds the credentials: remove host and entraId, or remove it')]
    try {
      const entityPath = connectionString(settings)?.entityPath
      if (entityPath === undefined && eventHub === undefined)
        return [fault('eventHub', 'write the name of the event hub: the connection string is that of the namespace')]
      return entityPath === undefined || eventHub === undefined || entityPath === eventHub
        ? []
        : [fault(key, `it is for ${entityPath}, and this sink writes to ${eventHub}`)]
    } catch (cause) {
      return [fault(key, (cause as Error).message)]
    }
  }
  if (host === undefined || entraId === undefined)
    return [
      fault(
        'eventHubsConnectionString',
        'write eventHubsConnectionString: { file: … }, or host and entraId: { managedIdentity: true }',
      ),
    ]
  return [
    ...(eventHub === undefined ? [fault('eventHub', 'write the name of the event hub')] : []),
    ...entraFaults(entraId, env, '').map(({ key, message }) => ({
      path: ['entraId', key].filter((part) => part !== ''),
      message,
    })),
  ]
}

const fault = (key: string, message: string): SettingFault => ({ path: [key], message })
