import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import type { KafkaSinkOptions } from './options.js'
import type { PartitionReader } from './kafkajs-internals.js'
import { avroValues, jsonValues, partitioning, type ValueOf } from './records.js'
import { registerSchemas } from './schema-registration.js'
import type { SinkFailure } from '../sink.js'
import type { Topics } from '../topics.js'

/**
 * What the sink must know of a family before it can send a row of it: its topic exists, how many partitions the topic
 * has, and which id the registry gave its schema. The families of the profile are prepared when the sink connects;
 * a family that the profile has switched on since is prepared when its first row comes.
 */
export type FamilyReadiness = Readonly<{
  values: ValueOf
  partitionOf: (topic: string, key: string) => number
  unready: (families: Iterable<FamilyName>) => readonly FamilyName[]
  /** Looks how many partitions topics have. Refused if a topic does not exist. */
  findTopics: (
    topics: readonly string[],
    reader: Pick<PartitionReader, 'partitions'>,
  ) => Promise<E.Either<SinkFailure, void>>
  /** Makes families whose topics were found ready: registers their schemas. A family that is refused stays unready. */
  prepare: (families: readonly FamilyName[]) => Promise<E.Either<SinkFailure, void>>
  partitionsOf: (topic: string) => number
}>

/** `schemaIds` is added to and outlives the connection, so the registry is asked once for each family. */
export const familyReadiness = (
  options: KafkaSinkOptions,
  topics: Topics,
  schemaIds: Map<string, number>,
): FamilyReadiness => {
  const ready = new Set<FamilyName>()
  const partitions = new Map<string, number>()
  return {
    values: options.values.format === 'json' ? jsonValues : avroValues(schemaIds),
    partitionOf: partitioning(partitions),
    unready: (families) => [...new Set(families)].filter((family) => !ready.has(family)),
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
    prepare: async (families) => {
      if (options.values.format === 'avro') {
        const registered = await registerSchemas(options.values.registry, topics, families, schemaIds)
        if (E.isLeft(registered)) return registered
      }
      for (const family of families) ready.add(family)
      return E.right(undefined)
    },
  }
}
