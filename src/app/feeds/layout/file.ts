import { createHash } from 'node:crypto'
import type { Dimension } from '../../../domain/dimensions.js'
import type { EpochMs } from '../../../domain/interval.js'
import { addToDigest } from '../../../domain/row-digest.js'
import { cellOf, type CellContext } from '../records/cell.js'
import type { FeedPlan, Layout } from '../records/plan.js'
import type { FeedInterval, FeedRecord } from '../records/record.js'
import { csvText } from './csv.js'
import { fixed, localText, writtenOf, type Written } from './written.js'

/** What a file says of itself, besides its records. */
export type Heading = Readonly<{
  /** null: it was fetched. */
  delivery: number | null
  kind: 'regular' | 'correction' | 'manual' | 'fetched'
  reasons: readonly string[]
  ranges: readonly Readonly<{ from: string; to: string }>[]
  /** Of what is fetched: the cursor of the next page. */
  next?: string | null
}>

export type FeedFile = Readonly<{
  bytes: Buffer
  contentType: string
  sha256: string
  records: number
  rows: number
  digest: number
  incomplete: readonly string[]
}>

/** Names of objects by {@link nameKey}. */
export type NamesByKey = ReadonlyMap<string, string>

export const nameKey = (dimension: Dimension, id: string): string => `${dimension}/${id}`

/** The columns of a record as they are written. */
export const writtenRecord = ({ columns }: Layout, record: FeedRecord, context: CellContext): readonly Written[] =>
  columns.map((column) => writtenOf(column, cellOf(column, record, context), context.plan.settings.zone))

/** A file of intervals: a pure function of what it is given, so that it can be made again byte for byte. */
export const feedFile = (
  plan: FeedPlan,
  layout: Layout,
  intervals: readonly FeedInterval[],
  heading: Heading,
  names: NamesByKey,
): FeedFile => {
  const context: CellContext = {
    ...{ plan, delivery: heading.delivery },
    nameOf: (dimension, id) => names.get(nameKey(dimension, id)),
  }
  const records = intervals.flatMap((each) => each.records.map((record) => writtenRecord(layout, record, context)))
  const incomplete = intervals.flatMap(({ isComplete, interval }) => (isComplete ? [] : [iso(interval.start)]))
  const { format } = layout.settings
  const bytes = Buffer.from(
    format === 'csv' ? csvText(layout, records) : jsonText(plan, layout, records, heading, incomplete),
  )
  return {
    ...{ bytes, incomplete, records: records.length },
    contentType: contentTypes[format],
    sha256: createHash('sha256').update(bytes).digest('hex'),
    rows: intervals.reduce((sum, { rows }) => sum + rows, 0),
    digest: intervals.reduce((digest, each) => addToDigest(digest, each.digest), 0),
  }
}

const contentTypes = { csv: 'text/csv; charset=utf-8', json: 'application/json; charset=utf-8' } as const

const jsonText = (
  { settings }: FeedPlan,
  layout: Layout,
  records: readonly (readonly Written[])[],
  { delivery, kind, reasons, ranges, next }: Heading,
  incomplete: readonly string[],
): string => {
  const { name: feed, zone, interval } = settings
  return JSON.stringify({
    ...{ feed, version: layout.settings.version, delivery, kind, reasons, zone: zone.name, interval, ranges },
    ...{ complete: incomplete.length === 0, incomplete },
    records: records.map((record) =>
      Object.fromEntries(layout.columns.map(({ name }, place) => [name, jsonOf(record[place] ?? null)])),
    ),
    ...(next === undefined ? {} : { next }),
  })
}

const jsonOf = (written: Written): string | number | null =>
  written === null ? null : written.kind === 'number' ? Number(fixed(written)) : written.text

/** The objects whose names a layout writes, of the records of intervals. */
export function* namedIn(
  { by, settings }: FeedPlan,
  { columns }: Layout,
  intervals: readonly FeedInterval[],
): Iterable<readonly [Dimension, string]> {
  for (const { source } of columns) {
    if (source.kind !== 'dimension' || !source.isName || settings.groups?.dimension === source.dimension) continue
    const place = by.indexOf(source.dimension)
    const ids = new Set(intervals.flatMap(({ records }) => records.flatMap((record) => record.place[place] ?? [])))
    for (const id of ids) yield [source.dimension, id]
  }
}

/** The name of a file by its pattern; times are local. */
export const fileName = (
  pattern: string,
  { settings }: FeedPlan,
  { settings: { version, format } }: Layout,
  { delivery, kind, ranges }: Heading,
): string => {
  const local = (at: string, form: string): string => localText(Date.parse(at), form, settings.zone)
  const [from, to] = [ranges[0]!.from, ranges.at(-1)!.to]
  const compact = (at: string): string => local(at, 'yyyyMMddTHHmmXXX').replace(':', '')
  const parts: Readonly<Record<string, string>> = {
    ...{ feed: settings.name, number: String(delivery ?? 0).padStart(6, '0'), version: String(version), kind },
    ...{ date: local(from, 'yyyyMMdd'), from: compact(from), to: compact(to), ext: format },
  }
  return pattern.replaceAll(/\{(\w+)\}/g, (_, part: string) => parts[part] ?? '')
}

export const iso = (at: EpochMs): string => new Date(at).toISOString().replace('.000Z', 'Z')
