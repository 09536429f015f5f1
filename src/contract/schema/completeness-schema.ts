import type { AvroSchema } from './named-types.js'
import { ROW_NAMESPACE, ROW_SCHEMA_VERSION } from './row-schema.js'

/** Records that say of rows that they are all there. Names of their `ce_type`, in the middle, and of their files. */
export type StatementName = 'interval-complete' | 'generation-complete'
export const statementNames: readonly StatementName[] = ['interval-complete', 'generation-complete']

export const isStatementName = (name: string): name is StatementName =>
  (statementNames as readonly string[]).includes(name)

/** Full name of the record, for example `streamvane.kpi.IntervalComplete`. */
export const statementFullName = (name: StatementName): string => `${ROW_NAMESPACE}.${recordNames[name]}`

const recordNames: Readonly<Record<StatementName, string>> = {
  'interval-complete': 'IntervalComplete',
  'generation-complete': 'GenerationComplete',
}

/** The Avro schema of a statement as the KPI log holds it. */
export const statementSchema = (name: StatementName): AvroSchema => ({
  type: 'record',
  name: recordNames[name],
  namespace: ROW_NAMESPACE,
  version: ROW_SCHEMA_VERSION,
  doc: docs[name],
  fields: [
    { name: 'tenant', type: 'string', doc: 'Tenant: the Genesys Cloud organisation as configured.' },
    { name: 'family', type: 'string', doc: 'Family of the rows: queue, agent, agent-state, and so on.' },
    ...ownFields[name],
    {
      name: 'rows',
      type: 'long',
      doc: 'Rows that hold something, each row key once. A row whose field empty is true is not counted. Unit: rows.',
    },
    {
      name: 'digest',
      type: 'long',
      doc: 'What the rows add up to: for the latest revision of each row that holds something, the first ten hexadecimal digits of md5(row key, a space, revision), read as a number; their sum modulo 1099511627776 (2 to the power of 40). It shows that rows are missing, old or too many; it is no protection against forgery.',
    },
    ...(name === 'interval-complete' ? [closedAtField] : []),
  ],
})

const instant = { type: 'long', logicalType: 'timestamp-millis' }

const closedAtField = {
  name: 'closedAt',
  type: ['null', instant],
  default: null,
  doc: 'Instant of the tick of the clock that closed the interval. UTC, milliseconds since 1970. null: the interval got its first row after it had closed, or before the first one that was closed.',
}

const docs: Readonly<Record<StatementName, string>> = {
  'interval-complete':
    'An interval of a family has closed, and these are all of its rows. A row that is corrected later gives another record with a higher number. Of the records with the same promotion, family, granularity and interval, the one with the highest number counts.',
  'generation-complete':
    'Everything that a generation of the figures held when it was promoted has been published, and the rows that only the generation before had are withdrawn.',
}

const ownFields: Readonly<Record<StatementName, readonly object[]>> = {
  'interval-complete': [
    {
      name: 'granularity',
      type: 'string',
      doc: "Length of the interval as ISO 8601 period: PT15M, PT30M, PT1H, or P1D, a day of 23, 24 or 25 hours in the profile's zone.",
    },
    { name: 'intervalStart', type: instant, doc: 'Start of the interval, inclusive. UTC, milliseconds since 1970.' },
    {
      name: 'intervalEnd',
      type: instant,
      doc: 'End of the interval, exclusive. UTC, milliseconds since 1970. Where rows is 0 it may be the end of a later interval: then none of the intervals in between has a row.',
    },
    {
      name: 'zone',
      type: ['null', 'string'],
      default: null,
      doc: 'Name of the time zone whose days these are, for example Europe/Berlin. null: the interval depends on no zone.',
    },
    {
      name: 'number',
      type: 'long',
      doc: 'Number of the record among those of the same generation and interval. It starts at 1 and rises with each correction, not always by one.',
    },
  ],
  'generation-complete': [],
}
