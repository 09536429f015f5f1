/**
 * Families of cells. A family is a choice of dimensions: a point falls into the cell of each family whose required dimensions it carries.
 * `key` names the dimension that keys the published record.
 */
export type Dimension = 'queueId' | 'userId' | 'mediaType' | 'stateKind' | 'state'

export type FamilyName = 'queue' | 'agent' | 'agent-state'

export type Family = Readonly<{
  name: FamilyName
  dimensions: readonly Dimension[]
  /** Dimensions a point may lack; its cell then has `null` there. */
  optional: readonly Dimension[]
  key: Dimension
  doc: string
}>

export const families: Readonly<Record<FamilyName, Family>> = {
  queue: {
    name: 'queue',
    dimensions: ['queueId', 'mediaType'],
    optional: [],
    key: 'queueId',
    doc: 'Interval KPIs of a queue and media type: every metric that Genesys emitted with this queue, whoever carried it.',
  },
  agent: {
    name: 'agent',
    dimensions: ['userId', 'queueId', 'mediaType'],
    optional: ['queueId'],
    key: 'userId',
    doc: 'Interval KPIs of an agent, queue and media type. Work outside any queue has no queueId. Offered, abandoned and flowed-out interactions belong to no agent.',
  },
  'agent-state': {
    name: 'agent-state',
    dimensions: ['userId', 'stateKind', 'state'],
    optional: [],
    key: 'userId',
    doc: 'Time of an agent in a routing status or a system presence, clipped to the interval.',
  },
}

export const familyNames = Object.keys(families) as readonly FamilyName[]
export const isFamilyName = (name: string): name is FamilyName => Object.hasOwn(families, name)
