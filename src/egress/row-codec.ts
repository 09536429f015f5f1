import avro from 'avsc'
import type { Either } from 'fp-ts/lib/Either.js'
import * as E from 'fp-ts/lib/Either.js'
import { families, familyNames, type Dimension, type FamilyName } from '../domain/family.js'
import { kpisOf, type KpiName, type Ratio } from '../domain/kpi.js'
import type { Measure } from '../domain/measure.js'
import { metricIndex, metricKind, metricNames, type MetricKind } from '../domain/metric.js'
import type { Row, RowStatus } from '../domain/row.js'
import { metricsOf, rowSchema, type AvroSchema } from './row-schema.js'

/** A row as it is published: with its KPIs, of which only those that have a value are there. */
export type PublishedRow = Readonly<{ row: Row; kpis: Readonly<Partial<Record<KpiName, Ratio>>> }>

/** Row ⇄ bare Avro datum (no header, no registry id) of one family. */
export type RowCodec = Readonly<{
  family: FamilyName
  schema: AvroSchema
  /** 16 hex digits of the SHA-256 of the schema's canonical form: names the schema beside stored rows. Docs do not change it. */
  fingerprint: string
  /** Throws if a value does not fit the contract (a sum that is no whole number of milliseconds, say): such a row must never come to be. */
  encode: (published: PublishedRow) => Uint8Array
  /**
   * Throws if the bytes are not a datum of this schema. What the contract does not carry comes back in one fixed form: a count metric as `count`
   * emissions of 1, a state time as one emission; measures of nothing as `undefined`.
   */
  decode: (bytes: Uint8Array) => PublishedRow
}>

export type UnknownSchema = Readonly<{ tag: 'UnknownSchema'; fingerprint: string; message: string }>

/** The codec that this version writes with. */
export const rowCodec = (family: FamilyName): RowCodec => codecs[family]

/** The codec for rows that were stored with a schema. Later versions find the resolvers for older schemas here. */
export const codecOfSchema = (fingerprint: string): Either<UnknownSchema, RowCodec> => {
  const codec = byFingerprint.get(fingerprint)
  if (codec !== undefined) return E.right(codec)
  const message = `rows were written with schema ${fingerprint}, which this version does not know: run the version that wrote them, or rebuild the generation`
  return E.left({ tag: 'UnknownSchema', fingerprint, message })
}

type Fields = Record<string, unknown>
type Datum = Fields & {
  key: string
  tenant: string
  intervalStart: number
  intervalEnd: number
  status: RowStatus
  revision: number
  measures: Record<string, Measure | null>
  kpis?: Record<KpiName, Ratio | null>
}

const CODEC_BUFFER_BYTES = 64 * 1024

const makeCodec = (family: FamilyName): RowCodec => {
  const schema = rowSchema(family)
  const type = avro.Type.forSchema(schema as unknown as avro.Schema)
  const dimensions = families[family].dimensions
  const metrics = metricsOf(family).map((name) => ({
    name,
    place: metricIndex.get(name) as number,
    canonical: canonicalMeasure[metricKind(name)],
  }))
  const kpiNames = kpisOf(family).map((kpi) => kpi.name)
  const scratch = emptyDatum(family, dimensions, metrics, kpiNames)
  let buffer = Buffer.allocUnsafe(CODEC_BUFFER_BYTES)

  return {
    family,
    schema,
    fingerprint: type.fingerprint('sha256').toString('hex').slice(0, 16),

    // One scratch object and one buffer for all rows: what a row costs is the walk over its fields and one copy.
    encode: ({ row, kpis }) => {
      scratch.key = row.key
      scratch.tenant = row.tenant
      for (let i = 0; i < dimensions.length; i++) scratch[dimensions[i] as Dimension] = row.dimensions[i] ?? null
      scratch.intervalStart = row.start
      scratch.intervalEnd = row.end
      scratch.status = row.status
      scratch.revision = row.revision
      for (const { name, place } of metrics) {
        const measure = row.measures[place]
        scratch.measures[name] = measure === undefined || (measure.count === 0 && measure.sum === 0) ? null : measure
      }
      if (scratch.kpis !== undefined) for (const name of kpiNames) scratch.kpis[name] = kpis[name] ?? null
      let end = type.encode(scratch, buffer)
      if (end < 0) {
        // avsc answers minus the bytes that were missing.
        buffer = Buffer.allocUnsafe(buffer.length - end)
        end = type.encode(scratch, buffer)
      }
      return Buffer.from(buffer.subarray(0, end))
    },

    decode: (bytes) => {
      const datum = type.fromBuffer(asBuffer(bytes)) as Datum
      const measures: (Measure | undefined)[] = new Array<Measure | undefined>(metricNames.length).fill(undefined)
      for (const { name, place, canonical } of metrics) {
        const measure = datum.measures[name]
        if (measure !== null && measure !== undefined) measures[place] = canonical(measure)
      }
      const kpis: Partial<Record<KpiName, Ratio>> = {}
      if (datum.kpis !== undefined)
        for (const name of kpiNames) {
          const ratio = datum.kpis[name]
          if (ratio !== null) kpis[name] = { numerator: ratio.numerator, denominator: ratio.denominator }
        }
      const { key, tenant, intervalStart: start, intervalEnd: end, status, revision } = datum
      return {
        row: {
          tenant,
          key,
          family,
          dimensions: dimensions.map((name) => datum[name] as string | null),
          start,
          end,
          status,
          revision,
          measures,
        },
        kpis,
      }
    },
  }
}

/** A measure with only what the contract carries, the rest in one fixed form. */
const canonicalMeasure: Readonly<Record<MetricKind, (measure: Measure) => Measure>> = {
  count: ({ count }) => ({ count, sum: count, min: 1, max: 1 }),
  duration: ({ count, sum, min, max }) => ({ count, sum, min, max }),
  state: ({ sum }) => ({ count: 1, sum, min: sum, max: sum }),
}

/** All fields in the schema's order from the start, so that the engine keeps one shape for it. */
const emptyDatum = (
  family: FamilyName,
  dimensions: readonly Dimension[],
  metrics: readonly { name: string }[],
  kpis: readonly KpiName[],
): Datum => {
  const nulls = (names: readonly string[]): Record<string, null> => Object.fromEntries(names.map((name) => [name, null]))
  const head = {
    family,
    key: '',
    tenant: '',
    ...nulls(dimensions),
    intervalStart: 0,
    intervalEnd: 0,
    status: 'provisional' as const,
    revision: 0,
  }
  const measures = nulls(metrics.map(({ name }) => name))
  return kpis.length === 0 ? { ...head, measures } : { ...head, measures, kpis: nulls(kpis) }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const codecs: Readonly<Record<FamilyName, RowCodec>> = {
  queue: makeCodec('queue'),
  agent: makeCodec('agent'),
  'agent-state': makeCodec('agent-state'),
}

const byFingerprint: ReadonlyMap<string, RowCodec> = new Map(familyNames.map((family) => [codecs[family].fingerprint, codecs[family]]))
