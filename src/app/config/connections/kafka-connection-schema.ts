import { z } from 'zod'
import { entraIdentityKeys } from './entra-identity.js'
import { httpUrl, secret } from '../secrets/secret-schema.js'

const tlsKeys = {
  /** PEM file with the authorities that are trusted, in place of those that Node.js brings. */
  caFile: z.string().min(1).optional(),
  /** PEM file with the certificate of this client, and those of the authorities between. */
  clientCertificateFile: z.string().min(1).optional(),
  /** The key of that certificate, as PEM text. */
  clientKey: secret.optional(),
  clientKeyPassphrase: secret.optional(),
  /** Name that the broker's certificate must hold, where it is not the name of the address. */
  serverName: z.string().min(1).optional(),
}

/** `true`: TLS with the authorities of Node.js. */
export const sslSchema = z.union([z.boolean(), z.strictObject(tlsKeys)])

export type SslSettings = z.infer<typeof sslSchema>

export const saslSchema = z.discriminatedUnion('mechanism', [
  z.strictObject({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    username: z.string().min(1),
    password: secret,
  }),
  /** OAUTHBEARER with tokens of an OAuth 2.0 or OpenID Connect issuer, by client credentials. */
  z.strictObject({
    mechanism: z.literal('oauthbearer'),
    tokenUrl: httpUrl,
    clientId: z.string().min(1),
    clientSecret: secret,
    scope: z.string().min(1).optional(),
    audience: z.string().min(1).optional(),
    /** Sent to the broker with the token; Confluent Cloud wants `logicalCluster` and `identityPoolId`. */
    extensions: z.record(z.string().regex(/^[A-Za-z]+$/, 'letters only'), z.string()).optional(),
    /** Of the connection to the issuer. */
    ssl: sslSchema.optional(),
  }),
  /** OAUTHBEARER with tokens signed by credentials of AWS, which are found by the default chain. */
  z.strictObject({
    mechanism: z.literal('aws-msk-iam'),
    /** Default: that of the broker's address. */
    region: z.string().min(1).optional(),
  }),
  /** OAUTHBEARER with tokens of the service account that Google Cloud gives this process: Managed Kafka. */
  z.strictObject({ mechanism: z.literal('google') }),
  /** OAUTHBEARER with tokens of Microsoft Entra ID; one of `clientSecret`, `federatedTokenFile`, `managedIdentity`. */
  z.strictObject({
    mechanism: z.literal('entra-id'),
    ...entraIdentityKeys,
    /** Default: that of the broker's address. */
    scope: z.string().min(1).optional(),
    extensions: z.record(z.string().regex(/^[A-Za-z]+$/, 'letters only'), z.string()).optional(),
  }),
])

export type SaslConfig = z.infer<typeof saslSchema>

/** How the schema registry is reached; its compatibility and subjects are beside it. */
export const registryConnectionKeys = {
  url: httpUrl,
  username: z.string().optional(),
  password: secret.optional(),
  /** A bearer token, in place of name and password. */
  token: secret.optional(),
  ssl: sslSchema.optional(),
}

export const presets = ['self-managed', 'confluent-cloud', 'event-hubs'] as const
export type Preset = (typeof presets)[number]

/** The keys of a Kafka destination that say how it is reached. */
export const connectionKeys = {
  /** Settings that a kind of cluster implies (docs/kafka.md). Keys that are given win. */
  preset: z.enum(presets).default('self-managed'),
  /** Event Hubs: names the namespace and holds its key. */
  eventHubsConnectionString: secret.optional(),
  brokers: z.array(z.string().min(1)).default([]),
  ssl: sslSchema.default(false),
  sasl: saslSchema.optional(),
}

/** How a Kafka destination and its schema registry are reached. */
export type ConnectionConfig = z.infer<z.ZodObject<typeof connectionKeys>> &
  Readonly<{ clientId: string; registry?: z.infer<z.ZodObject<typeof registryConnectionKeys>> | undefined }>
