import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import { granularityOf, type Granularity } from '../../domain/granularity.js'
import type { EpochMs, Interval } from '../../domain/interval.js'
import { recordOf, type ReconcileReport } from './report/report.js'
import type { EventLog } from '../../log/event-log.js'
import { aggregateResponse, type AggregateResponse } from './aggregates.js'
import type { Generation } from '../pipeline/generations.js'
import { align, type Aligned } from './align.js'
import { compareQuery, type ComparedFigure } from './compare.js'
import { Queries, type AskedFor } from './query.js'
import { readOurRows } from './our-rows.js'
import { jsonObjects, SourceUnreadable, type SourceOptions } from './source.js'
import { NOTHING_CLOSED } from './reasons/classify.js'
import { noTolerance, type Tolerance } from './reasons/finding.js'

export type ReconcileOptions = Readonly<{
  /** Responses of the aggregates queries. */
  responses: AsyncIterable<AggregateResponse>
  kpi: EventLog
  /** The data folder, where the index of rows is; without it the whole KPI stream is read. */
  data?: string | undefined
  tenant: string
  generation: Generation
  asked?: AskedFor
  /** Filters of the query: dimensions by their names in the API, and their values. */
  where?: Readonly<Record<string, string>>
  /** The family to compare with; by default the one that fits the groups. */
  family?: FamilyName | undefined
  /** The responses cover everything: our rows in a group that they leave out are differences. */
  isComplete?: boolean
  tolerance?: Tolerance | undefined
  /** The end of our last closed interval, if it is known from more than the rows. */
  closedThrough?: EpochMs | undefined
  signal: AbortSignal
  onProgress?: (eventsRead: number) => void
  /** Is told each figure that was compared, with both values. */
  onFigure?: (figure: ComparedFigure) => void
  /** Is told the intervals that could be compared, for each group of the answers. */
  onCovered?: (group: Readonly<Record<string, string>>, intervals: readonly Interval[]) => void
}>

/**
 * Compares the rows of a generation with responses of the Genesys aggregates queries. Reports every difference per
 * group, interval, metric and statistic with its reason, and everything that could not be compared. Holds the responses
 * in memory, and the rows of their families and range.
 */
export const reconcile = async (options: ReconcileOptions): Promise<ReconcileReport> => {
  const { generation, kpi, tenant, signal } = options
  const { profile } = generation
  const queries = new Queries(options.asked)
  for await (const response of options.responses) queries.add(response)
  const aligned = [...queries.all.values()].map((query) =>
    align(query, profile.intervalMs, options.where ?? {}, options.family),
  )
  const comparable = aligned.filter(({ family, starts }) => family !== null && starts.size > 0)
  const { rows, closedThrough } = await readOurRows(
    { kpi, tenant, generation: generation.name, data: options.data },
    {
      families: new Set(comparable.flatMap(({ family }) => family ?? [])),
      granularity: granularityOf(profile.intervalMs) as Granularity,
      ...rangeOf(comparable),
      signal,
      onProgress: options.onProgress,
    },
  )
  for (const row of rows.values()) for (const query of comparable) query.add(row)
  const closed = latest(closedThrough, options.closedThrough)
  const compared = aligned.map((query) =>
    compareQuery(query, {
      profile,
      isComplete: options.isComplete ?? false,
      tolerance: options.tolerance ?? noTolerance,
      closedThrough: closed,
      onFigure: options.onFigure,
    }),
  )
  for (const { query, intervals, unreachable } of comparable)
    for (const [key, { group }] of query.groups)
      if (unreachable(key) === undefined) options.onCovered?.(group, [...intervals.values()])
  const notes = closed === undefined ? [NOTHING_CLOSED] : []
  return recordOf({ tenant, generation: generation.name, queries, compared, notes })
}

const rangeOf = (aligned: readonly Aligned[]): Readonly<{ from: EpochMs; to: EpochMs }> => {
  let [from, to] = [Infinity, -Infinity]
  for (const { starts } of aligned)
    for (const start of starts.keys()) {
      from = Math.min(from, start)
      to = Math.max(to, start + 1)
    }
  return { from, to }
}

const latest = (a: EpochMs | undefined, b: EpochMs | undefined): EpochMs | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)

/**
 * Reads the responses in a file: one, an array, or NDJSON, plain or gzip. Throws `SourceUnreadable` on any other
 * content.
 */
export async function* readAggregates(options: SourceOptions): AsyncIterable<AggregateResponse> {
  let count = 0
  for await (const json of jsonObjects(options)) {
    count += 1
    const response = aggregateResponse(json)
    if (E.isLeft(response))
      throw new SourceUnreadable(`${options.file}: answer ${count} is not one of an aggregates query: ${response.left}`)
    yield response.right
  }
  if (count === 0 && !options.signal.aborted)
    throw new SourceUnreadable(`${options.file} holds no answer of an aggregates query: it is empty`)
}
