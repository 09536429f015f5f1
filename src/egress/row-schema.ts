import { families, type Dimension, type FamilyName } from '../domain/family.js'
import { kpisOf, type Kpi } from '../domain/kpi.js'
import { metricDoc, metricKind, metricNames, pointMetrics, type MetricKind, type MetricName } from '../domain/metric.js'

/**
 * The Avro schema of a family's record, made from the catalogue of metrics and KPIs. It is the published contract: `schemas/avro` holds the
 * same text, reviewed like an API, and a test keeps the two equal.
 *
 * Every metric and KPI is a nullable field with default null, so that a later version may add some and still read, and be read by, this one.
 */
export type AvroSchema = Readonly<Record<string, unknown>>

/** Goes up with any change of the schema. The major part of it is in the CloudEvents type and stays 1 as long as changes are compatible. */
export const ROW_SCHEMA_VERSION = 1

export const ROW_NAMESPACE = 'streamvane.kpi'

const recordNames: Readonly<Record<FamilyName, string>> = { queue: 'QueueMetrics', agent: 'AgentMetrics', 'agent-state': 'AgentState' }

/** Full name of the record, for example `streamvane.kpi.QueueMetrics`. */
export const recordFullName = (family: FamilyName): string => `${ROW_NAMESPACE}.${recordNames[family]}`

/** Name of the contract's file and, by default, of the topic's last part: `queue-metrics`. */
export const contractName = (family: FamilyName): string =>
  recordNames[family].replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()

/** What a row of this family can carry: points for the interval families, states for the agent states. */
export const metricsOf = (family: FamilyName): readonly MetricName[] =>
  family === 'agent-state' ? metricNames.filter((name) => metricKind(name) === 'state') : pointMetrics

export const rowSchema = (family: FamilyName): AvroSchema => {
  const named = firstUse()
  const kpis = kpisOf(family)
  return {
    type: 'record',
    name: recordNames[family],
    namespace: ROW_NAMESPACE,
    version: ROW_SCHEMA_VERSION,
    doc: `${families[family].doc} One record states one row anew: of the records with the same generation and key, the one with the highest revision counts.`,
    fields: [
      { name: 'family', type: 'string', doc: `Family of the row: ${family}.` },
      { name: 'key', type: 'string', doc: 'Names the row within tenant and generation: family/dimensions/interval start.' },
      { name: 'tenant', type: 'string', doc: 'Tenant: the Genesys Cloud organisation as configured.' },
      ...families[family].dimensions.map((dimension) => dimensionField(family, dimension)),
      { name: 'intervalStart', type: instant, doc: 'Start of the interval, inclusive. UTC, milliseconds since 1970.' },
      { name: 'intervalEnd', type: instant, doc: 'End of the interval, exclusive. UTC, milliseconds since 1970.' },
      {
        name: 'status',
        type: { type: 'enum', name: 'RowStatus', symbols: ['provisional', 'final', 'corrected'], doc: 'How settled the row is.' },
        doc: 'provisional: the interval is open. final: it has closed. corrected: restated after it had closed.',
      },
      { name: 'revision', type: 'long', doc: 'Changes folded into the row, strictly increasing from 1. Unit: changes.' },
      {
        name: 'measures',
        type: {
          type: 'record',
          name: `${recordNames[family]}Measures`,
          doc: 'What Genesys emitted in the interval. null: nothing was emitted.',
          fields: metricsOf(family).map((metric) => ({
            name: metric,
            type: ['null', named(measureNames[metricKind(metric)], measureSchemas[metricKind(metric)])],
            default: null,
            doc: `${metricDoc(metric)} Unit: ${metricKind(metric) === 'count' ? 'occurrences' : 'milliseconds'}. Source: Genesys metric ${metric}.`,
          })),
        },
        doc: 'Additive: rows of several intervals or queues may be added up (min and max apart, which combine as such).',
      },
      ...(kpis.length === 0 ? [] : [kpiField(family, kpis, named)]),
    ],
  }
}

const instant = { type: 'long', logicalType: 'timestamp-millis' }

const dimensionDocs: Readonly<Record<Dimension, string>> = {
  queueId: 'Genesys id of the queue.',
  userId: 'Genesys id of the agent (user).',
  mediaType: 'Media type as in metric records, for example voice, chat, email, callback, message.',
  stateKind: 'Which state this is: routingStatus or systemPresence.',
  state: 'The state, for example IDLE, INTERACTING, AVAILABLE, BREAK.',
}

const dimensionField = (family: FamilyName, dimension: Dimension) =>
  families[family].optional.includes(dimension)
    ? { name: dimension, type: ['null', 'string'], default: null, doc: `${dimensionDocs[dimension]} null: none.` }
    : { name: dimension, type: 'string', doc: dimensionDocs[dimension] }

const measureNames: Readonly<Record<MetricKind, string>> = { count: 'Count', duration: 'Duration', state: 'StateTime' }

const measureSchemas: Readonly<Record<MetricKind, AvroSchema>> = {
  count: {
    doc: 'A number of occurrences.',
    fields: [{ name: 'count', type: 'long', doc: 'Occurrences in the interval. Unit: occurrences.' }],
  },
  duration: {
    doc: 'Durations that ended in the interval, each counted whole.',
    fields: [
      { name: 'count', type: 'long', doc: 'How many were emitted. Unit: emissions.' },
      { name: 'sum', type: 'long', doc: 'Their sum. Unit: milliseconds.' },
      { name: 'min', type: 'long', doc: 'The shortest. Unit: milliseconds.' },
      { name: 'max', type: 'long', doc: 'The longest. Unit: milliseconds.' },
    ],
  },
  state: {
    doc: 'Time spent in a state, clipped to the interval.',
    fields: [{ name: 'sum', type: 'long', doc: 'Time in the state within the interval. Unit: milliseconds.' }],
  },
}

const ratioSchema: AvroSchema = {
  doc: 'A quotient as its two terms: add terms first, divide last.',
  fields: [
    { name: 'numerator', type: 'long', doc: 'Upper term. Unit: that of the measure it is made of.' },
    { name: 'denominator', type: 'long', doc: 'Lower term, never 0. Unit: that of the measure it is made of.' },
  ],
}

const kpiField = (family: FamilyName, kpis: readonly Kpi[], named: ReturnType<typeof firstUse>) => ({
  name: 'kpis',
  type: {
    type: 'record',
    name: `${recordNames[family]}Kpis`,
    doc: "KPIs by the generation's profile. null: the denominator is 0, there is no value.",
    fields: kpis.map((kpi) => ({
      name: kpi.name,
      type: ['null', named('Ratio', ratioSchema)],
      default: null,
      doc: `${kpi.formula}. Unit of the quotient: ${kpi.unit === 'ms' ? 'milliseconds' : 'share between 0 and 1'}.`,
    })),
  },
  doc: 'Formulas over the measures, as numerator and denominator.',
})

/** Avro wants a named type spelled out where it is first used and by name alone from there on. */
const firstUse = () => {
  const used = new Set<string>()
  return (name: string, body: AvroSchema): string | AvroSchema => {
    if (used.has(name)) return name
    used.add(name)
    return { type: 'record', name, ...body }
  }
}
