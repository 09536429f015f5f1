import type { NamedKind } from '../../../../domain/fact.js'
import {
  namedObject,
  presenceDefined,
  queueConfigured,
  type Times,
} from '../../../../ingress/decode/configuration-objects.js'
import type { Body } from '../../../../ingress/decode/fields.js'
import type { GenesysRequest } from '../../../../genesys/client.js'
import type { Configured } from '../../imports/import-configuration.js'

/** A kind of objects that is synced: where Genesys lists them, and what of each is kept. */
export type Subject = Readonly<{
  kind: NamedKind
  /** For people, in the plural. */
  what: string
  path: string
  /** The parts of the list, read one after the other. */
  queries: readonly NonNullable<GenesysRequest['query']>[]
  /** The permission that the list needs. */
  permission: string
  /** Throws `BadField`. */
  read: (entity: Body, times: Times) => Configured
}>

const named = (kind: NamedKind, what: string, path: string, permission: string, query = {}): Subject => ({
  ...{ kind, what, path, permission, queries: [query] },
  read: (entity, times) => namedObject(kind, entity, times),
})

export const subjects: readonly Subject[] = [
  {
    kind: 'queue',
    what: 'queues',
    path: '/api/v2/routing/queues',
    queries: [{}],
    permission: 'routing:queue:view',
    read: queueConfigured,
  },
  {
    kind: 'presence',
    what: 'presence definitions',
    path: '/api/v2/presence/definitions',
    // What the list holds without the filter is not documented; `localeCode` gives the labels of all languages.
    queries: [
      { localeCode: 'ALL', deactivated: 'FALSE' },
      { localeCode: 'ALL', deactivated: 'TRUE' },
    ],
    permission: 'presence:presenceDefinition:view',
    read: presenceDefined,
  },
  // `any`: rows have the ids of users who have left, too.
  named('user', 'users', '/api/v2/users', 'directory:user:view', { state: 'any' }),
  named('skill', 'skills', '/api/v2/routing/skills', 'routing:skill:view'),
  named('language', 'languages', '/api/v2/routing/languages', 'routing:language:view'),
  named('wrapup', 'wrap-up codes', '/api/v2/routing/wrapupcodes', 'routing:wrapupCode:view'),
  named('division', 'divisions', '/api/v2/authorization/divisions', 'authorization:division:view'),
]

/** The client's own organisation; no permission is needed. */
export const ORGANISATION_PATH = '/api/v2/organizations/me'
