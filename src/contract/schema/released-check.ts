import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import { fingerprintOf } from './fingerprint.js'
import { readerOfSchema, type RowReader } from '../row-codec.js'
import { releasedSchemas } from '../schema-history.js'
import { incompatibilities, type Incompatibility } from './compatibility.js'
import type { ContractSchema } from './contract-schemas.js'
import type { AvroSchema } from './named-types.js'

/** What stands between a schema and one that was released, which `released` names by its fingerprint. */
export type ReleaseProblem = Incompatibility & Readonly<{ released: string }>

/** How a schema of this version stands to those of all releases. `compared`: how many they are. */
export type ReleaseCheck = Pick<ContractSchema, 'name' | 'fingerprint'> &
  Readonly<{ compared: number; problems: readonly ReleaseProblem[] }>

/**
 * Compares what this version publishes with every schema that a released version wrote the same record with
 * (FULL_TRANSITIVE).
 */
export const checkReleased = (
  current: readonly ContractSchema[],
  released: readonly AvroSchema[] = releasedSchemas(),
): readonly ReleaseCheck[] =>
  current.map(({ name, published, fingerprint }) => {
    const earlier = released.filter(
      (schema) => schema['name'] === published['name'] && schema['namespace'] === published['namespace'],
    )
    return {
      name,
      fingerprint,
      compared: earlier.length,
      problems: earlier.flatMap((each) =>
        incompatibilities(each, published).map((problem) => ({ ...problem, released: fingerprintOf(each) })),
      ),
    }
  })

/** Readers of the rows of all releases, of these families. */
export const releasedReaders = (families: readonly FamilyName[]): readonly RowReader[] =>
  releasedSchemas().flatMap((schema) => {
    const reader = readerOfSchema(fingerprintOf(schema))
    return E.isRight(reader) && families.includes(reader.right.family) ? [reader.right] : []
  })
