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
  'analytics:userDetail:view',
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

/** A queue as the API lists it: 80 % of calls within 20 s, and what Streamvane does not read. */
export const queueEntity = (id: string, name: string, more: Readonly<Record<string, unknown>> = {}): Listed => ({
  ...{ id, name, division: { id: 'd1', name: 'Home' }, dateModified: '2026-01-02T08:00:00.000Z', memberCount: 12 },
  mediaSettings: {
    call: {
      ...{ alertingTimeoutSeconds: 20, enableAutoAnswer: false },
      serviceLevel: { percentage: 0.8, durationMs: 20_000 },
    },
  },
  acwSettings: { wrapupPrompt: 'MANDATORY_TIMEOUT', timeoutMs: 30_000 },
  skillEvaluationMethod: 'ALL',
  selfUri: `/api/v2/routing/queues/${id}`,
  ...more,
})

/** A small organisation with something of every kind. */
export const smallOrganisation = (): Organisation => ({
  ...emptyOrganisation(),
  queues: [queueEntity('q-sales', 'Sales'), queueEntity('q-support', 'Support')],
  users: [
    { id: 'u-ann', name: 'Ann Adler', state: 'active', version: 3, division: { id: 'd1' } },
    { id: 'u-ben', name: 'Ben Brandt', state: 'inactive', version: 9, division: { id: 'd1' } },
    { id: 'u-cleo', name: 'Cleo Costa', state: 'deleted', version: 4, division: { id: 'd1' } },
  ],
  skills: [{ id: 's-french', name: 'French contracts', state: 'active', dateModified: '2026-01-03T08:00:00.000Z' }],
  languages: [{ id: 'l-english', name: 'English - Spoken', state: 'active' }],
  wrapUpCodes: [{ id: 'w-sold', name: 'Sold', dateCreated: '2025-01-03T08:00:00.000Z' }],
  divisions: [{ id: 'd1', name: 'Home', homeDivision: true }],
  presences: [
    { id: 'p-break', systemPresence: 'Break', languageLabels: { en_US: 'Coffee', de: 'Kaffee' }, deactivated: false },
    { id: 'p-old', systemPresence: 'Away', languageLabels: { en_US: 'Errand' }, deactivated: true },
  ],
})
