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
import { entraIdentity } from './entra-identity.js'
import { regionOf, scopeOf } from './kafka-connection-faults.js'
import type { ConnectionConfig, SaslConfig, SslSettings } from './kafka-connection-schema.js'

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
