import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import { unreachable } from '../../domain/unreachable.js'
import { readerOfSchema, rowCodec, type RowReader } from '../../contract/row-codec.js'
import type { StatementName } from '../../contract/schema/completeness-schema.js'
import type { KafkaSinkOptions } from './options.js'
import type { PartitionReader } from './cluster.js'
import { avroValues, jsonValues, partitioning, type ValueOf } from './records/records.js'
import { findSchemas } from './registry/schema-registration.js'
import { statementSchemas, subjectSchemas, subjectsOf } from './registry/subjects.js'
import { hasValue, type SinkFailure, type SinkRecord, type ValuedRecord } from '../sink.js'
import type { Markers, Topics } from '../topics.js'

/**
 * What the sink must know of a family before it can send a row of it: its topic exists, how many partitions the topic
 * has, and which id the registry gave its schema. The families of the profile are prepared when the sink connects;
 * a family that the profile has switched on since is prepared when its first row comes.
 */
export type FamilyReadiness = Readonly<{
  values: ValueOf
  partitionOf: (topic: string, key: string) => number
  /** The families and schemas of these records that were not made ready yet, each pair once. */
  unready: (records: readonly SinkRecord[]) => readonly FamilySchema[]
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
export type FamilySchema = Readonly<
  { family: FamilyName } & ({ kind: 'row'; schema: string } | { kind: StatementName })
>

/** The schemas that this version writes. */
export const currentSchemas = (families: readonly FamilyName[], markers: Markers): readonly FamilySchema[] => [
  ...families.map((family) => ({ family, kind: 'row' as const, schema: rowCodec(family).fingerprint })),
  ...(markers.kind === 'off' ? [] : families.map((family) => ({ family, kind: 'interval-complete' as const }))),
]

const schemaNeededBy = (record: ValuedRecord): FamilySchema => {
  switch (record.kind) {
    case 'row':
      return { family: record.header.family, kind: record.kind, schema: record.schema }
    case 'interval-complete':
      return { family: record.marker.family, kind: record.kind }
    case 'generation-complete':
      return { family: record.statement.family, kind: record.kind }
    default:
      return unreachable(record)
  }
}

const nameOf = (needed: FamilySchema): string =>
  needed.kind === 'row' ? needed.schema : `${needed.kind} ${needed.family}`

/** `schemaIds` is added to and outlives the connection, so the registry is asked once for each family. */
export const familyReadiness = (
  options: KafkaSinkOptions,
  topics: Topics,
  markers: Markers,
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
      for (const record of records.filter(hasValue)) {
        const needed = schemaNeededBy(record)
        const name = nameOf(needed)
        if (!ready.has(name)) missing.set(name, needed)
      }
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
      for (const needed of schemas) {
        if (needed.kind !== 'row') continue
        const reader = readerOfSchema(needed.schema)
        if (E.isLeft(reader)) return E.left({ tag: 'Refused', reason: reader.left.message })
        readers.push(reader.right)
      }
      if (options.values.format === 'avro') {
        const { registry } = options.values
        const wanted = [
          ...subjectSchemas(topics, registry.subjects, readers),
          ...schemas.flatMap(({ family, kind }) =>
            kind === 'row' ? [] : statementSchemas(topics, markers, family, kind),
          ),
        ]
        const found = await findSchemas(registry, wanted, schemaIds)
        if (E.isLeft(found)) return found
      }
      for (const needed of schemas) ready.add(nameOf(needed))
      return E.right(undefined)
    },
  }
}
