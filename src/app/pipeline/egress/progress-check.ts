import * as E from 'fp-ts/lib/Either.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { refusalOf, type ProgressMismatch, type ProgressMismatchCode } from '../../../egress/progress-mismatch.js'
import type { Progress, ProgressCheck } from '../../../egress/sink.js'
import { contentId } from '../../../log/content-id.js'
import { LogUnavailable, type EventLog, type RecordedEvent } from '../../../log/event-log.js'
import { readGenerations, type Live } from '../generations.js'
import type { Logs } from '../logs/logs.js'

export type ProgressCheckOptions = Readonly<{
  tenant: string
  logs: Logs
  /** Name of the sink. */
  sink: string
  accepted: readonly ProgressMismatchCode[]
}>

/** The progress that means: everything through the row `event` is published. */
export const progressThrough = async (kpi: EventLog, live: Live, event: RecordedEvent): Promise<Progress> => {
  const logId = await kpiLogIdOf(kpi)
  const at = { ...live, revision: event.revision, eventId: nameOf(event) }
  return logId === undefined ? at : { ...at, logId }
}

/** The progress that means: nothing of this generation is published, and that is as it should be. */
export const beforeFirst = async (kpi: EventLog, live: Live): Promise<Progress> => {
  const logId = await kpiLogIdOf(kpi)
  return { ...live, revision: -1, ...(logId !== undefined && { logId }) }
}

/**
 * Compares the progress at a destination with this log, before the sink fences anybody: every log names its first
 * generation `g1`, so the progress of another data folder, or of a later state of this one, looks like ours. Throws
 * `LogUnavailable` while the KPI log of the live generation is not there to be compared with.
 */
export const progressCheck =
  (options: ProgressCheckOptions): ProgressCheck =>
  async (progress) => {
    if (progress === undefined) return E.right(undefined)
    const mismatch = await mismatchOf(options, progress)
    const refusal = refusalOf(mismatch === undefined ? [] : [mismatch], options.accepted)
    return refusal === undefined ? E.right(undefined) : E.left(refusal)
  }

const mismatchOf = async (
  { tenant, logs, sink }: ProgressCheckOptions,
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
    // Nothing is published behind the progress of a generation that is not live any more.
    if (generation !== live || (await isHeld(kpi, kpiStream(tenant, generation), progress))) return undefined
    return {
      code: 'other-history',
      reason:
        `rows of generation ${generation} were published to ${sink} through revision ${revision}, where this log holds ` +
        `${progress.eventId === undefined ? 'nothing' : 'another row or nothing'}: it was restored from an older copy, ` +
        `or two copies of it were written to. Restore the log that was published from; or compute the rows anew under ` +
        `another name (\`streamvane rebuild --promote\`); or accept it: all rows of ${generation} are then published ` +
        `again, and a row may carry a revision that was published with other values`,
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
    `one, accept it: if it is a copy, it goes on behind what was published; else all its rows are published`,
})

/**
 * The first revision of a generation's stream that is still to be published. A generation that was promoted after the
 * last write is published from the beginning. So is one whose progress the operator has accepted as not matching,
 * unless the log holds the row that was published last, at the same revision, as a copy of a log does.
 */
export const publishFrom = async (
  kpi: EventLog,
  tenant: string,
  generation: string,
  progress: Progress | undefined,
): Promise<number> => {
  if (progress?.generation !== generation) return 0
  const isOther = progress.logId !== undefined && progress.logId !== (await kpi.id())
  if (isOther && progress.eventId === undefined) return 0
  return (await isHeld(kpi, kpiStream(tenant, generation), progress)) ? progress.revision + 1 : 0
}

const isHeld = async (kpi: EventLog, stream: string, { revision, eventId }: Progress): Promise<boolean> => {
  if (revision < 0) return true // see `beforeFirst`
  for await (const [event] of kpi.readStream(stream, { from: revision, max: 1 }))
    if (event?.revision === revision) return eventId === undefined || eventId === nameOf(event)
  return false
}

/** Names a row by its content: two histories can have different rows in one place, and a copied log has other ids. */
const nameOf = ({ type, data }: RecordedEvent): string => contentId('published', type, data)

/** `undefined` where a version before ids wrote the log, and no process has opened it for writing since. */
const kpiLogIdOf = async (kpi: EventLog): Promise<string | undefined> => {
  try {
    return await kpi.id()
  } catch (cause) {
    if (cause instanceof LogUnavailable) return undefined
    throw cause
  }
}
