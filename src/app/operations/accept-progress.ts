import * as E from 'fp-ts/lib/Either.js'
import { kpiStream } from '../../domain/stream-name.js'
import type { ProgressMismatchCode } from '../../egress/progress-mismatch.js'
import type { Progress, RowFilter, Sink, SinkFailure } from '../../egress/sink.js'
import type { EventLog } from '../../log/event-log.js'
import { beforeFirst, progressCheck, progressThrough, publishFrom } from '../pipeline/egress/progress-check.js'
import { recordsOf } from '../pipeline/egress/writer.js'
import type { Logs } from '../pipeline/logs/logs.js'
import type { Live } from '../pipeline/generations.js'
import { computedGenerations, NoGeneration } from './computed.js'

export type AcceptProgressOptions = Readonly<{
  tenant: string
  logs: Logs
  /** A sink that accepts `codes`, and is not connected. */
  sink: Sink
  /** What the sink publishes. Default everything. */
  filter?: RowFilter | undefined
  codes: readonly ProgressMismatchCode[]
  /** Changes nothing. */
  dryRun: boolean
  signal: AbortSignal
}>

/** Where publishing begins: everything of `generation` from `revision` on, which is so many rows now. */
export type Accepted = Readonly<{
  sink: string
  /** What the destination said before. */
  found: Progress | undefined
  generation: string
  revision: number
  rows: number
}>

/**
 * Accepts a progress that does not match, once: writes to the destination where publishing begins, as an egress that
 * accepts the mismatch would begin, and publishes nothing. After it an egress goes on from there without accepting
 * anything. Left: the destination is away, or refuses for another reason.
 */
export const acceptProgress = async ({
  tenant,
  logs,
  sink,
  filter = {},
  codes,
  dryRun,
  signal,
}: AcceptProgressOptions): Promise<E.Either<SinkFailure, Accepted>> => {
  const { live: generation, promotions: promotion } = await computedGenerations(logs, tenant)
  if (generation === undefined) throw new NoGeneration(tenant)
  const live = { generation, promotion }
  const kpi = await logs.kpi(generation, 'reader')
  const check = progressCheck({ tenant, logs, sink: sink.name, accepted: codes })
  let looked: Readonly<{ found: Progress | undefined }> | undefined
  const connected = await sink.connect(signal, async (found) => {
    const allowed = await check(found)
    if (E.isLeft(allowed)) return allowed
    looked = { found }
    // A check that refuses ends before anybody is fenced.
    return dryRun ? E.left('dry run') : allowed
  })()
  if (E.isLeft(connected) && !(dryRun && looked !== undefined)) return connected
  const found = looked?.found
  const revision = await publishFrom(kpi, tenant, generation, found)
  const rows = await rowsFrom(kpi, tenant, live, filter, revision)
  const accepted = { sink: sink.name, found, generation, revision, rows }
  if (dryRun) return E.right(accepted)
  const place = await progressBefore(kpi, tenant, live, revision)
  const progress = found?.filter === undefined ? place : { ...place, filter: found.filter }
  const written = await sink.write({ records: [], progress }, signal)()
  return E.isLeft(written) ? written : E.right(accepted)
}

const rowsFrom = async (
  kpi: EventLog,
  tenant: string,
  live: Live,
  filter: RowFilter,
  from: number,
): Promise<number> => {
  let rows = 0
  for await (const batch of kpi.readStream(kpiStream(tenant, live.generation), { from }))
    rows += batch.flatMap((event) => recordsOf(event, live, filter)).filter(({ kind }) => kind === 'row').length
  return rows
}

/** The progress behind which `revision` is the next to be published. */
const progressBefore = async (kpi: EventLog, tenant: string, live: Live, revision: number): Promise<Progress> => {
  if (revision === 0) return beforeFirst(kpi, live)
  for await (const [event] of kpi.readStream(kpiStream(tenant, live.generation), { from: revision - 1, max: 1 }))
    if (event?.revision === revision - 1) return progressThrough(kpi, live, event)
  return beforeFirst(kpi, live)
}
