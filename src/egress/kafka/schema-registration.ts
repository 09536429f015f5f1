import { COMPATIBILITY, SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import type { RegistryOptions } from './options.js'
import { rowCodec } from '../../contract/row-codec.js'
import { recordFullName } from '../../contract/schema/row-schema.js'
import type { SinkFailure } from '../sink.js'
import { topicOf, type Topics } from '../topics.js'

/** Ids of schemas in the registry, by fingerprint. */
export type SchemaIds = ReadonlyMap<string, number>

/** `<topic>-value`; where families share a topic, `<topic>-<full record name>`. */
export const subjectOf = (topics: Topics, family: FamilyName): string =>
  topics.kind === 'consolidated' ? `${topics.name}-${recordFullName(family)}` : `${topicOf(topics, family)}-value`

/**
 * Registers the schemas of families and adds their ids to `ids`. Registering a schema again gives the same id. The
 * registry is not asked about schemas whose id is in `ids`.
 */
export const registerSchemas = async (
  options: RegistryOptions,
  topics: Topics,
  families: readonly FamilyName[],
  ids: Map<string, number>,
): Promise<E.Either<SinkFailure, void>> => {
  const { url, auth, compatibility = 'BACKWARD' } = options
  const registry = new SchemaRegistry({
    host: url,
    clientId: 'streamvane',
    retry: REGISTRY_RETRY,
    ...(auth !== undefined && { auth }),
  })
  for (const family of families) {
    const { schema, fingerprint } = rowCodec(family)
    if (ids.has(fingerprint)) continue
    const subject = subjectOf(topics, family)
    try {
      const { id } = await registry.register(schema as unknown as Parameters<typeof registry.register>[0], {
        subject,
        compatibility: COMPATIBILITY[compatibility],
      })
      ids.set(fingerprint, id)
    } catch (cause) {
      return E.left(registryFailure(cause, subject, url))
    }
  }
  return E.right(undefined)
}

const REGISTRY_RETRY = { maxRetryTimeInSecs: 2, initialRetryTimeInSecs: 0.1, factor: 0.2, multiplier: 2, retries: 3 }

const registryFailure = (cause: unknown, subject: string, url: string): SinkFailure => {
  const { name, status, message } = cause as { name?: string; status?: number; message?: string }
  if (name === 'ConfluentSchemaRegistryCompatibilityError')
    return {
      tag: 'Refused',
      reason: `subject ${subject} has another compatibility level: set registry.compatibility to it (${message})`,
    }
  switch (status) {
    case 409:
      return {
        tag: 'Refused',
        reason: `the registry holds a schema under ${subject} with which ours is incompatible: publish to another topic, or mend the subject (${message})`,
      }
    case 422:
      return { tag: 'Refused', reason: `the registry does not take our schema for ${subject} (${message})` }
    case 401:
    case 403:
      return {
        tag: 'Refused',
        reason: `the registry at ${url} does not let us register ${subject}: check registry.auth (${message})`,
      }
    default:
      return { tag: 'NotConnected', cause }
  }
}
