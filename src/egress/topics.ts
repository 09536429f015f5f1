import { familyNames, type FamilyName } from '../domain/family.js'
import { contractName } from './row-schema.js'

/** Where rows go: a topic per family, or one for all of them. */
export type Topics =
  Readonly<{ kind: 'per-family'; names: Readonly<Record<FamilyName, string>> }> | Readonly<{ kind: 'consolidated'; name: string }>

/** `genesys.queue-metrics`, `genesys.agent-metrics`, `genesys.agent-state`. */
export const defaultTopics: Topics = {
  kind: 'per-family',
  names: Object.fromEntries(familyNames.map((family) => [family, `genesys.${contractName(family)}`])) as Record<FamilyName, string>,
}

export const topicOf = (topics: Topics, family: FamilyName): string => (topics.kind === 'consolidated' ? topics.name : topics.names[family])

/** Each topic once. */
export const topicNames = (topics: Topics): readonly string[] => [...new Set(familyNames.map((family) => topicOf(topics, family)))]
