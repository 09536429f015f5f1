import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import { granularityOf, type Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import { recordOf, type ReconcileReport } from './report.js'
import { recover } from '../../contract/kpi-stream.js'
import { clockStream } from '../../domain/stream-name.js'
import type { EventLog } from '../../log/event-log.js'
import { intervalStart } from '../../domain/interval.js'
import { aggregateResponse, type AggregateResponse } from './aggregates.js'
import type { Generation } from '../pipeline/generations.js'
import { align, type Aligned } from './align.js'
import { compareQuery } from './compare.js'
import { Queries, type AskedFor } from './query.js'
import { readOurRows } from './rows.js'
import { jsonObjects, SourceUnreadable, type SourceOptions } from './source.js'
import { noTolerance, type Tolerance } from './tolerance.js'

export type ReconcileOptions = Readonly<{
  /** Answers of the aggregates queries. */
  responses: AsyncIterable<AggregateResponse>
  kpi: EventLog
  tenant: string
  generation: Generation
  asked?: AskedFor
  /** How the query was filtered: dimensions, as the API calls them, and their value. */
  where?: Readonly<Record<string, string>>
  /** Compare with rows of this family, rather than with those of the one that fits. */
  family?: FamilyName | undefined
  /** The answers are of everything: rows of ours in a group that they do not mention are differences. */
  isComplete?: boolean
  tolerance?: Tolerance | undefined
  /** Through where our intervals are closed, if more is known of it than the rows say. */
  closedThrough?: EpochMs | undefined
  signal: AbortSignal
  onProgress?: (eventsRead: number) => void
}>

/**
 * Holds the rows of a generation against what the aggregates queries of Genesys say: every difference per group,
 * interval, metric and statistic, with its reason, and what could not be compared. Answers are held in memory, and of
 * our rows those of the families and the range of the answers.
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
  const { rows, closedThrough } = await readOurRows(kpi, tenant, generation.name, {
    families: new Set(comparable.flatMap(({ family }) => family ?? [])),
    granularity: granularityOf(profile.intervalMs) as Granularity,
    ...rangeOf(comparable),
    signal,
    onProgress: options.onProgress,
  })
  for (const row of rows.values()) for (const query of comparable) query.take(row)
  const compared = aligned.map((query) =>
    compareQuery(query, {
      profile,
      isComplete: options.isComplete ?? false,
      tolerance: options.tolerance ?? noTolerance,
      closedThrough: latest(closedThrough, options.closedThrough),
    }),
  )
  return recordOf({ tenant, generation: generation.name, queries, compared })
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
 * The answers in a file: a single one, an array of them, or NDJSON, plain or gzip. Throws `SourceUnreadable` where
 * something else stands in it.
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

/**
 * Through where the intervals of a generation are closed, as far as the clock of the raw log had come where the
 * projector is. Rows alone do not say it: where nothing happens there are none.
 */
export const closedThroughOf = async (
  raw: EventLog,
  kpi: EventLog,
  tenant: string,
  { name, profile }: Generation,
): Promise<EpochMs | undefined> => {
  const { checkpoint } = await recover(kpi, tenant, name)
  if (checkpoint === undefined) return undefined
  for await (const batch of raw.readStream(clockStream(tenant), { backwards: true, batchMax: 100 }))
    for (const event of batch) {
      if (event.position > checkpoint) continue
      const { at } = JSON.parse(Buffer.from(event.data).toString('utf8')) as { at: EpochMs }
      return intervalStart(at - profile.graceMs, profile.intervalMs)
    }
  return undefined
}
