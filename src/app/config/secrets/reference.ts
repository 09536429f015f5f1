import { readFileSync } from 'node:fs'
import { Secret } from '../../../credentials/secret.js'
import { isVaultKind, vaultKinds, vaultReference } from '../../../credentials/vaults/reference.js'
import type { Vaults } from '../../../credentials/vaults/vaults.js'

type Tree = Readonly<Record<string, unknown>>

/** How references are written, for messages. */
export const REFERENCE_FORMS =
  '{ file: /run/secrets/name }, { env: NAME }, { keyvault: https://… }, { aws-secret: … } or { gcp-secret: projects/… }'

const kinds = ['env', 'file', ...vaultKinds]
const TEXT = new RegExp(`^(${kinds.join('|')}):(.+)$`, 's')

/** Whether a text is a reference to a secret (`keyvault:https://…`), and not the secret. */
export const isReference = (value: unknown): value is string => typeof value === 'string' && TEXT.test(value)

/** Whether a value, a text or a mapping, refers to a secret in a vault. */
export const isVaultReference = (value: unknown): boolean =>
  typeof value === 'string'
    ? vaultKinds.some((kind) => value.startsWith(`${kind}:`))
    : typeof value === 'object' && value !== null && vaultKinds.some((kind) => Object.hasOwn(value, kind))

/**
 * The secret that a reference names; a text `kind:place` is the same as `{ kind: place }`. A variable and a file have to
 * be there; what is in a vault is not looked for here. Throws an `Error` that names `path` and quotes no value.
 */
export const referredSecret = (
  reference: Tree | string,
  { env, vaults, path }: Readonly<{ env: Readonly<Record<string, string | undefined>>; vaults: Vaults; path: string }>,
): Secret => {
  const given: Tree = typeof reference === 'string' ? ofText(reference) : reference
  const [kind, ...others] = kinds.filter((each) => typeof given[each] === 'string')
  const { region, key, ...rest } = given
  const isAws = kind === 'aws-secret'
  if (
    kind === undefined ||
    others.length > 0 ||
    Object.keys(rest).length > 1 ||
    (!isAws && (region !== undefined || key !== undefined)) ||
    !isTextOrAbsent(region) ||
    !isTextOrAbsent(key)
  )
    throw new Error(`${path}: a reference to a secret is ${REFERENCE_FORMS}`)
  const place = given[kind] as string
  if (isVaultKind(kind)) return vaults.secret(inPath(path, () => vaultReference(kind, place, { region, key })))
  if (kind === 'file') {
    inPath(path, () => readFileSync(place))
    return Secret.file(place)
  }
  const value = env[place]
  if (value === undefined || value === '') throw new Error(`${path}: the environment has no ${place}`)
  // A platform may hand a reference to a vault over in a variable.
  if (isVaultReference(value)) return referredSecret(value, { env, vaults, path })
  return Secret.literal(value, `the variable ${place}`)
}

const ofText = (text: string): Tree => {
  const [, kind = '', place] = TEXT.exec(text) ?? []
  return { [kind]: place }
}

const isTextOrAbsent = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value !== '')

const inPath = <A>(path: string, work: () => A): A => {
  try {
    return work()
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}`, { cause })
  }
}
