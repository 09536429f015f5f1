import type { Logger } from 'pino'
import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../../domain/family.js'
import { failureText, type RowFilter, type RowRecord, type Sink, type SinkFailure } from '../../../egress/sink.js'
import { computedGenerations, NoGeneration } from '../computed.js'
import { latestHeaders } from '../../../contract/kpi-stream/latest.js'
import { rowEvents } from '../../row-index/row-events.js'
import { isInScope, type Scope } from '../../scoped/scope.js'
import { passes, selectableRow } from '../../pipeline/egress/selection.js'
import { recordedSink } from '../../pipeline/egress/publications/recorded-sink.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { lookAtProgress } from '../../pipeline/egress/look-at-progress.js'

export type ReplayOptions = Readonly<{
  tenant: string
  logs: Logs
  /** The data folder, where the index of rows is; without it the whole KPI stream is read. */
  data?: string | undefined
  /** Needs a name of its own at the destination: with that of the running egress it would fence it. */
  sink: Sink | undefined
  /** With it the publications are recorded, under the name of the sink; it tells where they cannot be. */
  logger?: Logger | undefined
  /** The sink of the running egress: its progress is read, and nothing is written to it. */
  published?: Sink | undefined
  /** What the destination gets. Default everything. */
  filter?: RowFilter | undefined
  /** Which rows. Default all. */
  scope?: Scope | undefined
  batchMax: number
  signal: AbortSignal
  /** Is told how many records there are of each family, before the first is written. */
  onCounted?: (counts: ReplayCounts) => void
  onProgress?: ((written: number, of: number) => void) | undefined
}>

/** Records by family. */
export type ReplayCounts = ReadonlyMap<FamilyName, number>

/** The destination is away, or the egress has not switched; trying again may help. */
export class ReplayFailed extends Error {
  override readonly name = 'ReplayFailed'
}

/** The destination refuses the rows; the message says how to mend it. */
export class ReplayRefused extends Error {
  override readonly name = 'ReplayRefused'
}

const failed = (sink: Sink, failure: SinkFailure, rest = ''): Error =>
  new (failure.tag === 'Refused' ? ReplayRefused : ReplayFailed)(`${sink.name}: ${failureText(failure)}${rest}`, {
    cause: failure,
  })

/**
 * Publishes the latest row of every key in the scope again, marked as replay, in the order of the KPI log. Progress does not move. Without a sink (a dry run) it only counts. Resolves with the number of records,
 * which is smaller than the total if the signal aborted. Rows that the egress has still to publish are left to it.
 */
export const replay = async ({
  tenant,
  logs,
  data,
  sink,
  logger,
  published,
  filter = {},
  scope = {},
  batchMax,
  signal,
  onCounted,
  onProgress,
}: ReplayOptions): Promise<number> => {
  const { live, promotions } = await computedGenerations(logs, tenant)
  if (live === undefined) throw new NoGeneration(tenant)
  const kpi = await logs.kpi(live, 'reader')
  const { families, from, to } = scope
  const rows = await latestHeaders(kpi, tenant, live, {
    events: rowEvents({ kpi, tenant, generation: live, data }, { families, from, to }),
    header: (header) => isInScope(scope, header),
  })
  const through = published === undefined ? Infinity : await publishedThrough(published, live, signal)
  const records: RowRecord[] = [...rows.values()]
    .filter(({ header, revision }) => revision <= through && passes(filter, selectableRow(header)))
    .sort((a, b) => a.revision - b.revision)
    .map(({ header, avro, schema }) => ({
      kind: 'row',
      header,
      avro,
      schema,
      replay: true,
      generation: live,
      promotion: promotions,
    }))
  const counts = new Map<FamilyName, number>()
  for (const { header } of records) counts.set(header.family, (counts.get(header.family) ?? 0) + 1)
  onCounted?.(counts)
  if (sink === undefined || records.length === 0) return records.length
  if (logger === undefined) return publishAgain(sink, records, { batchMax, signal, onProgress })
  const options = { tenant, logs, sink: sink.name, filter, isPeriodic: false, logger, now: Date.now }
  const recorded = recordedSink(sink, options)
  return publishAgain(recorded.sink, records, { batchMax, signal, onProgress }).finally(() => recorded.recorder.close())
}

const publishAgain = async (
  sink: Sink,
  records: readonly RowRecord[],
  { batchMax, signal, onProgress }: Pick<ReplayOptions, 'batchMax' | 'signal' | 'onProgress'>,
): Promise<number> => {
  const connected = await sink.connect(signal)()
  if (E.isLeft(connected)) throw failed(sink, connected.left)
  let at = 0
  while (at < records.length && !signal.aborted) {
    const result = await sink.write({ records: records.slice(at, at + batchMax) }, signal)()
    if (E.isLeft(result))
      throw failed(
        sink,
        result.left,
        `, after ${at} of ${records.length} records; run it again to publish all of the range`,
      )
    at = Math.min(at + batchMax, records.length)
    onProgress?.(at, records.length)
  }
  return at
}

/**
 * The revision through which the egress has published the live generation. Throws `ReplayFailed` if it has not switched
 * to that generation: consumers would get its rows before they are told of them in order.
 */
const publishedThrough = async (sink: Sink, live: string, signal: AbortSignal): Promise<number> => {
  const read = await lookAtProgress(sink, signal)
  if (E.isLeft(read))
    throw new ReplayFailed(`${sink.name}: the progress of the egress cannot be read: ${failureText(read.left)}`, {
      cause: read.left,
    })
  const progress = read.right
  if (progress?.generation === live) return progress.revision
  throw new ReplayFailed(
    `${sink.name}: generation ${live} is live, and the egress has published ${
      progress === undefined ? 'nothing yet' : `generation ${progress.generation}`
    }: run the replay again once the egress has switched (it then publishes all rows of ${live})`,
  )
}
