import { awsCredentials } from '../../../credentials/aws-credentials.js'
import { clientCredentialsTokens } from '../../../credentials/client-credentials.js'
import { entraTokens } from '../../../credentials/entra-id.js'
import { googleIdentity } from '../../../credentials/google-identity.js'
import { googleKafkaTokens } from '../../../egress/kafka/auth/google.js'
import { mskIamTokens } from '../../../egress/kafka/auth/msk-iam.js'
import type { SaslSettings } from '../../../egress/kafka/auth/sasl.js'
import type { TlsSettings } from '../../../credentials/tls.js'
import type { ConnectionSettings } from '../../../egress/kafka/connection.js'
import type { RegistryConnection } from '../../../egress/kafka/options.js'
import { entraFaults, entraIdentity } from './entra-identity.js'
import type { ConnectionConfig, SaslConfig, SslSettings } from './kafka-connection-schema.js'
import type { SettingFault } from '../setting-fault.js'

type Environment = Readonly<Record<string, string | undefined>>
type Reached = Pick<ConnectionConfig, 'brokers' | 'clientId' | 'ssl' | 'sasl'>

/** How the Kafka cluster of these settings is reached. */
export const connectionOf = (
  { brokers, clientId, ssl, sasl }: Reached,
  env: Environment = process.env,
): ConnectionSettings => ({
  brokers,
  clientId,
  tls: tlsOf(ssl),
  sasl: sasl === undefined ? undefined : saslOf(sasl, brokers, env),
})

/** How the schema registry of these settings is reached. */
export const registryConnectionOf = (registry: NonNullable<ConnectionConfig['registry']>): RegistryConnection => {
  const { url, username, password, token, ssl } = registry
  const tls = tlsOf(ssl)
  return {
    url,
    ...(token !== undefined && { auth: { token } }),
    ...(username !== undefined && password !== undefined && { auth: { username, password } }),
    ...(tls !== undefined && { tls }),
  }
}

const tlsOf = (ssl: SslSettings | undefined): TlsSettings | undefined =>
  ssl === undefined || ssl === false ? undefined : ssl === true ? {} : ssl

const saslOf = (sasl: SaslConfig, brokers: readonly string[], env: Environment): SaslSettings => {
  switch (sasl.mechanism) {
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return sasl
    case 'oauthbearer': {
      const { mechanism: _, extensions, ssl, ...issuer } = sasl
      return withExtensions(clientCredentialsTokens({ ...issuer, tls: tlsOf(ssl) }), extensions)
    }
    case 'aws-msk-iam':
      return withExtensions(mskIamTokens(regionOf(sasl.region, brokers, env) ?? '', () => awsCredentials(env)))
    case 'google':
      return withExtensions(googleKafkaTokens(googleIdentity(env, Date.now)))
    case 'entra-id':
      return withExtensions(
        entraTokens(entraIdentity(sasl, scopeOf(sasl.scope, brokers) ?? '', env), env),
        sasl.extensions,
      )
  }
}

const withExtensions = (
  tokens: Extract<SaslSettings, { mechanism: 'oauthbearer' }>['tokens'],
  extensions?: Readonly<Record<string, string>>,
): SaslSettings => ({ mechanism: 'oauthbearer', tokens, ...(extensions !== undefined && { extensions }) })

/** `b-1.cluster.c2.kafka.eu-central-1.amazonaws.com:9098` names its region. */
const regionOf = (given: string | undefined, brokers: readonly string[], env: Environment): string | undefined =>
  given ??
  brokers.map((broker) => /\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?(:\d+)?$/.exec(broker)?.[1]).find(isSaid) ??
  env['AWS_REGION'] ??
  env['AWS_DEFAULT_REGION']

const scopeOf = (given: string | undefined, brokers: readonly string[]): string | undefined => {
  if (given !== undefined) return given
  const host = brokers[0]?.replace(/:\d+$/, '')
  return host?.endsWith('.servicebus.windows.net') === true ? `https://${host}/.default` : undefined
}

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

const isSaid = <A>(value: A | undefined): value is A => value !== undefined
