import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import type { KafkaSinkOptions } from './options.js'
import type { PartitionReader } from './kafkajs-internals.js'
import { avroValues, jsonValues, partitioning, type ValueOf } from './records.js'
import { registerSchemas } from './schema-registration.js'
import type { SinkFailure } from '../sink.js'
import { topicNames, type Topics } from '../topics.js'

/**
 * What must be known of a family before its rows can be sent: that its topic is there, how many partitions that has,
 * and what id the registry gave its schema. The families of the profile are admitted on connecting; another, which a
 * profile switched on since, when its first row comes.
 */
export type Admission = Readonly<{
  values: ValueOf
  partitionOf: (topic: string, key: string) => number
  /** Those that were not admitted yet. */
  strangers: (families: Iterable<FamilyName>) => readonly FamilyName[]
  /** Admits families, and makes sure of `others`: topics without rows. A family that is refused stays a stranger. */
  admit: (
    families: readonly FamilyName[],
    reader: Pick<PartitionReader, 'partitions'>,
    others?: readonly string[],
  ) => Promise<E.Either<SinkFailure, void>>
}>

/** `schemaIds` is filled, and outlives the connection: the registry is asked for each family once. */
export const admission = (options: KafkaSinkOptions, topics: Topics, schemaIds: Map<string, number>): Admission => {
  const admitted = new Set<FamilyName>()
  const partitions = new Map<string, number>()
  return {
    values: options.values.format === 'json' ? jsonValues : avroValues(schemaIds),
    partitionOf: partitioning(partitions),
    strangers: (families) => [...new Set(families)].filter((family) => !admitted.has(family)),
    admit: async (families, reader, others = []) => {
      if (options.values.format === 'avro') {
        const registered = await registerSchemas(options.values.registry, topics, families, schemaIds)
        if (E.isLeft(registered)) return registered
      }
      const missing: string[] = []
      for (const topic of new Set([...topicNames(topics, families), ...others])) {
        const count = await reader.partitions(topic)
        if (count === 0) missing.push(topic)
        else partitions.set(topic, count)
      }
      if (missing.length > 0)
        return E.left({
          tag: 'Refused',
          reason: `these topics do not exist: ${missing.join(', ')}. Create them with \`streamvane topics apply\``,
        })
      for (const family of families) admitted.add(family)
      return E.right(undefined)
    },
  }
}
