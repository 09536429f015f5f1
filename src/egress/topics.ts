import { families, familyNames, type FamilyName } from '../domain/family.js'
import { recordKey } from '../domain/row.js'
import { unreachable } from '../domain/unreachable.js'
import type { RowHeader } from '../contract/row-header.js'
import { contractName } from '../contract/schema/row-schema.js'

/**
 * What the key of a record is.
 *
 * - `entity`: the id of the queue, the agent, and so on: all rows of one are in one partition
 * - `series`: the row key without the start of the interval: one key for all intervals of the same dimensions
 * - `row`: the row key
 */
export const topicKeys = ['entity', 'series', 'row'] as const
export type TopicKey = (typeof topicKeys)[number]

/**
 * Which records a topic gets.
 *
 * - `all`: each revision of each row, and replays. A time series
 * - `latest`: what keeps the last record of each key the latest state: no replays; keyed by entity or series, no row of
 *   an interval before the latest one that was published, and a tombstone when the queue or agent was deleted
 */
export const topicContents = ['all', 'latest'] as const
export type TopicContents = (typeof topicContents)[number]

export type Cleanup = 'delete' | 'compact'

/** A topic that rows of a family go to. */
export type TopicRoute = Readonly<{
  topic: string
  key: TopicKey
  records: TopicContents
  /** `cleanup.policy` of the topic. Default: `compact` for the latest state, else that of the options. */
  cleanup?: Cleanup
}>

/** The topics of each family, at least one. Families may share a topic. */
export type Topics = Readonly<Record<FamilyName, readonly TopicRoute[]>>

/** A topic with all revisions of all rows, keyed by queue, agent and so on. */
export const timeSeries = (topic: string): TopicRoute => ({ topic, key: 'entity', records: 'all' })

const forEachFamily = (routes: (family: FamilyName) => readonly TopicRoute[]): Topics =>
  Object.fromEntries(familyNames.map((family) => [family, routes(family)])) as unknown as Topics

/** A time series for each family. */
export const topicsPerFamily = (names: Readonly<Record<FamilyName, string>>): Topics =>
  forEachFamily((family) => [timeSeries(names[family])])

/** The same topics for all families. */
export const sharedTopics = (routes: readonly TopicRoute[]): Topics => forEachFamily(() => routes)

/** `genesys.queue-metrics`, `genesys.agent-metrics`, `genesys.agent-state`, … */
export const defaultTopicNames = Object.fromEntries(
  familyNames.map((family) => [family, `genesys.${contractName(family)}`]),
) as Readonly<Record<FamilyName, string>>

export const defaultTopics: Topics = topicsPerFamily(defaultTopicNames)

/** The first topic of a family: the name under which sinks without several topics keep its rows. */
export const topicOf = (topics: Topics, family: FamilyName): string => (topics[family][0] as TopicRoute).topic

/** The topics of these families, each once. */
export const topicNames = (topics: Topics, of: readonly FamilyName[] = familyNames): readonly string[] => [
  ...new Set(of.flatMap((family) => topics[family].map(({ topic }) => topic))),
]

/** The topics that rows of more than one family go to. */
export const topicsOfSeveralFamilies = (topics: Topics): ReadonlySet<string> => {
  const owners = new Map<string, Set<FamilyName>>()
  for (const family of familyNames)
    for (const { topic } of topics[family]) owners.set(topic, (owners.get(topic) ?? new Set()).add(family))
  return new Set([...owners].filter(([, of]) => of.size > 1).map(([topic]) => topic))
}

/** The row key without the start of its interval, which is its last part. */
export const seriesKey = (rowKey: string): string => rowKey.slice(0, rowKey.lastIndexOf('/'))

/** The key of a row's record. */
export const keyOf = (header: Pick<RowHeader, 'key' | 'family' | 'dimensions'>, key: TopicKey): string => {
  switch (key) {
    case 'entity':
      return recordKey(header)
    case 'series':
      return seriesKey(header.key)
    case 'row':
      return header.key
    default:
      return unreachable(key)
  }
}

/** Does a topic keep the latest state by series or entity? */
export const keepsLatest = (topics: Topics): boolean =>
  familyNames.some((family) => topics[family].some(({ records, key }) => records === 'latest' && key !== 'row'))

/** Ways in which routes contradict one another, as sentences. */
export const topicFaults = (topics: Topics): readonly string[] => {
  const faults: string[] = []
  const cleanups = new Map<string, Cleanup | undefined>()
  const shared = topicsOfSeveralFamilies(topics)
  for (const family of familyNames) {
    const seen = new Set<string>()
    for (const { topic, key, records, cleanup } of topics[family]) {
      if (seen.has(topic)) faults.push(`${family} has the topic ${topic} twice`)
      seen.add(topic)
      if (cleanups.has(topic) && cleanups.get(topic) !== cleanup)
        faults.push(`the topic ${topic} has two different cleanup settings`)
      cleanups.set(topic, cleanup)
      if (records === 'latest' && key === 'entity' && shared.has(topic))
        faults.push(
          `the topic ${topic} holds the latest state of several families by ${families[family].key}: their rows would ` +
            `overwrite one another; set key: series, or a topic for each family`,
        )
    }
  }
  return [...new Set(faults)]
}

/** Where records go that say that an interval or a generation is complete: a topic of their own, among the rows, nowhere. */
export type Markers =
  Readonly<{ kind: 'topic'; name: string }> | Readonly<{ kind: 'inline' }> | Readonly<{ kind: 'off' }>

export const defaultMarkersTopic = 'genesys.interval-complete'

/** Names of objects go to a compacted topic of their own, or nowhere. */
export const namesSettings = ['topic', 'off'] as const

export const defaultNamesTopic = 'genesys.names'

/** The topics of a family's markers: among the rows, those that get all of them. Latest state has no markers. */
export const markerTopicsOf = (markers: Markers, topics: Topics, family: FamilyName): readonly string[] => {
  switch (markers.kind) {
    case 'topic':
      return [markers.name]
    case 'inline':
      return topics[family].filter(({ records }) => records === 'all').map(({ topic }) => topic)
    case 'off':
      return []
    default:
      return unreachable(markers)
  }
}

/** The topics that hold nothing but markers. */
export const ownMarkerTopics = (markers: Markers): readonly string[] => (markers.kind === 'topic' ? [markers.name] : [])
