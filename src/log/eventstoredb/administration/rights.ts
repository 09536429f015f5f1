/** Users and groups, `$admins` and `$all` (everybody) among them. */
export type Roles = readonly string[]

/** Who may use a stream, and read and set its policy. What is absent is said elsewhere, see `inForce`. */
export type Rights = Readonly<{ read?: Roles; write?: Roles; delete?: Roles; metaRead?: Roles; metaWrite?: Roles }>

export const RIGHTS = ['read', 'write', 'delete', 'metaRead', 'metaWrite'] as const
export type Right = (typeof RIGHTS)[number]

/** The names of the rights in the server's JSON. */
const KEYS: Readonly<Record<Right, string>> = {
  read: '$r',
  write: '$w',
  delete: '$d',
  metaRead: '$mr',
  metaWrite: '$mw',
}

type Json = Readonly<Record<string, unknown>>

/** Rights as the server keeps them; `undefined` if nothing is said. */
export const aclOf = (rights: Rights | undefined): Json | undefined =>
  rights && Object.fromEntries(RIGHTS.flatMap((right) => (rights[right] ? [[KEYS[right], rights[right]]] : [])))

/** Reads an access control list: a right may name one role, or a list. */
export const rightsIn = (acl: unknown): Rights => {
  if (typeof acl !== 'object' || acl === null) return {}
  const found = RIGHTS.flatMap((right): [Right, Roles][] => {
    const roles = (acl as Json)[KEYS[right]]
    if (typeof roles === 'string') return [[right, [roles]]]
    return Array.isArray(roles) ? [[right, roles.map(String)]] : []
  })
  return Object.fromEntries(found)
}

const everyRight = (roles: Roles): Required<Rights> => ({
  read: roles,
  write: roles,
  delete: roles,
  metaRead: roles,
  metaWrite: roles,
})

/**
 * What the server does where nobody says anything: streams are open to everybody, the whole log and the server's own
 * streams (their names begin with `$`) to `$admins`, who may do everything anyway.
 */
export const SERVER_DEFAULTS = { ofStreams: everyRight(['$all']), ofSystem: everyRight(['$admins']) }

/** The first of these that says something about a right counts. */
export const inForce = (...said: readonly Rights[]): Rights => Object.assign({}, ...said.toReversed()) as Rights
