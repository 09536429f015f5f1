import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { familyNames, type FamilyName } from '../../domain/family.js'
import type { Profile } from '../../domain/profile.js'
import { isTenant } from '../../domain/stream-name.js'
import { kafkaDefaults } from '../../egress/kafka/options.js'
import { defaultTopicNames } from '../../egress/topics.js'
import { profileSchema } from './profile-schema.js'
import { secretKeys, withSecrets } from './secrets.js'

/** What is wrong with the configuration: every problem at once, each with the key it is about. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const port = z.number().int().min(0).max(65_535)
const ms = z.number().int().min(0)

/** A topic for each family. */
const topicSchemas = Object.fromEntries(
  familyNames.map((family) => [family, z.string().min(1).default(defaultTopicNames[family])]),
) as Readonly<Record<FamilyName, z.ZodDefault<z.ZodString>>>

const kafkaSchema = z.strictObject({
  brokers: z.array(z.string().min(1)).default([]),
  clientId: z.string().default(kafkaDefaults.clientId),
  ssl: z.boolean().default(false),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string(),
      password: z.string(),
    })
    .optional(),
  format: z.enum(['avro', 'json']).default('avro'),
  registry: z
    .strictObject({ url: z.string(), username: z.string().optional(), password: z.string().optional() })
    .optional(),
  /** Stable name of this egress at the broker; default `streamvane.<tenant>.kafka`. */
  transactionalId: z.string().optional(),
  compression: z.enum(['none', 'gzip']).default(kafkaDefaults.compression),
  /** -1: what the broker is set to. */
  replicationFactor: z.number().int().min(-1).default(kafkaDefaults.replicationFactor),
  progressTopic: z.string().default(kafkaDefaults.progressTopic),
  topics: z
    .strictObject({
      ...topicSchemas,
      /** One topic for all families instead. */
      consolidated: z.string().min(1).optional(),
    })
    .prefault({}),
  /** What `topics apply` creates topics with. */
  partitions: z.number().int().min(1).default(kafkaDefaults.partitions),
  cleanup: z.enum(['delete', 'compact']).default(kafkaDefaults.cleanup),
  retentionMs: z.number().int().min(-1).default(kafkaDefaults.retentionMs),
})

const eventStoreDbSchema = z.strictObject({
  /** `esdb://…` or `esdb+discover://…`. */
  connectionString: z.string().default(''),
  username: z.string().optional(),
  password: z.string().optional(),
  /** PEM file of the authority that signed the server's certificate. */
  tlsCaFile: z.string().optional(),
  /** Who we are by certificate: a PEM file, and the key as PEM text (best as a reference). */
  clientCertificateFile: z.string().optional(),
  clientKey: z.string().optional(),
  deadlineMs: ms.optional(),
  keepAliveMs: ms.optional(),
  /** Connections that read a long stretch of the raw log at the same time. */
  readers: z.number().int().min(1).max(16).default(1),
})

const configSchema = z
  .strictObject({
    tenant: z.string().refine(isTenant, 'lower-case letters, digits, - and _ only, 63 at most').default('default'),
    /** Folder of the embedded log and local state. */
    data: z.string().min(1).default('./data'),
    log: z
      .strictObject({
        /** `embedded`: in the data folder. `eventstoredb`: on the server that `eventstoredb` describes. */
        kind: z.enum(['embedded', 'eventstoredb']).default('embedded'),
        eventstoredb: eventStoreDbSchema.prefault({}),
      })
      .prefault({}),
    ingress: z
      .strictObject({
        host: z.string().default('127.0.0.1'),
        port: port.default(8080),
        /** Bearer token; required unless bound to loopback. */
        token: z.string().min(16, 'at least 16 characters').optional(),
        bodyMaxBytes: z
          .number()
          .int()
          .min(1024)
          .default(10 * 1024 * 1024),
        batchMax: z.number().int().min(1).default(10_000),
      })
      .prefault({}),
    clock: z
      .strictObject({
        /**
         * `wall`: by the machine's clock. `event-time`: by what the events say, for simulations and backfills. `off`:
         * intervals never close by themselves.
         */
        mode: z.enum(['wall', 'event-time', 'off']).default('wall'),
        everyMs: z.number().int().min(100).default(10_000),
      })
      .prefault({}),
    profile: profileSchema.prefault({}),
    projector: z.strictObject({ batchMax: z.number().int().min(1).max(100_000).default(20_000) }).prefault({}),
    egress: z
      .strictObject({
        /** `auto`: Kafka if brokers are configured, else files. */
        sink: z.enum(['auto', 'kafka', 'files', 'none']).default('auto'),
        batchMax: z.number().int().min(1).max(10_000).default(2_000),
        kafka: kafkaSchema.prefault({}),
        files: z
          .strictObject({
            /** Default: `files` in the data folder. */
            dir: z.string().optional(),
            formats: z
              .array(z.enum(['avro', 'jsonl']))
              .min(1)
              .default(['avro', 'jsonl']),
            fileBytesMax: z
              .number()
              .int()
              .min(1024)
              .default(256 * 1024 * 1024),
          })
          .prefault({}),
      })
      .prefault({}),
    logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .superRefine((config, context) => {
    const { connectionString, username, password, clientCertificateFile, clientKey } = config.log.eventstoredb
    const server = (field: string, message: string): void => {
      context.addIssue({ code: 'custom', path: ['log', 'eventstoredb', field], message })
    }
    if (config.log.kind === 'eventstoredb' && !/^esdb(\+discover)?:\/\//.test(connectionString))
      server(
        'connectionString',
        'log.kind is eventstoredb: say where it is, esdb://host:2113?tls=true (or EVENTSTOREDB_URL)',
      )
    if ((username === undefined) !== (password === undefined)) server('username', 'username and password go together')
    if ((clientCertificateFile === undefined) !== (clientKey === undefined))
      server('clientCertificateFile', 'clientCertificateFile and clientKey go together')
    if (config.egress.sink === 'kafka' && config.egress.kafka.brokers.length === 0)
      context.addIssue({
        code: 'custom',
        path: ['egress', 'kafka', 'brokers'],
        message: 'sink is kafka but no broker is named (KAFKA_BROKERS or egress.kafka.brokers)',
      })
    if (
      sinkKind(config) === 'kafka' &&
      config.egress.kafka.format === 'avro' &&
      config.egress.kafka.registry === undefined
    )
      context.addIssue({
        code: 'custom',
        path: ['egress', 'kafka', 'registry'],
        message:
          'Avro needs a schema registry (SCHEMA_REGISTRY_URL or egress.kafka.registry.url); or set egress.kafka.format: json',
      })
  })

export type Config = z.infer<typeof configSchema>

/** Which sink `egress.sink: auto` means. */
export const sinkKind = (config: Pick<Config, 'egress'>): 'kafka' | 'files' | 'none' =>
  config.egress.sink === 'auto' ? (config.egress.kafka.brokers.length > 0 ? 'kafka' : 'files') : config.egress.sink

type Tree = Record<string, unknown>

/**
 * Configuration from (weakest first) defaults, file, environment, flags; one schema, unknown keys are errors. The
 * environment names a key by its path in upper snake case, levels joined by two underscores:
 * `STREAMVANE_INGRESS__PORT=8081`; a list is spelled as in YAML or with commas. `KAFKA_BROKERS` (comma-separated),
 * `SCHEMA_REGISTRY_URL` and `EVENTSTOREDB_URL` are known as well. A secret may be a reference. Throws `ConfigError`.
 */
export const loadConfig = (
  sources: Readonly<{
    file?: string | undefined
    env?: Readonly<Record<string, string | undefined>>
    flags?: Readonly<Record<string, unknown>>
  }>,
): Config => {
  const { flags = {} } = sources
  const environment = fromEnvironment(sources.env ?? {})
  const tree = secretsIn(merge(merge(readFile(sources.file), environment.tree), flags), sources.env ?? {})
  let parsed = configSchema.safeParse(tree)
  if (!parsed.success && respell(tree, environment.texts, flags, parsed.error.issues))
    parsed = configSchema.safeParse(tree)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`)
  throw new ConfigError(
    `the configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.join('\n')}`,
  )
}

/** Reads and checks a profile file (YAML or JSON). Throws `ConfigError`. */
export const loadProfile = (file: string): Profile => {
  const parsed = profileSchema.safeParse(readFile(file))
  if (parsed.success) return parsed.data
  throw new ConfigError(
    `profile ${file}:\n${parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`).join('\n')}`,
  )
}

/** The configuration without what must not be shown, and the zone by its name, as it is written. */
export const redacted = (config: Config): unknown =>
  JSON.parse(
    JSON.stringify({ ...config, profile: { ...config.profile, zone: config.profile.zone.name } }),
    (key, value: unknown) =>
      typeof value !== 'string'
        ? value
        : secretKeys.has(key)
          ? '***'
          : value.replace(/^(\w+(?:\+\w+)?:\/\/)[^/@]*@/, '$1***@'),
  )

const secretsIn = (tree: Tree, env: Readonly<Record<string, string | undefined>>): Tree => {
  try {
    return withSecrets(tree, env)
  } catch (cause) {
    throw new ConfigError((cause as Error).message)
  }
}

const readFile = (file: string | undefined): Tree => {
  if (file === undefined) return {}
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`cannot read ${file}: ${(cause as Error).message}`)
  }
  try {
    const tree: unknown = parseYaml(text) ?? {}
    if (typeof tree !== 'object' || Array.isArray(tree)) throw new Error('expected a mapping at the top level')
    return tree as Tree
  } catch (cause) {
    throw new ConfigError(`${file} is not valid YAML or JSON: ${(cause as Error).message}`)
  }
}

const PREFIX = 'STREAMVANE_'
/** Read by the test set-up and the demo, not by the product. */
const notConfiguration = new Set([
  'STREAMVANE_REQUIRE_KAFKA',
  'STREAMVANE_CACHE',
  'STREAMVANE_CONFIG',
  'STREAMVANE_FUZZ',
  'STREAMVANE_FUZZ_SEED',
])

type Environment = Readonly<{ tree: Tree; texts: ReadonlyMap<string, string> }>

/** The keys that the environment names, and by path how each value was spelled. */
const fromEnvironment = (env: Readonly<Record<string, string | undefined>>): Environment => {
  const tree: Tree = {}
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(PREFIX) || notConfiguration.has(name)) continue
    const path = name.slice(PREFIX.length).split('__').map(camelCase)
    set(tree, path, scalar(value))
    texts.set(path.join('.'), value)
  }
  const brokers = env['KAFKA_BROKERS']
  if (brokers !== undefined && brokers !== '') set(tree, ['egress', 'kafka', 'brokers'], listOf(brokers))
  const eventStore = env['EVENTSTOREDB_URL']
  if (eventStore !== undefined && eventStore !== '') set(tree, ['log', 'eventstoredb', 'connectionString'], eventStore)
  const registry = env['SCHEMA_REGISTRY_URL']
  if (registry !== undefined && registry !== '') set(tree, ['egress', 'kafka', 'registry', 'url'], registry)
  return { tree, texts }
}

/**
 * Only the schema knows what a value of the environment should have been: a password of digits is text, and `a:1,b:2` a
 * list. Takes such values anew from their spelling, unless a flag has overruled them; says whether there were any.
 */
const respell = (
  tree: Tree,
  texts: Environment['texts'],
  flags: Tree,
  issues: readonly z.core.$ZodIssue[],
): boolean => {
  let any = false
  for (const issue of issues) {
    const path = issue.path.map(String)
    const text = texts.get(path.join('.'))
    if (issue.code !== 'invalid_type' || text === undefined || at(flags, path) !== undefined) continue
    if (issue.expected === 'string') set(tree, path, text)
    else if (issue.expected === 'array') set(tree, path, listOf(text))
    else continue
    any = true
  }
  return any
}

const at = (tree: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((below, key) => (isTree(below) ? below[key] : undefined), tree)

const listOf = (text: string): readonly string[] => text.split(',').map((item) => item.trim())

const camelCase = (word: string): string =>
  word.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Numbers, booleans and lists are spelled as in YAML; everything else is text. */
const scalar = (value: string): unknown => {
  try {
    const parsed: unknown = parseYaml(value)
    return typeof parsed === 'number' || typeof parsed === 'boolean' || Array.isArray(parsed) ? parsed : value
  } catch {
    return value
  }
}

const set = (tree: Tree, path: readonly string[], value: unknown): void => {
  const [head, ...rest] = path
  if (head === undefined) return
  if (rest.length === 0) {
    tree[head] = value
    return
  }
  const below = (tree[head] ??= {})
  if (isTree(below)) set(below, rest, value)
  else throw new ConfigError(`${head} is given a value in one place, and keys below it (${rest.join('.')}) in another`)
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

const merge = (weak: Tree, strong: Readonly<Record<string, unknown>>): Tree => {
  const merged: Tree = { ...weak }
  for (const [key, value] of Object.entries(strong)) {
    if (value === undefined) continue
    const below = merged[key]
    merged[key] = isTree(below) && isTree(value) ? merge(below, value) : value
  }
  return merged
}
