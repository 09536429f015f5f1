import { createHash } from 'node:crypto'
import { canonicalJson } from '../../../domain/canonical-json.js'
import { isTree, type Tree } from '../layers/layer.js'
import { isSecretAt } from '../secrets/secrets.js'

/**
 * A copy of the configuration in which each secret is a reference to a variable of `env`, which has a stand-in for it: a
 * text that follows from the reference, or from the secret that stands there. It serves to compare, never to sign in.
 */
export const withStandIns = (tree: Tree): Readonly<{ tree: Tree; env: Readonly<Record<string, string>> }> => {
  const env: Record<string, string> = {}
  const copy = (value: unknown, path: readonly string[], siblings: Tree): unknown => {
    if (isSecretAt(path) && value !== null && !isKeyOfSignatures(path, value)) {
      const digest = createHash('sha256').update(canonicalJson(value)).digest('hex')
      env[digest] = textFor(path, digest, siblings)
      return { env: digest }
    }
    if (Array.isArray(value)) return value.map((item, place) => copy(item, [...path, String(place)], siblings))
    if (!isTree(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, copy(below, [...path, key], value)]))
  }
  return { tree: copy(tree, [], tree) as Tree, env }
}

/** The reference to the key of signatures is a setting: only what signs reads it. */
const isKeyOfSignatures = (path: readonly string[], value: unknown): boolean =>
  path.join('.') === 'audit.key' && isTree(value)

/** The schema reads the broker from the connection string of Event Hubs; the stand-in names the broker beside it. */
const textFor = (path: readonly string[], digest: string, { brokers }: Tree): string => {
  if (path.at(-1) !== 'eventHubsConnectionString') return digest
  const [broker = 'namespace.servicebus.windows.net'] = Array.isArray(brokers) ? brokers.map(String) : []
  const [host = ''] = broker.split(':')
  return `Endpoint=sb://${host}/;SharedAccessKeyName=stand-in;SharedAccessKey=${digest}`
}
