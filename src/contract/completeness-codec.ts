import type { Type } from 'avsc'
import type { FamilyName } from '../domain/family.js'
import type { IntervalComplete } from '../domain/interval-complete.js'
import { typeOf } from './old-schema.js'
import { historicalSchema } from './schema-history.js'
import { statementSchema, type StatementName } from './schema/completeness-schema.js'
import { fingerprintOf } from './schema/fingerprint.js'
import type { AvroSchema } from './schema/named-types.js'

/** Everything that a generation held of a family when it was promoted is published. */
export type GenerationComplete = Readonly<{ tenant: string; family: FamilyName; rows: number; digest: number }>

type Statements = { 'interval-complete': IntervalComplete; 'generation-complete': GenerationComplete }

/** A statement as it is published, with its values in the fields of the schema. */
type Datum = Readonly<Record<string, string | number | null>>

/** Statement ⇄ bare Avro datum of the schema of this version. */
export type StatementCodec<N extends StatementName> = Readonly<{
  schema: AvroSchema
  /** As that of a row's schema. */
  fingerprint: string
  encode: (statement: Statements[N]) => Uint8Array
}>

export const statementCodec = <N extends StatementName>(name: N): StatementCodec<N> => codecs[name]

/** Reads a marker that was stored with the schema of this fingerprint. Throws if the schema is not known. */
export const decodeMarker = (bytes: Uint8Array, fingerprint: string): IntervalComplete => {
  const { tenant, family, granularity, intervalStart, intervalEnd, ...rest } = readerOf(fingerprint)(bytes)
  return { tenant, family, granularity, start: intervalStart, end: intervalEnd, ...rest } as IntervalComplete
}

/** A marker as JSON: the fields of the Avro record, with instants as ISO 8601 in UTC and without what is null. */
export const markerJson = (marker: IntervalComplete): Readonly<Record<string, string | number>> => {
  const { tenant, family, granularity, start, end, zone, number, rows, digest, closedAt } = marker
  return {
    ...{ tenant, family, granularity, intervalStart: iso(start), intervalEnd: iso(end) },
    ...(zone !== null && { zone }),
    ...{ number, rows, digest },
    ...(closedAt !== null && { closedAt: iso(closedAt) }),
  }
}

const iso = (instant: number): string => new Date(instant).toISOString()

const codecOf = <N extends StatementName>(name: N, datumOf: (statement: Statements[N]) => Datum): StatementCodec<N> => {
  const schema = statementSchema(name)
  /** Made with the first statement. */
  let type: Type | undefined
  return {
    schema,
    fingerprint: fingerprintOf(schema),
    encode: (statement) => (type ??= typeOf(schema)).toBuffer(datumOf(statement)),
  }
}

const codecs: { readonly [N in StatementName]: StatementCodec<N> } = {
  'interval-complete': codecOf('interval-complete', ({ start, end, ...rest }) => ({
    ...rest,
    intervalStart: start,
    intervalEnd: end,
  })),
  'generation-complete': codecOf('generation-complete', (statement) => statement),
}

/** Markers of an earlier schema get the defaults of the fields that it did not have. */
const readerOf = (fingerprint: string): ((bytes: Uint8Array) => Record<string, unknown>) => {
  let reader = readers.get(fingerprint)
  if (reader !== undefined) return reader
  const current = codecs['interval-complete']
  const written = fingerprint === current.fingerprint ? current.schema : historicalSchema(fingerprint)
  if (written === undefined)
    throw new Error(
      `a marker was written with schema ${fingerprint}, which this version does not know: run the version that wrote it`,
    )
  const [from, to] = [typeOf(written), typeOf(current.schema)]
  const resolver = to.createResolver(from)
  reader = (bytes) => {
    const datum = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return { ...(to.fromBuffer(datum, resolver) as Record<string, unknown>) }
  }
  readers.set(fingerprint, reader)
  return reader
}

const readers = new Map<string, (bytes: Uint8Array) => Record<string, unknown>>()
