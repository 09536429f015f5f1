import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { javaBinary } from '../../../dev/local-kafka/jvm.mjs'
import { findRuntime, startKafka } from '../../../dev/local-kafka/runtime.mjs'
import { makeAuthority, type Authority, type Issued } from './certificates.js'
import { AUDIENCE, ISSUER, standInIssuer, type StandInIssuer } from './token-issuer.js'

/** Names of the listeners of the broker beside its plain one, where everybody is a super user. */
export type SecureListener = 'TLS' | 'MTLS' | 'EXPIRED' | 'ELSEWHERE' | 'SASL' | 'OAUTH' | 'ROTATE'

/**
 * A real broker with a listener for each way to connect, StandardAuthorizer, certificates of its own authority, and a
 * stand-in of a token issuer whose signatures it verifies.
 */
export type SecureBroker = Readonly<{
  /** Address of the plain listener. */
  plain: string
  at: (listener: SecureListener) => string
  dir: string
  authority: Authority
  /** An authority that nobody trusts. */
  stranger: Authority
  client: Issued
  issuer: StandInIssuer
  passwordOf: (user: string) => string
  /** Of SCRAM-SHA-512. */
  setScramPassword: (user: string, password: string) => Promise<void>
  stop: () => Promise<void>
}>

/** `egress` may do everything; `limited` has the rights that a test gives it. */
const USERS = ['egress', 'limited', 'rotated']
/** Planted in the configuration; no output may hold it. */
export const passwordOf = (user: string): string => `planted-password-of-${user}`

/** Why no such broker can be started here; `undefined` if it can. */
export const lacksForSecureBroker = async (): Promise<string | undefined> => {
  const runtime = await findRuntime({ ...process.env, KAFKA_BROKERS: '' }, { docker: false })
  return runtime.kind === 'maven' ? undefined : runtime.why
}

export const startSecureBroker = async (): Promise<SecureBroker> => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-secure-kafka-'))
  const authority = makeAuthority(dir, 'authority')
  const stranger = makeAuthority(dir, 'stranger')
  const server = authority.issue('server', { subject: 'CN=localhost' })
  const expired = authority.issue('expired', { subject: 'CN=localhost', days: -1 })
  const elsewhere = authority.issue('elsewhere', { subject: 'CN=broker.test', names: 'DNS:broker.test' })
  const client = authority.issue('client', { subject: 'CN=egress' })
  const issuer = await standInIssuer(server)
  const jwks = join(dir, 'jwks.json')
  writeFileSync(jwks, issuer.jwks)
  const jwksUrl = pathToFileURL(jwks).href
  const kafka = await startKafka({
    log: (line) => console.error(`[secure kafka] ${line}`),
    jvmArgs: [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${jwksUrl}`],
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS;User:egress;User:rotated;User:streamvane;User:CN=egress',
    },
    scram: USERS.flatMap((user) =>
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((name) => `${name}=[name=${user},password=${passwordOf(user)}]`),
    ),
    listeners: {
      TLS: { protocol: 'SSL', properties: keystore(server) },
      MTLS: {
        protocol: 'SSL',
        properties: {
          ...keystore(server),
          'ssl.client.auth': 'required',
          'ssl.truststore.type': 'PEM',
          'ssl.truststore.location': authority.caFile,
        },
      },
      EXPIRED: { protocol: 'SSL', properties: keystore(expired) },
      ELSEWHERE: { protocol: 'SSL', properties: keystore(elsewhere) },
      SASL: {
        protocol: 'SASL_SSL',
        properties: {
          ...keystore(server),
          'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
          'plain.sasl.jaas.config': `${module('plain.Plain')} ${USERS.map((user) => `user_${user}="${passwordOf(user)}"`).join(' ')};`,
          ...scram('256'),
          ...scram('512'),
        },
      },
      OAUTH: {
        protocol: 'SASL_SSL',
        properties: {
          ...keystore(server),
          'sasl.enabled.mechanisms': 'OAUTHBEARER',
          'oauthbearer.sasl.jaas.config': `${module('oauthbearer.OAuthBearer')};`,
          'oauthbearer.sasl.server.callback.handler.class':
            'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
          'sasl.oauthbearer.jwks.endpoint.url': jwksUrl,
          'sasl.oauthbearer.expected.issuer': ISSUER,
          'sasl.oauthbearer.expected.audience': AUDIENCE,
        },
      },
      // kafkajs authenticates again 10 s before its session ends.
      ROTATE: {
        protocol: 'SASL_PLAINTEXT',
        properties: {
          'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
          'connections.max.reauth.ms': 10_500,
          ...scram('512'),
        },
      },
    },
  })
  return {
    plain: kafka.brokers[0] as string,
    at: (listener) => kafka.listeners[listener] as string,
    dir,
    authority,
    stranger,
    client,
    issuer,
    passwordOf,
    setScramPassword: async (user, password) => {
      const change = ['--alter', '--entity-type', 'users', '--entity-name', user]
      const config = `SCRAM-SHA-512=[password=${password}]`
      await promisify(execFile)(javaBinary(), [
        ...['-XX:TieredStopAtLevel=1', '-cp', kafka.jars, 'kafka.admin.ConfigCommand'],
        ...['--bootstrap-server', kafka.brokers[0] as string, ...change, '--add-config', config],
      ])
    },
    stop: async () => {
      await Promise.all([kafka.stop(), issuer.close()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const keystore = ({ bundleFile }: Issued): Record<string, string> => ({
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': bundleFile,
})

const module = (name: string): string => `org.apache.kafka.common.security.${name}LoginModule required`

const scram = (bits: '256' | '512'): Record<string, string> => ({
  [`scram-sha-${bits}.sasl.jaas.config`]: `${module('scram.Scram')};`,
})
