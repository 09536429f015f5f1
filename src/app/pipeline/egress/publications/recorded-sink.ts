import { setTimeout as sleep } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { kpiStream } from '../../../../domain/stream-name.js'
import type { Progress, RowFilter, Sink, SinkBatch, SinkRecord, Written } from '../../../../egress/sink.js'
import { ifThere } from '../../../../log/if-there.js'
import type { Logs } from '../../logs/logs.js'
import { recordsOf } from '../writer.js'
import type { Publication, Replayed } from './publication.js'
import { PublicationRecorder, type Gap, type Reached, type RecorderOptions } from './recorder.js'

export type RecordedSinkOptions = Omit<RecorderOptions, 'recover' | 'mayRepeat' | 'logs'> &
  Readonly<{
    logs: Pick<Logs, 'publications' | 'kpi'>
    filter: RowFilter
    /** Only the last revisions of a period are published. */
    isPeriodic: boolean
    now: () => number
  }>

/**
 * A sink whose publications are recorded: which events of a KPI stream, where they lie at the destination, under which
 * generation and promotion. `close` of the sink leaves the recorder open; `recorder.close` records what waits.
 */
export const recordedSink = (
  sink: Sink,
  options: RecordedSinkOptions,
): Readonly<{ sink: Sink; recorder: PublicationRecorder }> => {
  const recorder = new PublicationRecorder({
    ...options,
    mayRepeat: () => sink.delivery?.() === 'at-least-once',
    recover: (gap) => recovered(sink, options, gap),
  })
  const iso = (): string => new Date(options.now()).toISOString()
  let before: Pick<Progress, 'generation' | 'promotion' | 'revision'> | undefined
  const noted = (batch: SinkBatch, written: Written | undefined): void => {
    const { progress } = batch
    if (progress === undefined) {
      const replayed = replayOf(batch, written, iso())
      if (replayed !== undefined) recorder.published(replayed)
      return
    }
    const isSame = before?.generation === progress.generation && before.promotion === progress.promotion
    const from = isSame ? (before?.revision ?? -1) + 1 : 0
    before = progress
    if (batch.records.length === 0 && progress.revision < from) return
    recorder.published(publicationOf(batch, progress, { from, written, at: iso(), isPeriodic: options.isPeriodic }))
  }
  return {
    recorder,
    sink: {
      ...sink,
      connect: (signal, check) => async () => {
        const connected = await sink.connect(signal, check)()
        if (E.isRight(connected)) {
          before = connected.right
          recorder.reached(reachedOf(connected.right, iso()))
          // A stream that has begun before the first write tells what a process that dies in its first second published.
          if (before === undefined)
            await Promise.race([recorder.flush(), sleep(BEGIN_WITHIN_MS, undefined, { ref: false })])
        }
        return connected
      },
      write: (batch, signal) => async () => {
        const result = await sink.write(batch, signal)()
        if (E.isRight(result)) noted(batch, result.right)
        return result
      },
    },
  }
}

/** Without a progress nothing was ever published. */
const reachedOf = (progress: Progress | undefined, at: string): Reached =>
  progress === undefined
    ? { generation: '', through: -1, at }
    : {
        ...{ generation: progress.generation, through: progress.revision, at },
        ...(progress.promotion !== undefined && { promotion: progress.promotion }),
        ...(progress.cutOver !== undefined && { before: progress.cutOver.before }),
      }

const BEGIN_WITHIN_MS = 2_000

const placesOf = (written: Written | undefined): Pick<Publication, 'offsets' | 'commits'> => ({
  ...(written?.offsets !== undefined && written.offsets.length > 0 && { offsets: written.offsets }),
  ...(written?.commit !== undefined && { commits: { first: written.commit, last: written.commit } }),
})

const publicationOf = (
  { records }: SinkBatch,
  { generation, promotion, revision, filter, cutOver }: Progress,
  {
    from,
    written,
    at,
    isPeriodic,
  }: Readonly<{ from: number; written: Written | undefined; at: string; isPeriodic: boolean }>,
): Publication => ({
  ...{ type: 'Published', generation },
  ...(promotion !== undefined && { promotion }),
  ...{ from, through: revision },
  rows:
    revision < from
      ? 'withdrawals'
      : cutOver?.differencesThrough !== undefined && from <= cutOver.differencesThrough
        ? 'differences'
        : isPeriodic
          ? 'latest'
          : 'all',
  ...(filter !== undefined && { filter }),
  records: records.length,
  ...placesOf(written),
  ...{ at, until: at },
})

const replayOf = ({ records }: SinkBatch, written: Written | undefined, at: string): Replayed | undefined => {
  const rows = records.flatMap((record) => (record.kind === 'row' ? record : []))
  const [first] = rows
  if (first === undefined) return undefined
  const starts = rows.map(({ header }) => header.start)
  const least = starts.reduce((a, b) => Math.min(a, b))
  const most = starts.reduce((a, b) => Math.max(a, b))
  return {
    ...{ type: 'Replayed', generation: first.generation },
    ...(first.promotion !== undefined && { promotion: first.promotion }),
    intervals: { from: new Date(least).toISOString(), through: new Date(most).toISOString() },
    families: [...new Set(rows.map(({ header }) => header.family))],
    records: records.length,
    ...placesOf(written),
    ...{ at, until: at },
  }
}

/** A gap with more events is recorded as one that is not known: it is no last second. */
const GAP_EVENTS_MAX = 250_000
const LOCATE_WITHIN_MS = 30_000

/** Looks at the destination for what a process published that died before it recorded it. */
const recovered = async (
  sink: Sink,
  { tenant, logs, filter, isPeriodic, now }: RecordedSinkOptions,
  { generation, promotion, from, through }: Gap,
): Promise<Publication | undefined> => {
  if (sink.locate === undefined || promotion === undefined || through - from >= GAP_EVENTS_MAX) return undefined
  const kpi = await ifThere(() => logs.kpi(generation, 'reader'))
  if (kpi === undefined) return undefined // the generation was retired
  const records: SinkRecord[] = []
  const stream = kpiStream(tenant, generation)
  for await (const events of kpi.readStream(stream, { from, max: through - from + 1 }))
    for (const event of events) records.push(...recordsOf(event, { generation, promotion }, filter))
  const located = await sink.locate(records, AbortSignal.timeout(LOCATE_WITHIN_MS))()
  if (E.isLeft(located) && located.left.tag === 'Refused') return undefined
  if (E.isLeft(located)) throw new Error(`${sink.name}: its publications cannot be looked for`, { cause: located.left })
  const at = new Date(now()).toISOString()
  return {
    ...{ type: 'Published', generation, promotion, from, through, rows: isPeriodic ? 'latest' : 'all' },
    ...{ records: located.right.records, offsets: located.right.offsets, recovered: true, at, until: at },
  }
}
