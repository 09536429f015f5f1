import { z } from 'zod'
import { connectionStringFault } from '../../log/eventstoredb/connection-string.js'
import { HOUR_MS } from '../../domain/interval.js'
import { isTenant } from '../../domain/stream-name.js'
import { checkpointMismatchCodes } from '../pipeline/projector/checkpoint-check.js'
import { adminSchema } from './admin-schema.js'
import { auditSchema } from './audit-schema.js'
import { topicName } from './sinks/egress-schema.js'
import { egressFaults, egressSchema } from './sinks/egress-sinks.js'
import { genesysFault, genesysSchema } from './genesys-schema.js'
import { feedsSchema } from './feeds/feed-schema.js'
import { feedFaults } from './feeds/feed-faults.js'
import { profileSchema } from './profile/profile-schema.js'
import { secret, secretText } from './secrets/secret-schema.js'
import { sourceFaults, sourcesSchema } from './sources/sources-schema.js'
import { telemetryFault, telemetrySchema } from './telemetry-schema.js'
import { endpointTlsSchema, tlsFaults, tlsSchema } from './tls-schema.js'

/** A configuration that cannot be used. The message lists every problem with its key. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const port = z.number().int().min(0).max(65_535)
const ms = z.number().int().min(0)
const DAY_MS = 24 * HOUR_MS

const encryptionSchema = z.strictObject({
  /** 32 bytes in base64; several keys are separated by white space. The first wraps new data keys, all unwrap. */
  key: secret,
  /** The folder of the data keys; default: `keys` in the data folder. */
  folder: z.string().min(1).optional(),
  /** `false`: new events are stored as they are, and encrypted ones stay readable. */
  enabled: z.boolean().default(true),
})

const eventStoreDbSchema = z.strictObject({
  /** `esdb://…` or `esdb+discover://…`, or the same with `kurrentdb`. */
  connectionString: z.string().default(''),
  username: z.string().optional(),
  password: secret.optional(),
  /** PEM file with the certificate of the authority that signed the server's certificate. */
  tlsCaFile: z.string().optional(),
  /** The client certificate as a PEM file, and its key as PEM text, usually given as a reference to a secret. */
  clientCertificateFile: z.string().optional(),
  clientKey: secret.optional(),
  deadlineMs: ms.optional(),
  keepAliveMs: ms.optional(),
  /** Parallel readers of a long range of the raw log. */
  readers: z.number().int().min(1).max(16).default(1),
})

/** What a sender can put into an Authorization header, and the ingress reads there. */
const ingressTokenFault = (token: string): string | undefined =>
  /^[\x21-\x7e]*$/.test(token)
    ? token.length < 16
      ? 'at least 16 characters'
      : undefined
    : 'printable ASCII without blanks only'

export const configSchema = z
  .strictObject({
    tenant: z.string().refine(isTenant, 'lower-case letters, digits, - and _ only, 63 at most').default('default'),
    /** Folder of the embedded log and of local state. */
    data: z.string().min(1).default('./data'),
    log: z
      .strictObject({
        /** `embedded`: in the data folder. `eventstoredb`: on the server that `eventstoredb` describes. */
        kind: z.enum(['embedded', 'eventstoredb']).default('embedded'),
        eventstoredb: eventStoreDbSchema.prefault({}),
        /** Raw events and dead letters are encrypted where they are stored (docs/encryption.md). */
        encryption: encryptionSchema.optional(),
      })
      .prefault({}),
    /** TLS of every endpoint that has no `tls` of its own (docs/deploy/tls.md). */
    tls: tlsSchema.optional(),
    ingress: z
      .strictObject({
        /** Whether events are taken by HTTP; `false` where they come from `sources` alone. */
        enabled: z.boolean().default(true),
        host: z.string().default('127.0.0.1'),
        port: port.default(8080),
        /** Bearer token; required unless bound to loopback. */
        token: secretText(ingressTokenFault).optional(),
        /** A header that may carry the token as it is, for senders that cannot set Authorization (`x-api-key`). */
        tokenHeader: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/, 'the name of a header, as x-api-key')
          .transform((name) => name.toLowerCase())
          .optional(),
        bodyMaxBytes: z
          .number()
          .int()
          .min(1024)
          .default(10 * 1024 * 1024),
        batchMax: z.number().int().min(1).default(10_000),
        tls: endpointTlsSchema.optional(),
      })
      .prefault({}),
    health: z
      .strictObject({
        host: z.string().default('127.0.0.1'),
        /**
         * Where `/livez` and `/readyz` are served. Without it the ingress serves them at its own port, a
         * projector without an ingress at the port after that, and an egress alone at the next.
         */
        port: port.optional(),
        tls: endpointTlsSchema.optional(),
      })
      .prefault({}),
    /** The admin API (docs/admin-api.md); `false`: none. */
    admin: z.union([z.literal(false), adminSchema]).optional(),
    clock: z
      .strictObject({
        /**
         * `wall`: ticks follow the machine's clock. `event-time`: ticks follow the times of events, for simulations and
         * backfills. `off`: no ticks, so intervals do not close by themselves.
         */
        mode: z.enum(['wall', 'event-time', 'off']).default('wall'),
        everyMs: z.number().int().min(100).default(10_000),
        /** A tick of the wall clock further than this beyond the last tick and the latest event is held. */
        jumpMaxMs: z.number().int().min(60_000).default(HOUR_MS),
      })
      .prefault({}),
    profile: profileSchema.prefault({}),
    projector: z
      .strictObject({
        batchMax: z.number().int().min(1).max(100_000).default(20_000),
        /**
         * Threads that decode long runs of raw events, beside the one that folds. By default one for each other core,
         * four at most.
         */
        decodingThreads: z.number().int().min(0).max(64).optional(),
        /** Mismatches between the checkpoint and the raw log with which the projector goes on all the same. */
        acceptCheckpoint: z.array(z.enum(checkpointMismatchCodes)).default([]),
        /** Of the stage points: several processes divide the buckets by a consumer group of Kafka. */
        shards: z
          .strictObject({
            /** By default `streamvane.<tenant>.buckets`. It has a partition for each bucket and stays empty. */
            controlTopic: topicName.optional(),
            /** By default the name of the control topic. */
            group: z.string().min(1).optional(),
            /** A process that is not heard of for this long loses its buckets to the others. */
            sessionTimeoutMs: z.number().int().min(1_000).max(300_000).default(10_000),
          })
          .prefault({}),
      })
      .prefault({}),
    sources: sourcesSchema,
    egress: egressSchema.prefault({}),
    /** Feeds that are fetched by others, or delivered to them (docs/feeds.md). */
    feeds: feedsSchema.prefault({}),
    audit: auditSchema.prefault({}),
    /** Secrets that stand in a vault. */
    secrets: z
      .strictObject({
        /** How often they are read anew. One that a destination refuses is read anew at once. */
        refreshMs: z.number().int().min(1_000).max(DAY_MS).default(300_000),
      })
      .prefault({}),
    /** The organisation in Genesys Cloud (docs/sources/genesys.md). */
    genesys: genesysSchema.optional(),
    /** What the process tells of itself (docs/telemetry). */
    telemetry: telemetrySchema.prefault({}),
    logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .superRefine((config, context) => {
    const { connectionString, username, password, clientCertificateFile, clientKey } = config.log.eventstoredb
    const server = (field: string, message: string): void => {
      context.addIssue({ code: 'custom', path: ['log', 'eventstoredb', field], message })
    }
    if (config.log.kind === 'eventstoredb' && !/^(esdb|kurrentdb)(\+discover)?:\/\//i.test(connectionString))
      server(
        'connectionString',
        'log.kind is eventstoredb: say where it is, esdb://host:2113?tls=true or kurrentdb://… (or EVENTSTOREDB_URL)',
      )
    else if (config.log.kind === 'eventstoredb') {
      const fault = connectionStringFault(connectionString)
      if (fault !== undefined) server('connectionString', fault)
    }
    if ((username === undefined) !== (password === undefined)) server('username', 'username and password go together')
    if ((clientCertificateFile === undefined) !== (clientKey === undefined))
      server('clientCertificateFile', 'clientCertificateFile and clientKey go together')
    const genesys = config.genesys === undefined ? undefined : genesysFault(config.genesys)
    if (genesys !== undefined) context.addIssue({ code: 'custom', path: ['genesys', 'region'], message: genesys })
    const telemetry = telemetryFault(config.telemetry)
    if (telemetry !== undefined) context.addIssue({ code: 'custom', path: ['telemetry', 'traces'], message: telemetry })
    for (const { path, message } of tlsFaults(config)) context.addIssue({ code: 'custom', path: [...path], message })
    for (const { path, message } of feedFaults(config.feeds, config.profile))
      context.addIssue({ code: 'custom', path: ['feeds', ...path], message })
    for (const { path, message } of egressFaults(config.egress))
      context.addIssue({ code: 'custom', path: ['egress', ...path], message })
    for (const { path, message } of sourceFaults(config.sources))
      context.addIssue({ code: 'custom', path: ['sources', ...path], message })
  })

export type Config = z.infer<typeof configSchema>
