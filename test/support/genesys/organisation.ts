/**
 * An organisation as the platform's API shows it. Tests change it at will; the lists are what `GET` answers, with the
 * members that Streamvane reads and some that it does not.
 */
export type Listed = Readonly<{ id: string; name?: string } & Record<string, unknown>>

export type Organisation = {
  id: string
  name: string
  clients: Map<string, string>
  /** What the roles of the client permit. */
  permissions: Set<string>
  queues: Listed[]
  users: Listed[]
  skills: Listed[]
  languages: Listed[]
  wrapUpCodes: Listed[]
  divisions: Listed[]
  presences: Listed[]
}

export const CLIENT = { id: '7f0c7e0e-3f5b-4a53-9a55-5d2f1d1c0001', secret: 'Vq4tZ0_stand-in_T1mbuktu' } as const

/** The permissions that the whole of Streamvane needs. */
export const allPermissions: readonly string[] = [
  'routing:queue:view',
  'routing:skill:view',
  'routing:language:view',
  'routing:wrapupCode:view',
  'directory:user:view',
  'authorization:division:view',
  'presence:presenceDefinition:view',
  'analytics:conversationDetail:view',
  'analytics:conversationAggregate:view',
  'analytics:userAggregate:view',
  'notifications:channel:edit',
]

export const emptyOrganisation = (): Organisation => ({
  id: '0d6a0a38-1d0e-4a8e-9d6f-9a4b3c1d0000',
  name: 'Stand-in',
  clients: new Map([[CLIENT.id, CLIENT.secret]]),
  permissions: new Set(allPermissions),
  queues: [],
  users: [],
  skills: [],
  languages: [],
  wrapUpCodes: [],
  divisions: [],
  presences: [],
})
