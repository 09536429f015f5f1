import * as E from 'fp-ts/lib/Either.js'
import { fingerprintOf } from '../../../contract/schema/fingerprint.js'
import type { AvroSchema } from '../../../contract/schema/named-types.js'
import { AuthenticationRefused } from '../../../credentials/connection-faults.js'
import type { CompatibilityLevel, RegistryOptions } from '../options.js'
import { RegistryAnswer, registryClient, type RegisteredVersion, type RegistryClient } from './registry-client.js'
import type { SinkFailure } from '../../sink.js'
import { schemaIdKey, type SubjectSchema } from './subjects.js'

/**
 * Finds the ids of schemas under their subjects, and adds them to `ids`. The registry is not asked about what is in
 * `ids`. A schema that is not registered is registered where `autoRegister` is set, and refused otherwise.
 */
export const findSchemas = async (
  options: RegistryOptions,
  schemas: readonly SubjectSchema[],
  ids: Map<string, number>,
): Promise<E.Either<SinkFailure, void>> => {
  if (options.autoRegister === true) return registerSchemas(options, schemas, ids)
  const registry = registryClient(options)
  const missing: SubjectSchema[] = []
  for (const wanted of schemas) {
    const key = schemaIdKey(wanted.subject, wanted.fingerprint)
    if (ids.has(key)) continue
    try {
      const id = await registeredId(registry, wanted)
      if (id === undefined) missing.push(wanted)
      else ids.set(key, id)
    } catch (cause) {
      return E.left(registryFailure(cause, wanted.subject))
    }
  }
  return missing.length === 0 ? E.right(undefined) : E.left({ tag: 'Refused', reason: notRegistered(missing) })
}

const notRegistered = (missing: readonly SubjectSchema[]): string =>
  `the schema registry does not hold the schema of ${missing
    .map(({ subject, fingerprint }) => `${subject} (${fingerprint})`)
    .join(
      ', ',
    )}: register it with \`streamvane schemas register\` (rows of earlier versions: \`--history\`), or let the egress do it with egress.kafka.registry.autoRegister: true`

/**
 * The id of a schema that is registered, docs aside: a version that only explains a field better needs no registration,
 * because a record says the same to its reader under the schema that is held.
 */
export const registeredId = async (
  registry: RegistryClient,
  { subject, schema }: Pick<SubjectSchema, 'subject' | 'schema'>,
): Promise<number | undefined> =>
  (await registry.lookUp(subject, schema)) ?? idAmong(await registry.versions(subject), fingerprintOf(schema))

/** The id of the last of these versions that has a fingerprint. */
export const idAmong = (versions: readonly RegisteredVersion[], fingerprint: string): number | undefined =>
  versions.findLast(({ schema }) => schema !== undefined && isOf(schema, fingerprint))?.id

const isOf = (schema: AvroSchema, fingerprint: string): boolean => {
  try {
    return fingerprintOf(schema) === fingerprint
  } catch {
    return false // no schema, so none of ours
  }
}

/**
 * Registers schemas under their subjects and adds their ids to `ids`. Registering a schema again gives the same id. The
 * registry is not asked about what is in `ids`.
 *
 * Levels of compatibility are left as they are unless one is configured. Our schemas satisfy every level, because a
 * version only adds fields that are nullable with default null.
 */
export const registerSchemas = async (
  options: RegistryOptions,
  schemas: readonly SubjectSchema[],
  ids: Map<string, number>,
): Promise<E.Either<SinkFailure, void>> => {
  const registry = registryClient(options)
  for (const { subject, schema, fingerprint } of schemas) {
    const key = schemaIdKey(subject, fingerprint)
    if (ids.has(key)) continue
    try {
      const id = await registry.register(subject, schema)
      if (options.compatibility !== undefined) {
        const set = await ensureLevel(registry, subject, options.compatibility)
        if (E.isLeft(set)) return set
      }
      ids.set(key, id)
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

/** What an error of the registry means to the sink. */
export const registryFailure = (cause: unknown, subject: string): SinkFailure => {
  if (cause instanceof AuthenticationRefused) return { tag: 'Refused', reason: cause.message }
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
      return refused(
        `this user may not read or register schemas under subject ${subject} in the schema registry: grant it`,
      )
    case 404:
    case 405:
      return refused(`there is no schema registry at egress.kafka.registry.url: check its path`)
    default:
      return { tag: 'NotConnected', cause: new Error(`schema registry: ${cause.message}`, { cause }) }
  }
}
