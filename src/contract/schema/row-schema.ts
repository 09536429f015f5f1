import { dimensionDoc, dimensionNullDoc, type Dimension } from '../../domain/dimensions.js'
import { families, type FamilyName } from '../../domain/family.js'
import { kpiFields } from './kpi-schema.js'
import { measuresField } from './measure-schema.js'
import { namedTypes, type AvroSchema } from './named-types.js'

/**
 * The Avro schema of a family's record, generated from the catalogue of metrics and KPIs. It is the published contract:
 * `schemas/avro` holds the same text, and a test compares the two.
 *
 * Every metric and KPI is a nullable field with default null. So a later version can add fields, and either version can
 * read what the other wrote.
 */
export const rowSchema = (family: FamilyName): AvroSchema => {
  const name = families[family].record
  const named = namedTypes()
  return {
    type: 'record',
    name,
    namespace: ROW_NAMESPACE,
    version: ROW_SCHEMA_VERSION,
    doc: `${families[family].doc} One record states one row anew: of the records with the same generation and key, the one with the highest revision counts.`,
    fields: [
      { name: 'family', type: 'string', doc: `Family of the row: ${family}.` },
      {
        name: 'key',
        type: 'string',
        doc: 'Names the row within tenant and generation: family/dimensions/granularity/interval start.',
      },
      { name: 'tenant', type: 'string', doc: 'Tenant: the Genesys Cloud organisation as configured.' },
      ...families[family].dimensions.map((dimension) => dimensionField(family, dimension)),
      {
        name: 'granularity',
        type: 'string',
        doc: "Length of the interval as ISO 8601 period: PT15M, PT30M, PT1H, or P1D, a day of 23, 24 or 25 hours in the profile's zone. Longer intervals repeat what shorter ones say: never add rows of different granularities.",
      },
      { name: 'intervalStart', type: instant, doc: 'Start of the interval, inclusive. UTC, milliseconds since 1970.' },
      { name: 'intervalEnd', type: instant, doc: 'End of the interval, exclusive. UTC, milliseconds since 1970.' },
      {
        name: 'status',
        type: { type: 'enum', name: 'RowStatus', symbols: rowStatuses, doc: 'How settled the row is.' },
        doc: 'provisional: the interval is open. final: it has closed. corrected: restated after it had closed.',
      },
      {
        name: 'correction',
        type: ['null', 'string'],
        default: null,
        doc: 'Why the row was restated last, after it had closed. late: something that belongs here arrived late. handled: after-call work came late and moved a handle time. recomputed: a newer record of a conversation says something else than the one before. settings: settings of the organisation that count for all of history changed. erased: something was erased on request before the generation began. withdrawn: only the generation that was live before had the row, so it is empty now. More reasons may come. null: it was not restated.',
      },
      {
        name: 'revision',
        type: 'long',
        doc: 'Changes folded into the row, strictly increasing from 1. Unit: changes.',
      },
      {
        name: 'erased',
        type: ['null', 'long'],
        default: null,
        doc: 'Metric points that had been in the row and were erased on request before this generation began. Unit: points. null: none.',
      },
      {
        name: 'empty',
        type: ['null', 'boolean'],
        default: null,
        doc: 'true: the row holds nothing any more; what had been in it was taken back, or the row was withdrawn. It counts as no row, in the digest of its interval too. null: it holds something.',
      },
      ...(carriesServiceTarget(family) ? [serviceTargetField] : []),
      measuresField(family, name, named),
      ...kpiFields(family, name, named),
    ],
  }
}

/**
 * The major version of the contract, which is in the CloudEvents type. It stays 1 as long as changes are compatible.
 */
export const ROW_SCHEMA_VERSION = 1

export const ROW_NAMESPACE = 'streamvane.kpi'

/** Full name of the record, for example `streamvane.kpi.QueueMetrics`. */
export const recordFullName = (family: FamilyName): string => `${ROW_NAMESPACE}.${families[family].record}`

/** Name of the contract's file and, by default, of the topic's last part: `queue-metrics`. */
export const contractName = (family: FamilyName): string =>
  families[family].record.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()

/** In the order of the symbols of the enum, which determines the encoding. */
export const rowStatuses = ['provisional', 'final', 'corrected'] as const

/** A service target is configured per queue, so only rows of one queue have one. */
export const carriesServiceTarget = (family: FamilyName): boolean => family === 'queue'

const serviceTargetField = {
  name: 'serviceTarget',
  type: ['null', 'double'],
  default: null,
  doc: 'Service level that the queue is to reach in this media type, a share between 0 and 1 (Genesys: oServiceTarget). It cannot be added up. null: none is known.',
}

const instant = { type: 'long', logicalType: 'timestamp-millis' }

const dimensionField = (family: FamilyName, dimension: Dimension) =>
  families[family].optional.includes(dimension)
    ? {
        name: dimension,
        type: ['null', 'string'],
        default: null,
        doc: `${dimensionDoc(dimension)} ${dimensionNullDoc(dimension)}`,
      }
    : { name: dimension, type: 'string', doc: dimensionDoc(dimension) }
