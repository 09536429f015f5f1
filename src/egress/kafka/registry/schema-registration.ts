import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../../domain/family.js'
import type { RowReader } from '../../../contract/row-codec.js'
import { recordFullName } from '../../../contract/schema/row-schema.js'
import type { CompatibilityLevel, RegistryOptions } from '../options.js'
import { RegistryAnswer, registryClient, type RegistryClient } from './registry-client.js'
import type { SinkFailure } from '../../sink.js'
import { topicOf, type Topics } from '../../topics.js'

/** Ids of schemas in the registry, by fingerprint. */
export type SchemaIds = ReadonlyMap<string, number>

/** `<topic>-value`; where families share a topic, `<topic>-<full record name>`. */
export const subjectOf = (topics: Topics, family: FamilyName): string =>
  topics.kind === 'consolidated' ? `${topics.name}-${recordFullName(family)}` : `${topicOf(topics, family)}-value`

/**
 * Registers schemas under the subjects of their families and adds their ids to `ids`. Registering a schema again gives
 * the same id. The registry is not asked about schemas whose id is in `ids`.
 *
 * Levels of compatibility are left as they are unless one is configured. Our schemas satisfy every level, because a
 * version only adds fields that are nullable with default null.
 */
export const registerSchemas = async (
  options: RegistryOptions,
  topics: Topics,
  schemas: readonly Pick<RowReader, 'family' | 'schema' | 'fingerprint'>[],
  ids: Map<string, number>,
): Promise<E.Either<SinkFailure, void>> => {
  const registry = registryClient(options)
  for (const { family, schema, fingerprint } of schemas) {
    if (ids.has(fingerprint)) continue
    const subject = subjectOf(topics, family)
    try {
      const id = await registry.register(subject, schema)
      if (options.compatibility !== undefined) {
        const set = await ensureLevel(registry, subject, options.compatibility)
        if (E.isLeft(set)) return set
      }
      ids.set(fingerprint, id)
    } catch (cause) {
      return E.left(registryFailure(cause, subject))
    }
  }
  return E.right(undefined)
}

/** Sets the level of a subject, unless it is held to that level or to a stricter one. */
const ensureLevel = async (
  registry: RegistryClient,
  subject: string,
  wanted: CompatibilityLevel,
): Promise<E.Either<SinkFailure, void>> => {
  const { own, level } = await registry.level(subject)
  if (level === wanted || (!own && level !== undefined && includes(level, wanted))) return E.right(undefined)
  try {
    await registry.setLevel(subject, wanted)
    return E.right(undefined)
  } catch (cause) {
    if (!(cause instanceof RegistryAnswer) || (cause.status !== 401 && cause.status !== 403)) throw cause
    return E.left({
      tag: 'Refused',
      reason:
        `this user may not set the compatibility level of subject ${subject} to ${wanted} (${cause.message}): grant ` +
        `it, set the level in the registry, or remove egress.kafka.registry.compatibility`,
    })
  }
}

/** Whether everything that `weaker` forbids is forbidden by `level`. */
const includes = (level: CompatibilityLevel, weaker: CompatibilityLevel): boolean => {
  const directions = (of: CompatibilityLevel): readonly string[] =>
    of.startsWith('FULL') ? ['BACKWARD', 'FORWARD'] : of === 'NONE' ? [] : [of.replace('_TRANSITIVE', '')]
  const isTransitive = (of: CompatibilityLevel): boolean => of.endsWith('_TRANSITIVE')
  return (
    directions(weaker).every((direction) => directions(level).includes(direction)) &&
    (isTransitive(level) || !isTransitive(weaker))
  )
}

const registryFailure = (cause: unknown, subject: string): SinkFailure => {
  if (!(cause instanceof RegistryAnswer)) return { tag: 'NotConnected', cause }
  const refused = (reason: string): SinkFailure => ({ tag: 'Refused', reason: `${reason} (${cause.message})` })
  switch (cause.status) {
    case 409:
      return refused(
        `the schema registry holds a schema under subject ${subject} with which ours is incompatible: publish to ` +
          `another topic, or delete the subject`,
      )
    case 422:
      return refused(`the schema registry does not accept our schema for subject ${subject}`)
    case 401:
      return refused(
        `the schema registry does not accept the credentials: check egress.kafka.registry.username and ` +
          `egress.kafka.registry.password`,
      )
    case 403:
      return refused(`this user may not register schemas under subject ${subject} in the schema registry: grant it`)
    case 404:
    case 405:
      return refused(`there is no schema registry at egress.kafka.registry.url: check its path`)
    default:
      return { tag: 'NotConnected', cause: new Error(`schema registry: ${cause.message}`, { cause }) }
  }
}
