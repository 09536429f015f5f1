import type { SettingFault } from '../setting-fault.js'
import { entraFaults } from './entra-identity.js'
import type { ConnectionConfig, SaslConfig, SslSettings } from './kafka-connection-schema.js'

type Environment = Readonly<Record<string, string | undefined>>

/** What the settings of a connection lack or contradict. Paths begin below the settings of the destination. */
export const connectionFaults = (
  { brokers, ssl, sasl, registry }: ConnectionConfig,
  env: Environment = process.env,
): readonly SettingFault[] => [
  ...tlsFaults(ssl, ['ssl']),
  ...(sasl === undefined ? [] : saslFaults(sasl, brokers, env)),
  ...(registry === undefined ? [] : registryFaults(registry)),
]

const tlsFaults = (ssl: SslSettings | undefined, path: readonly string[]): readonly SettingFault[] =>
  typeof ssl !== 'object' || (ssl.clientCertificateFile === undefined) === (ssl.clientKey === undefined)
    ? []
    : [{ path, message: 'clientCertificateFile and clientKey go together' }]

const saslFaults = (sasl: SaslConfig, brokers: readonly string[], env: Environment): readonly SettingFault[] => {
  const fault = (key: string, message: string): SettingFault => ({ path: ['sasl', key], message })
  switch (sasl.mechanism) {
    case 'aws-msk-iam':
      return regionOf(sasl.region, brokers, env) === undefined
        ? [fault('region', 'the addresses of the brokers name no region: write the region of the cluster')]
        : []
    case 'entra-id':
      return [
        ...entraFaults(sasl, env, 'mechanism').map(({ key, message }) => fault(key, message)),
        ...(scopeOf(sasl.scope, brokers) === undefined
          ? [fault('scope', 'write the scope of the cluster, as api://…/.default')]
          : []),
      ]
    default:
      return []
  }
}

const registryFaults = (registry: NonNullable<ConnectionConfig['registry']>): readonly SettingFault[] => {
  const { username, password, token, ssl } = registry
  return [
    ...tlsFaults(ssl, ['registry', 'ssl']),
    ...((username === undefined) === (password === undefined)
      ? []
      : [{ path: ['registry', 'username'], message: 'username and password go together' }]),
    ...(token !== undefined && password !== undefined
      ? [{ path: ['registry', 'token'], message: 'write a token, or username and password' }]
      : []),
  ]
}

/** `b-1.cluster.c2.kafka.eu-central-1.amazonaws.com:9098` names its region. */
export const regionOf = (given: string | undefined, brokers: readonly string[], env: Environment): string | undefined =>
  given ??
  brokers.map((broker) => /\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?(:\d+)?$/.exec(broker)?.[1]).find(isSaid) ??
  env['AWS_REGION'] ??
  env['AWS_DEFAULT_REGION']

export const scopeOf = (given: string | undefined, brokers: readonly string[]): string | undefined => {
  if (given !== undefined) return given
  const host = brokers[0]?.replace(/:\d+$/, '')
  return host?.endsWith('.servicebus.windows.net') === true ? `https://${host}/.default` : undefined
}

const isSaid = <A>(value: A | undefined): value is A => value !== undefined
