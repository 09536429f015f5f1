import { readFileSync } from 'node:fs'
import { vaultsOf, type Vaults } from '../../credentials/vaults/vaults.js'
import type { Profile } from '../../domain/profile.js'
import type { Zone } from '../../domain/zone.js'
import { withInherited } from './sinks/egress-sinks.js'
import { profileSchema } from './profile/profile-schema.js'
import { limitText, type Limit } from './feeds/feed-schema.js'
import { withStandIns } from './environments/stand-ins.js'
import { listOf, respell, scalar, setAt, valueAt } from './layers/given-text.js'
import { isTree, overlaid, type Layer, type Tree } from './layers/layer.js'
import { isStore, storeLayers, type StoreLayer } from './layers/store.js'
import { yaml } from './layers/yaml.js'
import { periodText } from './period.js'
import { ConfigError, configSchema, type Config } from './schema.js'
import { withPresets, withSourcePresets } from './connections/kafka-presets.js'
import { withTopicPrefixes } from './connections/kafka-topic-prefix.js'
import { isSecretAt, literalSecrets, secretKeys, withoutCredentials, withSecrets } from './secrets/secrets.js'

/** A warning would quote the text, for example an unknown tag. */
const QUIET = { logLevel: 'error' } as const

/**
 * Where the configuration comes from. Of several files each is laid over those before it. A store of settings
 * (`appconfig:https://…`) may stand among them; `withStores` has read it.
 */
export type ConfigSources = Readonly<{
  file?: string | readonly string[] | undefined
  stores?: ReadonlyMap<string, StoreLayer>
  env?: Readonly<Record<string, string | undefined>>
  flags?: Readonly<Record<string, unknown>>
}>

/**
 * Loads the configuration from defaults, files, environment and flags; later sources override earlier ones. Unknown keys
 * are errors. The environment names a key by its path in upper snake case, levels joined by two underscores:
 * `STREAMVANE_INGRESS__PORT=8081`; a list is written as in YAML or with commas. `KAFKA_BROKERS` (comma-separated),
 * `SCHEMA_REGISTRY_URL` and `EVENTSTOREDB_URL` are read as well. A secret may be a reference; what is in a vault is read
 * by `openConfig` only. Throws `ConfigError`.
 */
export const loadConfig = (sources: ConfigSources, vaults?: Vaults): Config => mergedConfig(sources, vaults).checked()

/**
 * The configuration with secrets from vaults. One that a vault does not give leaves the configuration as it is: its
 * `read` says why (`assertSecretsRead`). Throws `ConfigError`.
 */
export const openConfig = async (
  sources: ConfigSources,
  vaults: Vaults = vaultsOf(sources.env ?? {}),
): Promise<Config> => {
  const merged = mergedConfig(sources, vaults)
  await vaults.load()
  return merged.checked()
}

/**
 * What files say, to be compared and not to be used: a stand-in is in the place of each secret, so that nothing is read
 * that belongs to another environment. Equal references have equal stand-ins. Throws `ConfigError`.
 */
export const loadForComparison = (files: readonly string[]): Config => {
  const environment = fromEnvironment({})
  const { tree, env } = withStandIns(overlaid(layersFrom({ file: files }, environment)))
  return checkedConfig(secretsIn(tree, env, vaultsOf(env)), environment.texts, {})
}

/** The same sources, with what the stores among them say. Throws `ConfigError` where one cannot be read. */
export const withStores = async (sources: ConfigSources): Promise<ConfigSources> => ({
  ...sources,
  stores: await storeLayers([sources.file ?? []].flat(), sources.env ?? {}),
})

/** The sources put together. `checked` holds them against the schema, which looks into some secrets. */
const mergedConfig = (
  sources: ConfigSources,
  vaults: Vaults = vaultsOf(sources.env ?? {}),
): Readonly<{ checked: () => Config }> => {
  const { env = {}, flags = {} } = sources
  const environment = fromEnvironment(env)
  const given = overlaid(layersFrom(sources, environment))
  const texts = new Map([...textsInForce(sources, given), ...environment.texts])
  const tree = secretsIn(given, env, vaults)
  return { checked: () => checkedConfig(tree, texts, flags) }
}

/** By path the texts of stores that no stronger source has replaced. */
const textsInForce = ({ stores }: ConfigSources, given: Tree): readonly (readonly [string, string])[] =>
  [...(stores?.values() ?? [])].flatMap(({ tree, texts }) =>
    [...texts].filter(([key]) => valueAt(given, key.split('.')) === valueAt(tree, key.split('.'))),
  )

const checkedConfig = (tree: Tree, texts: ReadonlyMap<string, string>, flags: Readonly<Tree>): Config => {
  const parse = () =>
    configSchema.safeParse({
      ...tree,
      ...(isTree(tree['egress']) && { egress: withPresets(withTopicPrefixes(withInherited(tree['egress']))) }),
      ...(Array.isArray(tree['sources']) && { sources: withSourcePresets(tree['sources']) }),
    })
  let parsed = parse()
  if (!parsed.success && respell(tree, texts, flags, parsed.error.issues)) parsed = parse()
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`)
  throw new ConfigError(
    `the configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.join('\n')}`,
  )
}

/** What each source says, the weakest first. Throws `ConfigError` where a file cannot be read. */
export const configLayers = (sources: ConfigSources): readonly Layer[] =>
  layersFrom(sources, fromEnvironment(sources.env ?? {}))

const layersFrom = ({ file, stores, flags = {} }: ConfigSources, environment: Environment): readonly Layer[] => [
  ...[file ?? []]
    .flat()
    .map((each): Layer => ({ tree: stores?.get(each)?.tree ?? readConfigFile(each), nameAt: () => each })),
  { tree: environment.tree, nameAt: (path) => environment.names.get(path.join('.')) ?? 'the environment' },
  { tree: flags, nameAt: (path) => flagNames[path.join('.')] ?? 'a flag' },
]

/** Flags that every command has, by the setting that each gives. */
const flagNames: Readonly<Record<string, string>> = {
  ...{ data: '--data', tenant: '--tenant', 'log.kind': '--log', logLevel: '--log-level' },
}

/** Loads a profile file, YAML or JSON. Throws `ConfigError`. */
export const loadProfile = (file: string): Profile => {
  const parsed = profileSchema.safeParse(readConfigFile(file))
  if (parsed.success) return parsed.data
  throw new ConfigError(
    `profile ${file}:\n${parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`).join('\n')}`,
  )
}

/**
 * The configuration for display: secrets redacted, zones by their names, periods and tolerances as they are written. What
 * it shows loads to the same configuration, secrets aside. Of the address of a webhook only the host is shown: many
 * services have a secret in its path.
 */
export const redacted = (config: Config): unknown =>
  JSON.parse(JSON.stringify(config, written), function (this: unknown, key: string, value: unknown) {
    if (typeof value !== 'string') return value
    if (secretKeys.has(key)) return '***'
    return key === 'url' && (this as Tree)['use'] === 'webhooks' ? hostAlone(value) : withoutCredentials(value)
  })

const periodKeys: ReadonlySet<string> = new Set(['cutOff', 'every', 'delay'])

/** A value as the loader takes it. */
export const written = (key: string, value: unknown): unknown => {
  if (key === 'zone') return (value as Zone).name
  if (periodKeys.has(key) && typeof value === 'number') return periodText(value)
  if (isRoute(value)) {
    const { topic: name, ...rest } = value
    return { name, ...rest }
  }
  return key === 'tolerances' && isTree(value)
    ? Object.fromEntries(Object.entries(value).map(([column, limit]) => [column, limitText(limit as Limit)]))
    : value
}

/** A topic of rows with its settings. */
const isRoute = (value: unknown): value is Tree =>
  isTree(value) && typeof value['topic'] === 'string' && typeof value['records'] === 'string'

const hostAlone = (address: string): string => (URL.canParse(address) ? `${new URL(address).origin}/***` : '***')

const secretsIn = (tree: Tree, env: Readonly<Record<string, string | undefined>>, vaults: Vaults): Tree => {
  try {
    return withSecrets(tree, env, vaults)
  } catch (cause) {
    throw new ConfigError((cause as Error).message)
  }
}

/** The mapping in a YAML or JSON file. Throws `ConfigError`, also where a secret stands in it as it is. */
export const readConfigFile = (file: string): Tree => {
  if (isStore(file)) throw new ConfigError(`${file}: a store of settings is not read here; give a file`)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`cannot read ${file}: ${(cause as Error).message}`)
  }
  const tree = parsedTree(file, text)
  const literals = literalSecrets(tree)
  if (literals.length > 0) throw new ConfigError(`${file}:\n  ${literals.join('\n  ')}`)
  return tree
}

/**
 * Parses the text of a file. No message quotes the text: the line in which the error is may hold a secret. An alias
 * that refers to itself is refused, because nothing that walks the tree would end.
 */
const parsedTree = (file: string, text: string): Tree => {
  let tree: unknown
  try {
    tree = yaml().parse(text, QUIET) ?? {}
  } catch (cause) {
    throw new ConfigError(`${file} is not valid YAML or JSON: ${yamlProblem(cause)}`)
  }
  if (!isTree(tree)) throw new ConfigError(`${file} is not valid YAML or JSON: expected a mapping at the top level`)
  if (refersToItself(tree, []))
    throw new ConfigError(`${file} is not valid YAML or JSON: an alias refers to a mapping or list that contains it`)
  return tree
}

const yamlProblem = (cause: unknown): string => {
  if (!(cause instanceof yaml().YAMLError))
    return cause instanceof ReferenceError ? 'an alias without an anchor' : 'unreadable'
  const [{ line, col }] = cause.linePos ?? [{ line: 0, col: 0 }]
  return `${cause.code.toLowerCase().replaceAll('_', ' ')} at line ${line}, column ${col}`
}

const refersToItself = (value: unknown, above: readonly unknown[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (above.includes(value) || Object.values(value).some((below) => refersToItself(below, [...above, value])))

const PREFIX = 'STREAMVANE_'
/** Variables with the prefix that are not settings. */
const notConfiguration = new Set([
  'STREAMVANE_REQUIRE_AUDIT',
  'STREAMVANE_REQUIRE_BROWSER',
  'STREAMVANE_REQUIRE_DEPLOY_TOOLS',
  'STREAMVANE_REQUIRE_EVENTSTOREDB',
  'STREAMVANE_REQUIRE_KAFKA',
  'STREAMVANE_REQUIRE_PROMETHEUS',
  'STREAMVANE_REQUIRE_SUPPLY_CHAIN_TOOLS',
  'STREAMVANE_CHROMIUM',
  'STREAMVANE_HEALTHCHECK_URL',
  'STREAMVANE_SCREENSHOTS',
  'STREAMVANE_CACHE',
  'STREAMVANE_CONFIG',
  'STREAMVANE_FUZZ',
  'STREAMVANE_FUZZ_SEED',
  'STREAMVANE_LAW_SHARE',
  'STREAMVANE_OPERATOR',
  'STREAMVANE_ADMIN_TOKEN',
])

/** The settings in the environment. By path: the text of each value, and the variable that gives it. */
type Environment = Readonly<{ tree: Tree; texts: ReadonlyMap<string, string>; names: ReadonlyMap<string, string> }>

const fromEnvironment = (env: Readonly<Record<string, string | undefined>>): Environment => {
  const tree: Tree = {}
  const texts = new Map<string, string>()
  const names = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(PREFIX) || notConfiguration.has(name)) continue
    const path = name.slice(PREFIX.length).split('__').map(camelCase)
    setAt(tree, path, isSecretAt(path) ? value : scalar(value))
    texts.set(path.join('.'), value)
    names.set(path.join('.'), name)
  }
  const known = (name: string, path: readonly string[], valueOf: (text: string) => unknown): void => {
    const value = env[name]
    if (value === undefined || value === '') return
    setAt(tree, path, valueOf(value))
    names.set(path.join('.'), name)
  }
  known('KAFKA_BROKERS', ['egress', 'kafka', 'brokers'], listOf)
  known('EVENTSTOREDB_URL', ['log', 'eventstoredb', 'connectionString'], String)
  known('SCHEMA_REGISTRY_URL', ['egress', 'kafka', 'registry', 'url'], String)
  return { tree, texts, names }
}

const camelCase = (word: string): string =>
  word.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
