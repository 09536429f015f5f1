import type { FamilyName } from '../../../domain/family.js'
import type { RowReader } from '../../../contract/row-codec.js'
import { statementCodec } from '../../../contract/completeness-codec.js'
import { nameCodec } from '../../../contract/name-codec.js'
import { statementFullName, type StatementName } from '../../../contract/schema/completeness-schema.js'
import { nameFullName } from '../../../contract/schema/name-schema.js'
import { publishedSchema } from '../../../contract/schema/published-schema.js'
import { recordFullName } from '../../../contract/schema/row-schema.js'
import type { SubjectStrategy } from './subject-strategies.js'
import { markerTopicsOf, topicsOfSeveralFamilies, type Markers, type Topics } from '../../topics.js'

/**
 * The published form of a schema under a subject. `fingerprint` is that of the stored schema, which the records name.
 */
export type SubjectSchema = Readonly<{ subject: string; topic: string }> & Pick<RowReader, 'schema' | 'fingerprint'>

/** The subject of a record type, by its full name, on a topic. */
export const subjectName = (strategy: SubjectStrategy, topic: string, recordName: string): string => {
  switch (strategy) {
    case 'TopicNameStrategy':
      return `${topic}-value`
    case 'RecordNameStrategy':
      return recordName
    case 'TopicRecordNameStrategy':
      return `${topic}-${recordName}`
  }
}

/**
 * The subject of the rows of a family on a topic. Without a strategy it is the topic's name; where families share the
 * topic, the topic's and the record's, because one subject cannot hold the schemas of two record types.
 */
export const subjectsOf = (
  topics: Topics,
  strategy: SubjectStrategy | undefined,
): ((topic: string, family: FamilyName) => string) => {
  const strategyOf = strategiesOf(topics, strategy)
  return (topic, family) => subjectName(strategyOf(topic), topic, recordFullName(family))
}

/** How the subjects of a topic are named. */
export const strategiesOf = (
  topics: Topics,
  strategy: SubjectStrategy | undefined,
): ((topic: string) => SubjectStrategy) => {
  const shared = topicsOfSeveralFamilies(topics)
  return (topic) => strategy ?? (shared.has(topic) ? 'TopicRecordNameStrategy' : 'TopicNameStrategy')
}

/** These schemas under the subjects of all topics of their families, each pair once. */
export const subjectSchemas = (
  topics: Topics,
  strategy: SubjectStrategy | undefined,
  schemas: readonly Pick<RowReader, 'family' | 'schema' | 'fingerprint'>[],
): readonly SubjectSchema[] => {
  const subjectOf = subjectsOf(topics, strategy)
  const pairs = new Map<string, SubjectSchema>()
  for (const { family, schema, fingerprint } of schemas)
    for (const { topic } of topics[family]) {
      const subject = subjectOf(topic, family)
      const key = schemaIdKey(subject, fingerprint)
      if (!pairs.has(key)) pairs.set(key, { subject, topic, schema: publishedSchema(schema), fingerprint })
    }
  return [...pairs.values()]
}

/**
 * The subject of markers and statements on generations: whatever the strategy for rows is, it names the record, because
 * a topic that has them holds several record types.
 */
export const statementSubject = (topic: string, name: StatementName): string =>
  subjectName('TopicRecordNameStrategy', topic, statementFullName(name))

/** The schema of a statement under the subjects of all topics that get those of a family. */
export const statementSchemas = (
  topics: Topics,
  markers: Markers,
  family: FamilyName,
  name: StatementName,
): readonly SubjectSchema[] => {
  const { schema, fingerprint } = statementCodec(name)
  return markerTopicsOf(markers, topics, family).map((topic) => ({
    ...{ subject: statementSubject(topic, name), topic },
    ...{ schema: publishedSchema(schema), fingerprint },
  }))
}

/** The schema of names under the subject of their topic, which holds nothing else. */
export const nameSubject = (topic: string, strategy: SubjectStrategy | undefined): SubjectSchema => ({
  subject: subjectName(strategy ?? 'TopicNameStrategy', topic, nameFullName),
  topic,
  schema: nameCodec.schema,
  fingerprint: nameCodec.fingerprint,
})

/** Ids of schemas in the registry, by `schemaIdKey`. */
export type SchemaIds = ReadonlyMap<string, number>

/** Registries other than Confluent's may give one schema another id under each subject. */
export const schemaIdKey = (subject: string, fingerprint: string): string => `${subject} ${fingerprint}`
