import * as E from 'fp-ts/lib/Either.js'
import { fingerprintOf } from '../../../contract/schema/fingerprint.js'
import { incompatibilities } from '../../../contract/schema/compatibility.js'
import type { CompatibilityLevel, RegistryOptions } from '../options.js'
import { registryClient, type RegisteredVersion, type RegistryClient } from './registry-client.js'
import { idAmong, registryFailure } from './schema-registration.js'
import type { SinkFailure } from '../../sink.js'
import type { SubjectSchema } from './subjects.js'

/** How a schema stands to what the registry holds under its subject. */
export type SubjectCheck = Pick<SubjectSchema, 'subject' | 'fingerprint'> &
  Readonly<{
    /** Its id, docs aside; `undefined` if it is not registered. */
    id: number | undefined
    /** How many versions the subject holds. */
    versions: number
    /** The level that the subject is held to; `undefined` if the registry does not tell this user. */
    level: CompatibilityLevel | undefined
    /** Why it could not be registered, or should not be. */
    problems: readonly string[]
  }>

/**
 * Compares schemas with what the registry holds under their subjects, and changes nothing. The registry is asked by its
 * own level; and because that level may be lower than what the contract promises, each version is compared by our own
 * rules too (FULL_TRANSITIVE).
 */
export const checkSubjects = async (
  options: RegistryOptions,
  schemas: readonly SubjectSchema[],
): Promise<E.Either<SinkFailure, readonly SubjectCheck[]>> => {
  const registry = registryClient(options)
  const checks: SubjectCheck[] = []
  for (const schema of schemas)
    try {
      checks.push(await checkSubject(registry, schema))
    } catch (cause) {
      return E.left(registryFailure(cause, schema.subject))
    }
  return E.right(checks)
}

const checkSubject = async (
  registry: RegistryClient,
  { subject, schema, fingerprint }: SubjectSchema,
): Promise<SubjectCheck> => {
  const versions = await registry.versions(subject)
  const published = fingerprintOf(schema)
  const id = (await registry.lookUp(subject, schema)) ?? idAmong(versions, published)
  const refusal = id === undefined ? await registry.incompatibility(subject, schema) : undefined
  return {
    subject,
    fingerprint,
    id,
    versions: versions.length,
    // Reading levels may be a right of its own, and publishing needs it not.
    level: (await registry.level(subject).catch(() => undefined))?.level,
    problems: [
      ...(refusal === undefined ? [] : [`the registry would refuse it: ${refusal}`]),
      ...before(versions, published).flatMap((version) => problemsWith(version, schema)),
    ],
  }
}

/** A later version of Streamvane may have registered a schema behind ours: it follows ours, not ours it. */
const before = (versions: readonly RegisteredVersion[], fingerprint: string): readonly RegisteredVersion[] => {
  const ours = versions.findIndex((version) => idAmong([version], fingerprint) !== undefined)
  return ours === -1 ? versions : versions.slice(0, ours)
}

const problemsWith = ({ version, schema }: RegisteredVersion, ours: SubjectSchema['schema']): readonly string[] => {
  if (schema === undefined) return [`version ${version} is no Avro schema`]
  try {
    return incompatibilities(schema, ours).map(({ kind, reason }) => `version ${version}: ${kind}: ${reason}`)
  } catch (cause) {
    return [`version ${version} cannot be parsed: ${(cause as Error).message}`]
  }
}
