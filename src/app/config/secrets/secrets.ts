import { Secret } from '../../../credentials/secret.js'
import type { Vaults } from '../../../credentials/vaults/vaults.js'
import { isReference, isVaultReference, referredSecret, REFERENCE_FORMS } from './reference.js'

/** Keys of secrets: their values are never shown, and may be references. */
export const secretKeys: ReadonlySet<string> = new Set([
  ...['token', 'password', 'clientKey', 'signingKeys'],
  ...['clientKeyPassphrase', 'clientSecret', 'eventHubsConnectionString'],
  ...['secretAccessKey', 'sessionToken', 'storageConnectionString', 'accountKey', 'sas'],
  ...['privateKey', 'privateKeyPassphrase'],
  ...['serviceBusConnectionString'],
])

/**
 * Whether the value at a path is a secret. Of telemetry also what stands under names that others choose, or that are no
 * secrets elsewhere: the headers of a push, and the connection string of Application Insights.
 */
export const isSecretAt = (path: readonly string[]): boolean =>
  secretKeys.has(path.at(-1) ?? '') ||
  ['audit.key', 'log.encryption.key'].includes(path.join('.')) ||
  (path[0] === 'telemetry' && (path.at(-1) === 'connectionString' || path.at(-2) === 'headers'))

/**
 * An address without its user name and password. A password may hold any character, even an `@` or a slash that should
 * have been escaped, so everything before the last `@` is replaced.
 */
export const withoutCredentials = (address: string): string => address.replace(/^([a-z][\w+.-]*:\/\/).*@/is, '$1***@')

/** Top-level keys whose secrets do not stand in a file as they are; nor do those of the TLS of any endpoint and of encryption. */
const neverLiteral: ReadonlySet<string> = new Set([
  ...['admin', 'egress', 'feeds', 'genesys', 'sources', 'telemetry', 'tls'],
])
const isNeverLiteral = ([top = '', below]: readonly string[]): boolean =>
  neverLiteral.has(top) || below === 'tls' || below === 'encryption'

type Tree = Record<string, unknown>
type Environment = Readonly<Record<string, string | undefined>>

/**
 * A copy of the configuration in which each secret is a `Secret`: of the text that stands there, or of what a reference
 * names. Secrets of vaults are not read here. Throws if a reference is not one, or its variable or file is not there.
 */
export const withSecrets = (tree: Tree, env: Environment, vaults: Vaults, path: readonly string[] = []): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([key, value]) => {
      const at = [...path, key]
      if (isSecretAt(at)) return [key, secretAt(value, { env, vaults, path: at })]
      if (Array.isArray(value))
        return [key, value.map((item, index) => inside(item, env, vaults, [...at, String(index)]))]
      return [key, inside(value, env, vaults, at)]
    }),
  )

const inside = (value: unknown, env: Environment, vaults: Vaults, path: readonly string[]): unknown =>
  isTree(value) ? withSecrets(value, env, vaults, path) : value

const secretAt = (
  value: unknown,
  { path, ...given }: Readonly<{ env: Environment; vaults: Vaults; path: readonly string[] }>,
): unknown => {
  // The key of the log's signature is looked for when something is signed: other commands do without.
  if (path.join('.') === 'audit.key' && !isVaultReference(value)) return value
  if (isTree(value) || isReference(value)) return referredSecret(value, { ...given, path: path.join('.') })
  return typeof value === 'string' ? Secret.literal(value) : value
}

/** The secrets of a configuration, each with its path. */
export const secretsOf = (value: unknown, path = ''): readonly Readonly<{ path: string; secret: Secret }>[] => {
  if (value instanceof Secret) return [{ path, secret: value }]
  if (!Array.isArray(value) && !isTree(value)) return []
  return Object.entries(value).flatMap(([key, below]) => secretsOf(below, path === '' ? key : `${path}.${key}`))
}

/**
 * Secrets (`isNeverLiteral`) that stand in a configuration file as they are, as `path: what to write`. A file is copied, checked in and backed up, and a secret in it cannot be rotated without a restart.
 */
export const literalSecrets = (tree: Tree, path: readonly string[] = []): readonly string[] =>
  Object.entries(tree).flatMap(([key, value]) => {
    const at = [...path, key]
    if (isSecretAt(at) && isNeverLiteral(at) && !isTree(value) && value !== null && !isReference(value))
      return [`${at.join('.')}: a secret does not stand in the file: write ${REFERENCE_FORMS}`]
    if (key === 'url' && isNeverLiteral(at) && typeof value === 'string' && withoutCredentials(value) !== value)
      return [
        `${at.join('.')}: a secret does not stand in the file: write username, and password as { file: … } or { env: NAME }`,
      ]
    if (Array.isArray(value))
      return value.flatMap((item, index) => (isTree(item) ? literalSecrets(item, [...at, String(index)]) : []))
    return isTree(value) ? literalSecrets(value, at) : []
  })

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
