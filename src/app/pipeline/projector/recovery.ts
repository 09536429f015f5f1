import { recover, type CutShort, type RawMark } from '../../../contract/kpi-stream/marks.js'
import { PublishedRevisions } from '../../../contract/published-revisions.js'
import type { StreamErased } from '../../../domain/fact.js'
import type { Position } from '../../../log/event-log.js'
import type { FactBatch } from '../facts/fact-batch.js'
import type { ErasedRange, FactFeed } from '../facts/fact-feed.js'
import { openFactFeed } from '../facts/open-feed.js'
import { checkpointRefusal, rawLogIdOf } from './checkpoint-check.js'
import { AppendFailed, KpiWriter } from './kpi-writer.js'
import type { ProjectorRun } from './projector-options.js'
import { historyThroughOf } from './projection-fold.js'
import { projectionOf } from './generation-projection.js'
import { configurationIn, type Reading } from './known-at-start.js'
import { RawFold } from './raw-fold.js'
import { RowPublisher } from './row-publisher.js'
import type { Snapshot } from './snapshots.js'

/** Where a projector goes on: the projection at the last checkpoint, the facts behind it, and what appends its rows. */
export type Recovered = Readonly<{ fold: RawFold; feed: FactFeed; writer: KpiWriter; publisher: RowPublisher }>

/**
 * Brings the projection to where it was at the last checkpoint: from the snapshot if there is a usable one, and on by
 * folding without appending. A batch that a crash cut short is completed. Stops early when the signal aborts. Throws
 * `AppendFailed` where the generation cannot go on, or the log does not take an append.
 */
export const recoverProjector = async (
  options: ProjectorRun,
  onAppended: (rows: number, position: Position) => void,
): Promise<Recovered> => {
  const { tenant, generation, kpi, gate, signal } = options
  const { revision, checkpoint, cutShort } = await recover(kpi, tenant, generation.name)
  const at = { revision, checkpoint: checkpoint?.position }
  const { meter, trace } = options
  const writer = new KpiWriter({ kpi, tenant, generation: generation.name, gate, meter, onAppended, trace }, at)
  const { fold, feed, savedAt } = await restored(options, checkpoint, cutShort?.through ?? checkpoint)
  const published = new PublishedRevisions(kpi, tenant, generation.name, savedAt)
  const recovered = { fold, feed, writer, publisher: new RowPublisher(options, fold, writer, published) }
  if (checkpoint !== undefined && fold.position !== checkpoint.position)
    await refold(options, recovered, checkpoint.position)
  if (cutShort !== undefined && !signal.aborted) await complete(options, recovered, cutShort)
  return recovered
}

/**
 * How far a snapshot goes: to the checkpoint, if the raw log holds nothing for the fold in between. Whoever shares a
 * server with others need not look through what they have written.
 */
const reachOf = (snapshot: Snapshot | undefined, checkpoint: RawMark | undefined): RawMark | undefined => {
  const [own, next] = [snapshot?.origin?.event, checkpoint?.origin?.event]
  const isSame =
    own !== undefined && own.id === next?.id && own.stream === next.stream && own.revision === next.revision
  return isSame ? checkpoint : snapshot
}

/**
 * The projection from the snapshot, or from the beginning; `end` is how far recovery will fold. `savedAt`: through here
 * the state knows what was published.
 */
const restored = async (
  options: ProjectorRun,
  checkpoint: RawMark | undefined,
  end: RawMark | undefined,
): Promise<Pick<Recovered, 'fold' | 'feed'> & Readonly<{ savedAt: Position | undefined }>> => {
  const { tenant, generation, raw, snapshots, batchMax, now } = options
  const logId = await rawLogIdOf(raw)
  const snapshot = usableSnapshot(snapshots.load(), logId, checkpoint)
  const reached = reachOf(snapshot, checkpoint)
  const { erased, gone } = await erasures(options, reached?.position, end?.position ?? -1n)
  const refused = await checkpointRefusal({
    ...{ raw, generation, isErased: (stream) => erased.has(stream), accepted: options.acceptCheckpoint ?? [] },
    marks: [checkpoint, end].filter((mark) => mark !== undefined),
  })
  if (refused !== undefined) throw new AppendFailed({ tag: 'Refused', reason: refused })
  if (gone[0] !== undefined && reached?.position !== end?.position)
    throw new AppendFailed({
      tag: 'Refused',
      reason: `generation ${generation.name}: events that it had folded were erased since (${gone[0].stream}), and its snapshot is not there: run \`streamvane rebuild --promote\``,
    })
  if (snapshot === undefined) await snapshots.clear()
  const { coldStore } = snapshots
  const projection = await projectionOf(options, { state: snapshot?.state, coldStore })
  return {
    savedAt: snapshot?.position,
    fold: new RawFold(projection, { tenant, generation, mark: reached, logId, late: snapshot?.late, now }),
    feed: await openFactFeed({
      ...{ raw, logId, tenant, points: generation.profile.points, erased, batchMax },
      ...{ facts: options.facts ?? {}, trace: options.trace, logger: options.logger },
    }),
  }
}

/** A snapshot of another raw log, or of a later position than the checkpoint, is of no use. */
export const usableSnapshot = (
  snapshot: Snapshot | undefined,
  logId: string | undefined,
  checkpoint: RawMark | undefined,
): Snapshot | undefined =>
  snapshot !== undefined &&
  snapshot.origin?.logId === logId &&
  checkpoint !== undefined &&
  snapshot.position <= checkpoint.position
    ? snapshot
    : undefined

/**
 * `erased`: every erased stream, behind history and a snapshot those that were erased since. `gone`: those that were
 * erased after the generation began, of which the generation had folded events between `from` and `through`. They are
 * in its rows for ever; folding that stretch again without them would give other rows under the same revisions.
 */
export const erasures = async (
  options: Reading,
  from: Position | undefined,
  through: Position,
): Promise<Readonly<{ erased: ReadonlyMap<string, ErasedRange>; gone: readonly StreamErased[] }>> => {
  const historyThrough = historyThroughOf(options.generation)
  // Behind history a fold meets no event of a stream that was erased before it, and the note of a later erasure lies
  // behind the events: so a restart need not look through the whole log.
  const after = from !== undefined && from >= (historyThrough ?? -1n) ? from : undefined
  const erased = new Map<string, ErasedRange>()
  const gone: StreamErased[] = []
  for await (const { facts, position } of configurationIn(options, after))
    for (const fact of facts) {
      if (fact.type !== 'StreamErased') continue
      const range = { from: BigInt(fact.from), through: BigInt(fact.through) }
      erased.set(fact.stream, range)
      const isInHistory = historyThrough !== undefined && position <= historyThrough
      if (!isInHistory && range.from <= through && (from === undefined || range.through > from)) gone.push(fact)
    }
  return { erased, gone }
}

/** Folds through the checkpoint. Dead letters are stored already. */
const refold = async (
  options: ProjectorRun,
  { fold, feed, publisher }: Recovered,
  through: Position,
): Promise<void> => {
  const { generation, logger, signal, gate, activity } = options
  logger.info(
    { generation: generation.name, from: String(fold.position ?? 'the beginning'), through: String(through) },
    'projector: folding up to the checkpoint',
  )
  const foldBatch = async (batch: FactBatch): Promise<void> => {
    await fold.fold(batch)
    await publisher.refolded()
  }
  for await (const batch of feed.through(fold.position, through)) {
    activity?.begun()
    await gate.step(signal, () => foldBatch(batch))
    activity?.moved()
    if (signal.aborted) return
  }
  fold.position = through
}

/**
 * Completes a batch that a crash cut short: folds through where it goes, and appends what is due and not in it yet. It
 * ends where it was meant to end, because its rows count events up to there: an erasure asks for that.
 */
const complete = async (
  { gate, signal }: ProjectorRun,
  { fold, feed, writer, publisher }: Recovered,
  { through }: CutShort,
): Promise<void> => {
  const batch = await feed.allThrough(fold.position, through.position)
  await gate.step(signal, async () => {
    const { deadLetters } = await fold.fold(batch)
    await writer.storeDeadLetters(deadLetters)
    await publisher.endBatch('settled')
  })
}
