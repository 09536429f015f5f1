import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import { readerOfSchema, rowCodec, type RowReader } from '../../contract/row-codec.js'
import type { KafkaSinkOptions } from './options.js'
import type { PartitionReader } from './cluster.js'
import { avroValues, jsonValues, partitioning, type ValueOf } from './records/records.js'
import { findSchemas } from './registry/schema-registration.js'
import { subjectSchemas, subjectsOf } from './registry/subjects.js'
import type { SinkFailure, SinkRecord } from '../sink.js'
import type { Topics } from '../topics.js'

/**
 * What the sink must know of a family before it can send a row of it: its topic exists, how many partitions the topic
 * has, and which id the registry gave its schema. The families of the profile are prepared when the sink connects;
 * a family that the profile has switched on since is prepared when its first row comes.
 */
export type FamilyReadiness = Readonly<{
  values: ValueOf
  partitionOf: (topic: string, key: string) => number
  /** The families and schemas of these records that were not made ready yet, each pair once. */
  unready: (records: readonly Pick<SinkRecord, 'header' | 'schema'>[]) => readonly FamilySchema[]
  /** Looks how many partitions topics have. Refused if a topic does not exist. */
  findTopics: (
    topics: readonly string[],
    reader: Pick<PartitionReader, 'partitions'>,
  ) => Promise<E.Either<SinkFailure, void>>
  /** Finds, or registers, schemas of families whose topics were found. What is refused stays unready. */
  prepare: (schemas: readonly FamilySchema[]) => Promise<E.Either<SinkFailure, void>>
  partitionsOf: (topic: string) => number
}>

/** Rows of before an upgrade are published under the schema that they were written with. */
export type FamilySchema = Readonly<{ family: FamilyName; schema: string }>

/** The schemas that this version writes. */
export const currentSchemas = (families: readonly FamilyName[]): readonly FamilySchema[] =>
  families.map((family) => ({ family, schema: rowCodec(family).fingerprint }))

/** `schemaIds` is added to and outlives the connection, so the registry is asked once for each family. */
export const familyReadiness = (
  options: KafkaSinkOptions,
  topics: Topics,
  schemaIds: Map<string, number>,
): FamilyReadiness => {
  const ready = new Set<string>()
  const partitions = new Map<string, number>()
  return {
    values:
      options.values.format === 'json'
        ? jsonValues
        : avroValues(schemaIds, subjectsOf(topics, options.values.registry.subjects)),
    partitionOf: partitioning(partitions),
    unready: (records) => {
      const missing = new Map<string, FamilySchema>()
      for (const { header, schema } of records)
        if (!ready.has(schema)) missing.set(schema, { family: header.family, schema })
      return [...missing.values()]
    },
    partitionsOf: (topic) => partitions.get(topic) ?? 0,
    findTopics: async (wanted, reader) => {
      const missing: string[] = []
      for (const topic of wanted) {
        const count = await reader.partitions(topic)
        if (count === 0) missing.push(topic)
        else partitions.set(topic, count)
      }
      if (missing.length > 0)
        return E.left({
          tag: 'Refused',
          reason: `these topics do not exist: ${missing.join(', ')}. Create them with \`streamvane topics apply\``,
        })
      return E.right(undefined)
    },
    prepare: async (schemas) => {
      const readers: RowReader[] = []
      for (const { schema } of schemas) {
        const reader = readerOfSchema(schema)
        if (E.isLeft(reader)) return E.left({ tag: 'Refused', reason: reader.left.message })
        readers.push(reader.right)
      }
      if (options.values.format === 'avro') {
        const { registry } = options.values
        const found = await findSchemas(registry, subjectSchemas(topics, registry.subjects, readers), schemaIds)
        if (E.isLeft(found)) return found
      }
      for (const { schema } of schemas) ready.add(schema)
      return E.right(undefined)
    },
  }
}
