import * as E from 'fp-ts/lib/Either.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { refusalOf, type ProgressMismatch, type ProgressMismatchCode } from '../../../egress/progress-mismatch.js'
import type { Progress, ProgressCheck } from '../../../egress/sink.js'
import { LogUnavailable, type EventLog } from '../../../log/event-log.js'
import { readGenerations } from '../generations.js'
import type { Logs } from '../logs/logs.js'

type CheckOptions = Readonly<{
  tenant: string
  logs: Logs
  sink: string
  accepted: readonly ProgressMismatchCode[]
}>

/**
 * Compares the progress at a destination with this log, before the sink fences anybody: every log names its first
 * generation `g1`, so the progress of another data folder, or of a later state of this one, looks like ours.
 */
export const progressCheck =
  ({ tenant, logs, sink, accepted }: CheckOptions): ProgressCheck =>
  async (progress) => {
    if (progress === undefined) return E.right(undefined)
    const mismatch = await mismatchWithLog(tenant, logs, sink, progress)
    const refusal = refusalOf(mismatch === undefined ? [] : [mismatch], accepted)
    return refusal === undefined ? E.right(undefined) : E.left(refusal)
  }

const mismatchWithLog = async (
  tenant: string,
  logs: Logs,
  sink: string,
  progress: Progress,
): Promise<ProgressMismatch | undefined> => {
  const { generation, revision } = progress
  const { all, live } = await readGenerations(await logs.control('reader'), tenant)
  if (all[generation] === undefined)
    return otherLog(`rows of generation ${generation} were published to ${sink}, which this log does not have`)
  try {
    const kpi = await logs.kpi(generation, 'reader')
    if (progress.logId !== undefined && progress.logId !== (await kpi.id()))
      return otherLog(
        `rows of generation ${generation} were published to ${sink} from log ${progress.logId}, this is log ` +
          (await kpi.id()),
      )
    if (await isHeld(kpi, kpiStream(tenant, generation), progress)) return undefined
    return {
      code: 'other-history',
      reason:
        `rows of generation ${generation} were published to ${sink} through revision ${revision}, where this log holds ` +
        `${progress.eventId === undefined ? 'nothing' : 'another event or nothing'}: it was restored from an older copy, ` +
        `or two copies of it were written to. Restore the log that was published from; or accept it: all rows of the ` +
        `live generation are then published again`,
    }
  } catch (cause) {
    // The log of a generation that is not live any more may have been removed; nothing is published behind it.
    if (cause instanceof LogUnavailable && generation !== live) return undefined
    throw cause
  }
}

const otherLog = (found: string): ProgressMismatch => ({
  code: 'other-log',
  reason:
    `${found}: check the data folder (--data), or the log, and the tenant. Two installations need destinations of their ` +
    `own: egress.kafka.transactionalId and egress.kafka.topics, or egress.files.dir. If this log replaces the other ` +
    `one, accept it: all its rows are then published`,
})

const isHeld = async (kpi: EventLog, stream: string, { revision, eventId }: Progress): Promise<boolean> => {
  for await (const batch of kpi.readStream(stream, { from: revision, max: 1 })) {
    const event = batch[0]
    if (event?.revision === revision) return eventId === undefined || event.id === eventId
  }
  return false
}

/**
 * The first revision of a generation's stream that is still to be published. A generation that was promoted after the
 * last write, and one whose progress the operator has accepted as not matching, are published from the beginning.
 */
export const publishFrom = async (
  kpi: EventLog,
  tenant: string,
  generation: string,
  progress: Progress | undefined,
): Promise<number> => {
  if (progress?.generation !== generation) return 0
  if (progress.logId !== undefined && progress.logId !== (await kpi.id())) return 0
  return (await isHeld(kpi, kpiStream(tenant, generation), progress)) ? progress.revision + 1 : 0
}
