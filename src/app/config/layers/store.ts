import type { StoredSetting } from '../../../azure/app-configuration.js'
import { ConfigError } from '../schema.js'
import { isSecretAt, literalSecrets } from '../secrets/secrets.js'
import { scalar, setAt } from './given-text.js'
import type { Tree } from './layer.js'

type Environment = Readonly<Record<string, string | undefined>>

/** What a store says as a layer of the configuration; `texts`: by path the text of each value that may be of any type. */
export type StoreLayer = Readonly<{ tree: Tree; texts: ReadonlyMap<string, string> }>

const PREFIX = 'appconfig:'

/** Whether a source is a store of settings, and not a file. */
export const isStore = (source: string): boolean => source.startsWith(PREFIX)

/** Reads the stores among sources, each by its name as it is given. Throws `ConfigError`. */
export const storeLayers = async (
  sources: readonly string[],
  env: Environment,
): Promise<ReadonlyMap<string, StoreLayer>> =>
  new Map(await Promise.all(sources.filter(isStore).map(async (each) => [each, await storeLayer(each, env)] as const)))

const storeLayer = async (source: string, env: Environment): Promise<StoreLayer> => {
  try {
    // Loaded when a store is among the sources: most configurations are files.
    const { settingsStore, storedSettings } = await import('../../../azure/app-configuration.js')
    const settings = await storedSettings(settingsStore(source.slice(PREFIX.length)), env)
    const layer = layerOf(settings)
    const literals = literalSecrets(layer.tree)
    if (literals.length > 0) throw new Error(`\n  ${literals.join('\n  ')}`)
    return layer
  } catch (cause) {
    throw new ConfigError(`${source}: ${(cause as Error).message}`, { cause })
  }
}

/** A key `egress:kafka:brokers` (or with `/`) is the path of a setting; a later setting of the same key counts. */
const layerOf = (settings: readonly StoredSetting[]): StoreLayer => {
  const tree: Tree = {}
  const texts = new Map<string, string>()
  for (const { key, value, contentType } of settings) {
    const path = key.split(/[:/]/)
    if (path.some((word) => !/^[\w-]+$/.test(word)))
      throw new Error(`the key ${JSON.stringify(key)} is no path of a setting: write egress:kafka:brokers`)
    if (contentType === KEY_VAULT_REFERENCE) setAt(tree, path, referenceIn(value, path))
    else if (JSON_TYPE.test(contentType)) setAt(tree, path, jsonOf(value, path))
    else {
      setAt(tree, path, isSecretAt(path) ? value : scalar(value))
      texts.set(path.join('.'), value)
    }
  }
  return { tree, texts }
}

const KEY_VAULT_REFERENCE = 'application/vnd.microsoft.appconfig.keyvaultref+json'
const JSON_TYPE = /^application\/([\w.-]+\+)?json$/

const referenceIn = (value: string, path: readonly string[]): Tree => {
  if (!isSecretAt(path)) throw new Error(`${path.join('.')}: a reference to Key Vault stands where no secret is`)
  const { uri } = jsonOf(value, path) as { uri?: unknown }
  if (typeof uri !== 'string') throw new Error(`${path.join('.')}: the reference to Key Vault has no uri`)
  return { keyvault: uri }
}

/** The value may hold a secret, so it is not quoted. */
const jsonOf = (value: string, path: readonly string[]): unknown => {
  try {
    return JSON.parse(value)
  } catch {
    throw new Error(`${path.join('.')}: its content type says JSON, and it is none`)
  }
}
