import { z } from 'zod'
import { readConnectionString } from '../../credentials/connection-string.js'
import { lazySource } from '../../ingress/lazy-source.js'
import type { ServiceBusOptions } from '../../ingress/service-bus/options.js'
import { entraFaults, entraIdentity, entraIdentityKeys } from '../config/connections/entra-identity.js'
import { secret } from '../config/secrets/secret-schema.js'
import type { SettingFault } from '../config/setting-fault.js'
import { sourceKind } from './source-kind.js'

const name = z.string().min(1).max(260)

const schema = z.strictObject({
  /** Of the namespace, or of the one queue or topic that it is for; in place of `host` and `entraId`. */
  serviceBusConnectionString: secret.optional(),
  /** `<namespace>.servicebus.windows.net`, with `entraId`. */
  host: z
    .string()
    .regex(/^[\w.-]+$/, 'the name of the namespace, without sb:// and port')
    .optional(),
  entraId: z.strictObject(entraIdentityKeys).optional(),
  queue: name.optional(),
  topic: name.optional(),
  subscription: name.optional(),
  /** The queue or subscription has sessions: how many are read at the same time. */
  sessions: z.number().int().min(1).max(64).optional(),
  /** Messages that are locked for us at a time; with sessions, for each. */
  prefetch: z.number().int().min(1).max(2_000).default(1_000),
  /** Messages in one append. */
  batchMax: z.number().int().min(1).max(2_000).default(500),
  /** PEM file with the authorities that are trusted, in place of those that Node.js brings. */
  caFile: z.string().min(1).optional(),
})

type Settings = z.infer<typeof schema>

/** Scope of the tokens of Entra ID for every namespace of Service Bus. */
const SCOPE = 'https://servicebus.azure.net/.default'

export const serviceBusKind = sourceKind({
  use: 'service-bus',
  schema,
  faults: (settings) => faultsOf(settings, process.env),
  place: ({ settings }) => `${entityOf(settings)} at ${hostOf(settings)}`,
  open: ({ name, settings }, { logger, now }) =>
    lazySource(`service-bus:${name}`, async () => {
      const { serviceBusSource } = await import('../../ingress/service-bus/service-bus-source.js')
      return serviceBusSource({ ...(await connectionOf(settings, process.env)), name, logger, now })
    }),
  look: async ({ name, settings }, { logger, now }) =>
    (await import('../../ingress/service-bus/look.js')).lookAtServiceBus({
      ...(await connectionOf(settings, process.env)),
      ...{ name, logger, now },
    }),
})

const connectionOf = async (
  settings: Settings,
  env: NodeJS.ProcessEnv,
): Promise<Omit<ServiceBusOptions, 'name' | 'logger' | 'now'>> => {
  const { serviceBusConnectionString: secret, entraId = {}, sessions, prefetch, batchMax, caFile } = settings
  const entity = entityOf(settings)
  const common = { entity, sessions, prefetch, batchMax }
  const tls = caFile === undefined ? {} : { caFile }
  if (secret === undefined) {
    const { entraTokens } = await import('../../credentials/entra-id.js')
    const source = entraTokens(entraIdentity(entraId, SCOPE, env), env)
    return { ...common, endpoint: { host: hostOf(settings), tls }, tokens: { kind: 'entra-id', source } }
  }
  const { host, port, isEmulator } = readConnectionString(secret.read(), 'Service Bus')
  const { sharedAccessTokens } = await import('../../credentials/shared-access-signature.js')
  const source = sharedAccessTokens(secret, `sb://${host}/${entity}`, 'Service Bus')
  return {
    ...common,
    endpoint: { host, port, tls: isEmulator ? false : tls },
    tokens: { kind: 'shared-access', source },
  }
}

/** Service Bus takes the addresses of queues and topics as they are written; only `Subscriptions` is part of its own. */
const entityOf = ({ queue, topic, subscription }: Settings): string => queue ?? `${topic}/Subscriptions/${subscription}`

const hostOf = ({ host, serviceBusConnectionString: secret }: Settings): string =>
  host ?? (secret === undefined ? '' : readConnectionString(secret.read(), 'Service Bus').host)

const faultsOf = (settings: Settings, env: NodeJS.ProcessEnv): readonly SettingFault[] => [
  ...entityFaults(settings),
  ...(settings.serviceBusConnectionString === undefined
    ? identityFaults(settings, env)
    : connectionStringFaults(settings)),
  ...(settings.batchMax > settings.prefetch
    ? [fault('batchMax', 'no more messages than prefetch are held, so no more are stored at once: write less')]
    : []),
]

const entityFaults = ({ queue, topic, subscription }: Settings): readonly SettingFault[] => {
  if (queue !== undefined && (topic ?? subscription) !== undefined)
    return [fault('queue', 'write a queue, or a topic and its subscription')]
  if (queue === undefined && topic === undefined)
    return [fault('queue', 'write a queue, or a topic and its subscription')]
  if (topic !== undefined && subscription === undefined)
    return [fault('subscription', 'a topic is read by one of its subscriptions: write its name')]
  return []
}

const identityFaults = ({ host, entraId }: Settings, env: NodeJS.ProcessEnv): readonly SettingFault[] => [
  ...(host === undefined || entraId === undefined
    ? [
        fault(
          'serviceBusConnectionString',
          'write serviceBusConnectionString: { file: … }, or host and entraId: { managedIdentity: true }',
        ),
      ]
    : []),
  ...(entraId === undefined
    ? []
    : entraFaults(entraId, env, '').map(({ key, message }) => ({
        path: ['entraId', key].filter((part) => part !== ''),
        message,
      }))),
]

const connectionStringFaults = (settings: Settings): readonly SettingFault[] => {
  const { serviceBusConnectionString: secret, host, entraId } = settings
  const key = 'serviceBusConnectionString'
  if (secret === undefined) return []
  if (host !== undefined || entraId !== undefined)
    return [fault(key, 'it names the namespace and holds the credentials: remove host and entraId, or remove it')]
  try {
    const { entityPath } = readConnectionString(secret.read(), 'Service Bus')
    const entity = settings.queue ?? settings.topic
    return entityPath === undefined || entityPath === entity
      ? []
      : [fault(key, `it is for ${entityPath}, and this source reads ${entity}`)]
  } catch (cause) {
    return [fault(key, (cause as Error).message)]
  }
}

const fault = (key: string, message: string): SettingFault => ({ path: [key], message })
