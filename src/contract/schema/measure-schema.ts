import type { FamilyName } from '../../domain/family.js'
import { families } from '../../domain/family.js'
import {
  metricDoc,
  metricEmitted,
  metricGroup,
  metricKind,
  metricUnit,
  type MetricKind,
  type MetricName,
} from '../../domain/metric.js'
import { SKETCH_ERROR_MAX } from '../../domain/sketch.js'
import type { AvroSchema, NamedTypes } from './named-types.js'

/** The measures of a family: a nullable field for each metric. `recordName` is the name of the row's record. */
export const measuresField = (family: FamilyName, recordName: string, named: NamedTypes): AvroSchema => ({
  name: 'measures',
  type: {
    type: 'record',
    name: `${recordName}Measures`,
    doc: 'What was emitted in the interval. null: nothing was, or nothing that the source of the figures could tell; never 0.',
    fields: families[family].metrics.map((metric) => ({
      name: metric,
      type: ['null', measureType(metricKind(metric), named)],
      default: null,
      doc: `${metricDoc(metric)} ${metricEmitted(metric)} Unit: ${unitWords[metricUnit(metric)]}. Source: ${sourceOf(metric)}.`,
    })),
  },
  doc: 'Additive: rows of several intervals or cells may be added up, measure by measure (min and max apart, which combine as such).',
})

const unitWords = { ms: 'milliseconds', count: 'occurrences', number: 'as observed' } as const

const sourceOf = (metric: MetricName): string => {
  switch (metricGroup(metric)) {
    case 'occupancy':
      return 'Genesys routing statuses of the agent'
    case 'query-time':
      return `worked out as Genesys does at query time for its metric ${metric}`
    default:
      return `Genesys metric ${metric}`
  }
}

const measureType = (kind: MetricKind, named: NamedTypes): string | AvroSchema => {
  switch (kind) {
    case 'count':
      return named('Count', 'A number of occurrences.', () => [
        { name: 'count', type: 'long', doc: 'Occurrences in the interval. Unit: occurrences.' },
      ])
    case 'duration':
      return named('Duration', 'Durations that ended in the interval, each counted whole.', () => [
        { name: 'count', type: 'long', doc: 'How many were emitted. Unit: emissions.' },
        { name: 'sum', type: 'long', doc: 'Their sum. Unit: milliseconds.' },
        { name: 'min', type: 'long', doc: 'The shortest. Unit: milliseconds.' },
        { name: 'max', type: 'long', doc: 'The longest. Unit: milliseconds.' },
        {
          name: 'quantiles',
          type: ['null', quantilesType(named)],
          default: null,
          doc: 'How they are distributed. null: the profile does not ask for quantiles of this metric.',
        },
      ])
    case 'observation':
      return named('Observation', 'Numbers observed in the interval.', () => [
        { name: 'count', type: 'long', doc: 'How many were emitted. Unit: emissions.' },
        { name: 'sum', type: 'double', doc: 'Their sum, exact to a millionth. Unit: as observed.' },
        { name: 'min', type: 'double', doc: 'The smallest. Unit: as observed.' },
        { name: 'max', type: 'double', doc: 'The largest. Unit: as observed.' },
      ])
    case 'state':
      return named('StateTime', 'Time spent in a state, clipped to the interval.', () => [
        { name: 'sum', type: 'long', doc: 'Time in the state within the interval. Unit: milliseconds.' },
      ])
  }
}

/** The shares whose quantiles are fields of a row. */
export const quantileShares = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const

const BOUND = `at most 1/${1 / SKETCH_ERROR_MAX} (${(SKETCH_ERROR_MAX * 100).toFixed(1)} %) away from the true one and never outside min and max`

const quantilesType = (named: NamedTypes): string | AvroSchema =>
  named(
    'Quantiles',
    `Quantiles by nearest rank, ${BOUND}. They cannot be added: to combine rows, add the buckets.`,
    () => [
      ...Object.entries(quantileShares).map(([name, share]) => ({
        name,
        type: 'long',
        doc: `${share * 100} % of the durations are this long or shorter. Unit: milliseconds.`,
      })),
      {
        name: 'buckets',
        type: {
          type: 'array',
          items: named('Bucket', 'Durations of nearly the same length.', () => [
            {
              name: 'through',
              type: 'long',
              doc: 'The longest duration that belongs here, inclusive. The same lengths bound buckets in every row. Unit: milliseconds.',
            },
            { name: 'count', type: 'long', doc: 'How many durations belong here. Unit: emissions.' },
          ]),
        },
        doc: 'The histogram that the quantiles are read from, shortest first, empty buckets left out. Additive: counts of equal `through` add up.',
      },
    ],
  )
