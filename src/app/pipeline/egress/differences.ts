import { createHash } from 'node:crypto'
import { isKpiEvent, readKpiEvent, type StoredKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { kpiStream } from '../../../domain/stream-name.js'
import type { CutOver, Progress, RowFilter, SinkFailure, SinkRecord } from '../../../egress/sink.js'
import { LogUnavailable, type EventLog, type RecordedEvent } from '../../../log/event-log.js'
import { readGenerations, type Live } from '../generations.js'
import type { Generation, Publishing } from './publishing.js'
import { isWider, passes, selectableOf } from './selection.js'
import { recordsOf } from './writer.js'

/**
 * The cut-over that begins now, as the promotion says that it is published. `differencesThrough` is set where the rows
 * that differ are enough: the destination then holds what the one generation before published, and nothing else. Where
 * that is not certain, everything is published: a cut-over before this one was not finished; rows were left out by
 * another filter, or by a period that was cut short; the log of the generation before is out of reach, or another one.
 * A destination of latest state gets everything as well: it is told which rows are the newest of those that come.
 */
export const withDifferences = async (
  publishing: Publishing,
  kpi: EventLog,
  live: Live,
  begun: CutOver | undefined,
): Promise<CutOver | undefined> => {
  const { tenant, logs, progress, filter, sink, logger } = publishing
  if (begun === undefined || progress === undefined || progress.generation === live.generation) return begun
  const { promotions, promoted } = await readGenerations(await logs.control('reader'), tenant)
  if (promotions !== live.promotion || promoted.at(-1)?.publish !== 'differences') return begun
  const why =
    sink.keepsLatest === true
      ? 'it keeps the latest state'
      : (whyAll(progress, filter) ?? (await whyUnread(publishing)))
  if (why === undefined)
    return { ...begun, differencesThrough: (await kpi.streamRevision(kpiStream(tenant, live.generation))) ?? -1 }
  logger.info(
    { generation: live.generation, promotion: live.promotion },
    `egress ${sink.name}: all rows of the promoted generation are published, not only those that differ: ${why}`,
  )
  return begun
}

/** Why the destination may not hold what the generation of its progress has published. */
const whyAll = (progress: Progress, filter: RowFilter): string | undefined => {
  if (progress.cutOver !== undefined) return 'the promotion before this one is not finished there'
  if (progress.lacks === 'rest-of-period') return 'a period was cut short there'
  const before = progress.filter ?? {}
  if (progress.lacks !== undefined || isWider(filter, before) || isWider(before, filter))
    return 'its filter was changed'
  return undefined
}

const whyUnread = async ({ tenant, logs, progress }: Publishing): Promise<string | undefined> => {
  const { generation, revision, logId } = progress as Progress
  try {
    const log = await logs.kpi(generation, 'reader')
    if (logId !== undefined && (await log.id()) !== logId) return `${generation} was published from another log`
    const end = (await log.streamRevision(kpiStream(tenant, generation))) ?? -1
    return end < revision ? `the log holds less of ${generation} than was published` : undefined
  } catch (cause) {
    if (!(cause instanceof LogUnavailable)) throw cause
    return `the rows of ${generation} cannot be read (${cause.message})`
  }
}

/**
 * Publishes what differs of the stream's events `from` to `differencesThrough`: the last event of each row, and the last
 * marker of each interval, unless the generation before published the same bytes last. Which those are is a function of
 * the two streams and of the cut-over, so after a crash it goes on behind the progress. Answers from where everything is
 * published; a failure of the sink; or `undefined` when it is told to stop.
 */
export const publishDifferences = async (
  publishing: Publishing,
  { live, kpi, stream, from, cutOver, writer, until }: Generation,
): Promise<Readonly<{ from: number }> | SinkFailure | undefined> => {
  const through = cutOver?.differencesThrough ?? -1
  if (from > through) return { from }
  const { filter, batchMax, activity } = publishing
  activity?.begun()
  const chosen = await differing(publishing, { kpi, stream, until }, cutOver as CutOver)
  for await (const events of kpi.readStream(stream, { from, max: through - from + 1, batchMax })) {
    if (until.aborted) return undefined
    const last = events.findLast(isKpiEvent)
    if (last === undefined) continue
    const records: SinkRecord[] = events
      .filter((event) => chosen === undefined || chosen.has(event.revision))
      .flatMap((event) => recordsOf(event, live, filter))
    const failure = await writer.write(records, last)
    if (failure !== undefined) return failure
  }
  return until.aborted ? undefined : ((await writer.written()) ?? { from: through + 1 })
}

/** The revisions that are published. `undefined`: all, because the generation before cannot be read any more. */
const differing = async (
  publishing: Publishing,
  { kpi, stream, until }: Pick<Generation, 'kpi' | 'stream' | 'until'>,
  { before: [before], differencesThrough = -1 }: CutOver,
): Promise<ReadonlySet<number> | undefined> => {
  if (before === undefined || (await whyUnread({ ...publishing, progress: before })) !== undefined) return undefined
  const { tenant, logs, filter } = publishing
  const log = await logs.kpi(before.generation, 'reader')
  const published = new LastOfEach(filter)
  await published.readThrough(log, kpiStream(tenant, before.generation), before.revision, until)
  const now = new LastOfEach(filter)
  await now.readThrough(kpi, stream, differencesThrough, until)
  return new Set(now.unlike(published))
}

/** What stands last in a stream of each row and each marker that a filter lets pass. */
class LastOfEach {
  private readonly filter: RowFilter
  private readonly byName = new Map<string, Readonly<{ revision: number; digest: string }>>()
  /** Events that nothing replaces. */
  private readonly lasting: number[] = []

  constructor(filter: RowFilter) {
    this.filter = filter
  }

  async readThrough(log: EventLog, stream: string, revision: number, until: AbortSignal): Promise<void> {
    if (revision < 0) return
    for await (const events of log.readStream(stream, { max: revision + 1 })) {
      if (until.aborted) return
      for (const event of events) this.add(event)
    }
  }

  /** The revisions of what `before` does not hold with the same bytes, and of what nothing replaces. */
  unlike(before: LastOfEach): readonly number[] {
    const differing = [...this.byName].filter(([name, { digest }]) => before.byName.get(name)?.digest !== digest)
    return [...differing.map(([, { revision }]) => revision), ...this.lasting]
  }

  private add(event: RecordedEvent): void {
    const stored = readKpiEvent(event)
    if (stored === undefined) return
    const selectable = selectableOf(stored)
    if (!passes(this.filter, selectable)) return
    if (selectable.replaces === undefined) this.lasting.push(event.revision)
    else this.byName.set(selectable.replaces, { revision: event.revision, digest: datumDigest(stored) })
  }
}

/** The first 128 bits of the SHA-256 of schema and datum: a name for the bytes, shorter than they are. */
export const datumDigest = (stored: StoredKpiEvent): string =>
  stored.kind === 'left'
    ? ''
    : createHash('sha256').update(stored.schema).update(stored.avro).digest().toString('latin1', 0, 16)
