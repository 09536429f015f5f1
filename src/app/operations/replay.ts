import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Sink, SinkRecord } from '../../egress/sink.js'
import { computedGenerations, NoGeneration } from './computed.js'
import { latestHeaders } from '../../contract/kpi-stream.js'
import type { Logs } from '../pipeline/logs/logs.js'

export type ReplayOptions = Readonly<{
  tenant: string
  logs: Logs
  /** Needs a name of its own at the destination: with that of the running egress it would fence it. */
  sink: Sink | undefined
  family?: FamilyName | undefined
  from?: EpochMs | undefined
  to?: EpochMs | undefined
  batchMax: number
  signal: AbortSignal
  onProgress?: (written: number, of: number) => void
}>

export class ReplayFailed extends Error {
  override readonly name = 'ReplayFailed'
}

/**
 * Publishes the latest row of every key whose interval starts in `[from, to)` again, marked as replay, in the order of
 * the KPI log. Progress does not move. Without a sink (a dry run) it only counts. Resolves with the number of records,
 * which is smaller than the total if the signal aborted.
 */
export const replay = async ({
  tenant,
  logs,
  sink,
  family,
  from,
  to,
  batchMax,
  signal,
  onProgress,
}: ReplayOptions): Promise<number> => {
  const { live } = await computedGenerations(logs, tenant)
  if (live === undefined) throw new NoGeneration(tenant)
  const inRange = (start: EpochMs): boolean => (from === undefined || start >= from) && (to === undefined || start < to)
  const rows = await latestHeaders(await logs.kpi(live, 'reader'), tenant, live, {
    family,
    header: ({ start }) => inRange(start),
  })
  const records: SinkRecord[] = [...rows.values()]
    .sort((a, b) => a.revision - b.revision)
    .map(({ header, avro, schema }) => ({ header, avro, schema, generation: live, replay: true }))
  if (sink === undefined || records.length === 0) return records.length
  const connected = await sink.connect(signal)()
  if (E.isLeft(connected))
    throw new ReplayFailed(`${sink.name}: ${JSON.stringify(connected.left)}`, { cause: connected.left })
  let at = 0
  while (at < records.length && !signal.aborted) {
    const result = await sink.write({ records: records.slice(at, at + batchMax) }, signal)()
    if (E.isLeft(result))
      throw new ReplayFailed(
        `${sink.name}: ${result.left.tag} after ${at} of ${records.length} records; run it again to publish all of the range`,
        { cause: result.left },
      )
    at = Math.min(at + batchMax, records.length)
    onProgress?.(at, records.length)
  }
  return at
}
