import { readFileSync } from 'node:fs'

/** Keys of secrets: their values are never shown, and may be references. */
export const secretKeys: ReadonlySet<string> = new Set(['token', 'password', 'clientKey'])

/**
 * An address without its user name and password. A password may hold any character, even an `@` or a slash that should
 * have been escaped, so everything before the last `@` is replaced.
 */
export const withoutCredentials = (address: string): string => address.replace(/^([a-z][\w+.-]*:\/\/).*@/is, '$1***@')

type Tree = Record<string, unknown>
type Environment = Readonly<Record<string, string | undefined>>

/**
 * A copy of the configuration with references to secrets resolved: `{ env: NAME }` or `{ file: /run/secrets/name }`.
 * The final line feed of a file is not part of its secret. Throws if a reference cannot be resolved.
 */
export const withSecrets = (tree: Tree, env: Environment, path: readonly string[] = []): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([key, value]) => {
      if (!isTree(value)) return [key, value]
      const at = [...path, key]
      return [key, secretKeys.has(key) ? referred(value, env, at.join('.')) : withSecrets(value, env, at)]
    }),
  )

const referred = (reference: Tree, env: Environment, path: string): string => {
  const { env: name, file, ...rest } = reference
  if (Object.keys(rest).length > 0 || (typeof name === 'string') === (typeof file === 'string'))
    throw new Error(`${path}: a reference to a secret is { env: NAME } or { file: path }`)
  if (typeof name === 'string') {
    const value = env[name]
    if (value === undefined || value === '') throw new Error(`${path}: the environment has no ${name}`)
    return value
  }
  try {
    return readFileSync(file as string, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}`, { cause })
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)
