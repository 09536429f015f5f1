import { createHash } from 'node:crypto'
import { canonicalJson } from '../../../domain/canonical-json.js'
import type { FeedPlan, Layout } from '../records/plan.js'
import type { Column } from '../records/column.js'

type Json = Readonly<Record<string, unknown>>

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

const instant = { type: 'string', format: 'date-time' }

/**
 * The JSON Schema of a version of a feed's payload, for its receiver. A JSON file is an object with `records`; of a CSV
 * file it says the columns, their order (`x-columns`) and separators (`x-csv`), and what a record is once numbers are
 * read as numbers.
 */
export const layoutSchemaOf = ({ settings }: FeedPlan, layout: Layout): Json => {
  const { name, doc, interval, zone, family } = settings
  const { version, format, csv } = layout.settings
  const record = recordSchema(layout)
  const about = {
    ...{ $schema: DIALECT, $id: `urn:streamvane:feed:${name}:v${version}` },
    title: `${name}, version ${version}`,
    description: `${doc === '' ? '' : `${doc} `}Intervals of ${interval}${interval === 'P1D' ? ' (local days)' : ''}, zone ${zone.name}; figures of ${family}.`,
    'x-columns': layout.columns.map((column) => column.name),
  }
  return format === 'csv'
    ? { ...about, 'x-csv': csv, type: 'array', items: record }
    : { ...about, ...envelopeSchema(record, version) }
}

const envelopeSchema = (record: Json, version: number): Json => ({
  type: 'object',
  required: [
    'feed',
    'version',
    'delivery',
    'kind',
    'reasons',
    'zone',
    'interval',
    'ranges',
    'complete',
    'incomplete',
    'records',
  ],
  properties: {
    feed: { type: 'string' },
    version: { const: version },
    delivery: { type: ['integer', 'null'], description: 'number of the delivery; null in what was fetched' },
    kind: { enum: ['regular', 'correction', 'manual', 'fetched'] },
    reasons: { type: 'array', items: { type: 'string' } },
    zone: { type: 'string' },
    interval: { type: 'string' },
    ranges: { type: 'array', items: { type: 'object', properties: { from: instant, to: instant } } },
    complete: { type: 'boolean', description: 'whether every interval is complete' },
    incomplete: { type: 'array', items: instant, description: 'starts of the intervals that are not complete yet' },
    records: { type: 'array', items: record },
    next: {
      type: ['string', 'null'],
      description: 'of what was fetched: the cursor of the next page; null: there is none',
    },
  },
})

const recordSchema = ({ columns }: Layout): Json => ({
  type: 'object',
  required: columns.map(({ name }) => name),
  properties: Object.fromEntries(columns.map((column) => [column.name, columnSchemaOf(column)])),
  additionalProperties: false,
})

const columnSchemaOf = ({ source, unit, format, isWhole, digits, doc }: Column): Json => {
  const described = (schema: Json, text?: string): Json => {
    const description = doc ?? text
    return description === undefined ? schema : { ...schema, description }
  }
  if (source.kind === 'constant') return described({ const: source.value })
  if (source.kind === 'status') return described({ enum: ['provisional', 'final', 'corrected'] })
  if (unit === 'text') return described({ type: ['string', 'null'] })
  if (unit === 'instant') return described(instantSchema(format ?? 'utc'))
  if (unit === 'ms' && format === 'HH:mm:ss')
    return described({ type: ['string', 'null'], pattern: '^\\d{2,}:\\d{2}:\\d{2}$' })
  const type =
    isWhole || digits === 0 || (unit === 'ms' && wholeDurations.has(format ?? 'ms') && digits === undefined)
      ? 'integer'
      : 'number'
  return described({ type: [type, 'null'] }, unitText(unit, format))
}

const wholeDurations: ReadonlySet<string> = new Set(['ms', 'seconds'])

const instantSchema = (format: string): Json => {
  if (format === 'utc' || format === 'local') return instant
  if (format === 'epoch-s' || format === 'epoch-ms') return { type: 'integer', description: format }
  return { type: 'string', description: `local time, ${format}` }
}

const unitText = (unit: Column['unit'], format: string | undefined): string | undefined => {
  if (unit === 'ms') return format ?? 'milliseconds'
  if (unit === 'share') return format === 'percent' ? 'percent' : 'a share from 0 to 1'
  return undefined
}

/** Of what must not change under one version: what its receiver sees. Texts, filters and groups may. */
export const layoutDigest = (plan: FeedPlan, { settings, columns }: Layout): string => {
  const { family, interval, zone } = plan.settings
  const { format, csv } = settings
  const seen = columns.map(({ doc: _, ...column }) => column)
  return digestOf({ family, interval, zone: zone.name, by: plan.by, columns: seen, format, csv })
}

/** Of all that says what a file holds, besides the rows and names of the log: under the same digest the bytes are the same. */
export const contentDigest = (plan: FeedPlan, layout: Layout): string => {
  const { filter, groups, zeros, zone } = plan.settings
  return digestOf({ layout: layoutDigest(plan, layout), filter, groups, zeros, offsets: zone.offsets })
}

const digestOf = (said: object): string =>
  createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(said))))
    .digest('hex')
