import { splits, type Dimension } from './dimensions.js'
import type { MetricName } from './metric.js'
import { flowMetrics, interactionMetrics, occupancyMetrics, stateMetrics } from './metric.js'

export type FamilyName =
  | 'queue'
  | 'agent'
  | 'agent-state'
  | 'agent-occupancy'
  | 'skill'
  | 'language'
  | 'wrap-up'
  | 'flow'
  | 'campaign'
  | 'division'
  | 'organisation'

/**
 * A family of cells is a choice of dimensions: a point falls into the cell of each family whose required dimensions it
 * carries, and of each value where a dimension has several. `key` names the dimension that keys the published record.
 */
export type Family = Readonly<{
  name: FamilyName
  /** Name of its records in the published contract; topics and schema files are named after it. */
  record: string
  dimensions: readonly Dimension[]
  /** Dimensions a point may lack; its cell then has `null` there. */
  optional: readonly Dimension[]
  key: Dimension
  metrics: readonly MetricName[]
  doc: string
}>

const multiplies =
  'A point with several of them counts in each, so that rows of this family may add up to more than the total: never add them over this dimension.'

/** `wrap-up` → `WrapUp`. */
const pascalCase = (name: string): string =>
  name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())

const ofPoints = (name: FamilyName, own: readonly Dimension[], doc: string, more: Partial<Family> = {}): Family => ({
  name,
  record: `${pascalCase(name)}Metrics`,
  dimensions: [...own, 'mediaType', ...splits],
  optional: splits,
  key: own[0] ?? 'mediaType',
  metrics: interactionMetrics,
  doc,
  ...more,
})

export const families: Readonly<Record<FamilyName, Family>> = {
  queue: ofPoints(
    'queue',
    ['queueId'],
    'Interval KPIs of a queue and media type: every metric that Genesys emitted with this queue, whoever carried it.',
  ),
  agent: ofPoints(
    'agent',
    ['userId', 'queueId'],
    'Interval KPIs of an agent, queue and media type. Work outside any queue has no queueId. Offered, abandoned and flowed-out interactions belong to no agent.',
    { optional: ['queueId', ...splits] },
  ),
  'agent-state': {
    name: 'agent-state',
    record: 'AgentState',
    dimensions: ['userId', 'stateKind', 'state'],
    optional: [],
    key: 'userId',
    metrics: stateMetrics,
    doc: 'Time of an agent in a routing status, a system presence or an organisation presence, clipped to the interval.',
  },
  'agent-occupancy': {
    name: 'agent-occupancy',
    record: 'AgentOccupancy',
    dimensions: ['userId'],
    optional: [],
    key: 'userId',
    metrics: occupancyMetrics,
    doc: "An agent's time in each routing status side by side, clipped to the interval, and the occupancy that follows from it.",
  },
  skill: ofPoints('skill', ['skillId'], `Interval KPIs by requested routing skill. ${multiplies}`),
  language: ofPoints('language', ['languageId'], 'Interval KPIs by requested language.'),
  'wrap-up': ofPoints(
    'wrap-up',
    ['wrapUpCode'],
    'Interval KPIs by wrap-up code, of the metrics emitted once the code was known.',
  ),
  flow: ofPoints('flow', ['flowId'], 'Interval KPIs of a flow.', { metrics: flowMetrics }),
  campaign: ofPoints('campaign', ['campaignId'], 'Interval KPIs of an outbound campaign.'),
  division: ofPoints('division', ['divisionId'], `Interval KPIs by division. ${multiplies}`),
  organisation: ofPoints(
    'organisation',
    [],
    'Interval KPIs of the whole organisation by media type: every point counts once.',
    {
      metrics: [...interactionMetrics, ...flowMetrics],
    },
  ),
}

export const familyNames = Object.keys(families) as readonly FamilyName[]
export const isFamilyName = (name: string): name is FamilyName => Object.hasOwn(families, name)
