import type { OffsetRange, RowFilter } from '../../../../egress/sink.js'
import { contentId } from '../../../../log/content-id.js'
import type { NewEvent, RecordedEvent } from '../../../../log/event-log.js'

/**
 * What was published, in one batch or in several that follow each other: the events `from` through `through` of the KPI
 * stream of a generation, under a promotion. `records` counts what became of them at the destination, `offsets` and
 * `commits` say where that lies. `at` and `until` are when the first and the last batch were acknowledged (ISO 8601).
 */
export type Publication = Readonly<{
  type: 'Published'
  generation: string
  promotion?: number
  from: number
  through: number
  /**
   * `all`: every row that passes the filter. `latest`: the last revisions of a period. `differences`: what a promotion
   * changed. `withdrawals`: rows that only a generation before had, and what is told at the end of a cut-over.
   */
  rows: 'all' | 'latest' | 'differences' | 'withdrawals'
  filter?: RowFilter
  records: number
  offsets?: readonly OffsetRange[]
  commits?: Readonly<{ first: number; last: number }>
  /** Another process published it, and died before it recorded it. What it sent was looked for at the destination. */
  recovered?: true
  at: string
  until: string
}>

/** Rows published again on request, of intervals that start from `from` through `through` (ISO 8601). */
export type Replayed = Readonly<
  Pick<Publication, 'generation' | 'promotion' | 'records' | 'offsets' | 'commits' | 'at' | 'until'> & {
    type: 'Replayed'
    intervals: Readonly<{ from: string; through: string }>
    families: readonly string[]
  }
>

/**
 * Recording begins behind `through`: what was published before is not recorded. It stands first in a stream, and where
 * it is not known any more what a process that died had published.
 */
export type RecordingBegan = Readonly<{
  type: 'RecordingBegan'
  generation: string
  promotion?: number
  through: number
  at: string
}>

export type PublicationEvent = Publication | Replayed | RecordingBegan

export const publicationEvent = (stream: string, event: PublicationEvent): NewEvent => {
  const { type, ...data } = event
  const bytes = Buffer.from(JSON.stringify(data))
  return { id: contentId(type, stream, bytes), type, data: bytes, metadata: Buffer.from('{}') }
}

export const decodePublication = ({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): PublicationEvent =>
  ({ type, ...(JSON.parse(Buffer.from(data).toString('utf8')) as object) }) as PublicationEvent

/** Two publications of which the second follows the first without a gap, as one; `undefined` if it does not. */
export const merged = (a: PublicationEvent, b: PublicationEvent): PublicationEvent | undefined => {
  if (a.type === 'RecordingBegan' || b.type === 'RecordingBegan') return undefined
  if (a.generation !== b.generation || a.promotion !== b.promotion) return undefined
  const offsets = rangesOf(a.offsets, b.offsets)
  const commits =
    a.commits === undefined || b.commits === undefined
      ? (a.commits ?? b.commits)
      : { first: a.commits.first, last: b.commits.last }
  const both = {
    ...{ records: a.records + b.records, until: b.until },
    ...(offsets !== undefined && { offsets }),
    ...(commits !== undefined && { commits }),
  }
  if (a.type === 'Published' && b.type === 'Published') {
    const isNext = a.rows === b.rows && a.recovered === b.recovered && b.from === a.through + 1
    const isSame = JSON.stringify(a.filter) === JSON.stringify(b.filter)
    return isNext && isSame ? { ...a, ...both, through: b.through } : undefined
  }
  if (a.type === 'Replayed' && b.type === 'Replayed') {
    const from = a.intervals.from < b.intervals.from ? a.intervals.from : b.intervals.from
    const through = a.intervals.through > b.intervals.through ? a.intervals.through : b.intervals.through
    return { ...a, ...both, intervals: { from, through }, families: [...new Set([...a.families, ...b.families])] }
  }
  return undefined
}

const rangesOf = (
  a: readonly OffsetRange[] | undefined,
  b: readonly OffsetRange[] | undefined,
): readonly OffsetRange[] | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  const byPlace = new Map(a.map((range) => [`${range.partition} ${range.topic}`, range]))
  for (const range of b) {
    const place = `${range.partition} ${range.topic}`
    const before = byPlace.get(place)
    byPlace.set(place, before === undefined ? range : joined(before, range))
  }
  return [...byPlace.values()]
}

const joined = (a: OffsetRange, b: OffsetRange): OffsetRange => {
  const { first: _, last: __, ...place } = b
  const records = a.records + b.records
  return a.first === undefined || b.first === undefined || a.last === undefined || b.last === undefined
    ? { ...place, records }
    : { ...place, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last), records }
}
