import { readFileSync } from 'node:fs'
import { Secret } from '../../../credentials/secret.js'

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
  (path[0] === 'telemetry' && (path.at(-1) === 'connectionString' || path.at(-2) === 'headers'))

/**
 * An address without its user name and password. A password may hold any character, even an `@` or a slash that should
 * have been escaped, so everything before the last `@` is replaced.
 */
export const withoutCredentials = (address: string): string => address.replace(/^([a-z][\w+.-]*:\/\/).*@/is, '$1***@')

/** Top-level keys whose secrets are read at every use, as are those of the TLS of any endpoint. */
const readAgain: ReadonlySet<string> = new Set([
  ...['admin', 'egress', 'feeds', 'genesys', 'sources', 'telemetry', 'tls'],
])
const isReadAgain = ([top = '', below]: readonly string[]): boolean => readAgain.has(top) || below === 'tls'

type Tree = Record<string, unknown>
type Environment = Readonly<Record<string, string | undefined>>

/**
 * A copy of the configuration with references to secrets resolved: `{ env: NAME }` or `{ file: /run/secrets/name }`.
 * Where `isReadAgain` each secret becomes a `Secret`, which is read again whenever it is used; elsewhere its
 * text. The final line feed of a file is not part of its secret. Throws if a reference cannot be resolved.
 */
export const withSecrets = (tree: Tree, env: Environment, path: readonly string[] = []): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([key, value]) => {
      const at = [...path, key]
      if (isSecretAt(at)) return [key, secretAt(value, env, at)]
      if (Array.isArray(value)) return [key, value.map((item, index) => inside(item, env, [...at, String(index)]))]
      return [key, inside(value, env, at)]
    }),
  )

const inside = (value: unknown, env: Environment, path: readonly string[]): unknown =>
  isTree(value) ? withSecrets(value, env, path) : value

const secretAt = (value: unknown, env: Environment, path: readonly string[]): unknown => {
  const isRead = isReadAgain(path)
  if (!isTree(value)) return isRead && typeof value === 'string' ? Secret.literal(value) : value
  const secret = referred(value, env, path.join('.'))
  return isRead ? secret : secret.read()
}

const referred = (reference: Tree, env: Environment, path: string): Secret => {
  const { env: name, file, ...rest } = reference
  if (Object.keys(rest).length > 0 || (typeof name === 'string') === (typeof file === 'string'))
    throw new Error(`${path}: a reference to a secret is { env: NAME } or { file: path }`)
  if (typeof name === 'string') {
    const value = env[name]
    if (value === undefined || value === '') throw new Error(`${path}: the environment has no ${name}`)
    return Secret.literal(value, `the variable ${name}`)
  }
  try {
    readFileSync(file as string)
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}`, { cause })
  }
  return Secret.file(file as string)
}

/**
 * Secrets that are read at every use (`isReadAgain`) and stand in a configuration file as they are, as `path: what to
 * write`. A file is copied, checked in and backed up, and a secret in it cannot be rotated without a restart.
 */
export const literalSecrets = (tree: Tree, path: readonly string[] = []): readonly string[] =>
  Object.entries(tree).flatMap(([key, value]) => {
    const at = [...path, key]
    if (isSecretAt(at) && isReadAgain(at) && !isTree(value) && value !== null)
      return [
        `${at.join('.')}: a secret does not stand in the file: write { file: /run/secrets/name } or { env: NAME }`,
      ]
    if (key === 'url' && isReadAgain(at) && typeof value === 'string' && withoutCredentials(value) !== value)
      return [
        `${at.join('.')}: a secret does not stand in the file: write username, and password as { file: … } or { env: NAME }`,
      ]
    if (Array.isArray(value))
      return value.flatMap((item, index) => (isTree(item) ? literalSecrets(item, [...at, String(index)]) : []))
    return isTree(value) ? literalSecrets(value, at) : []
  })

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
