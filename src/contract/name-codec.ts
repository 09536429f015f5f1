import type { Type } from 'avsc'
import type { NamedKind } from '../domain/fact.js'
import type { EpochMs } from '../domain/interval.js'
import { typeOf } from './old-schema.js'
import { fingerprintOf } from './schema/fingerprint.js'
import { nameSchema } from './schema/name-schema.js'

/**
 * What an object is called, from the event with this `revision` in its stream on. The same object and revision have the
 * same bytes for ever.
 */
export type ObjectName = Readonly<{
  tenant: string
  kind: NamedKind
  id: string
  name: string
  since: EpochMs
  revision: number
}>

/**
 * A name came into force, or is no more (`name: null`): `change` is the revision of the event in the stream of the object
 * that says so, or `erased` where the stream was erased. Kind, id and change identify it for ever.
 */
export type NameChange = Pick<ObjectName, 'tenant' | 'kind' | 'id'> &
  Readonly<{ change: number | 'erased'; name: ObjectName | null }>

/** Made with the first name. */
let type: Type | undefined

/** Name → bare Avro datum. */
export const nameCodec = {
  schema: nameSchema,
  fingerprint: fingerprintOf(nameSchema),
  encode: (name: ObjectName): Uint8Array => (type ??= typeOf(nameSchema)).toBuffer(name),
} as const

/** A name as JSON: the fields of the Avro record, with the instant as ISO 8601 in UTC. */
export const nameJson = ({ since, ...name }: ObjectName): Readonly<Record<string, string | number>> => ({
  ...name,
  since: new Date(since).toISOString(),
})
