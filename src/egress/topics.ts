import { familyNames, type FamilyName } from '../domain/family.js'
import { contractName } from '../contract/schema/row-schema.js'

/** The topics of rows: one for each family, or one for all families. */
export type Topics =
  | Readonly<{ kind: 'per-family'; names: Readonly<Record<FamilyName, string>> }>
  | Readonly<{ kind: 'consolidated'; name: string }>

/** `genesys.queue-metrics`, `genesys.agent-metrics`, `genesys.agent-state`, … */
export const defaultTopicNames = Object.fromEntries(
  familyNames.map((family) => [family, `genesys.${contractName(family)}`]),
) as Readonly<Record<FamilyName, string>>

export const defaultTopics: Topics = { kind: 'per-family', names: defaultTopicNames }

export const topicOf = (topics: Topics, family: FamilyName): string =>
  topics.kind === 'consolidated' ? topics.name : topics.names[family]

/** The topics of these families, each once. */
export const topicNames = (topics: Topics, families: readonly FamilyName[] = familyNames): readonly string[] => [
  ...new Set(families.map((family) => topicOf(topics, family))),
]
