import { recover, type CutShort, type RawMark } from '../../../contract/kpi-stream/marks.js'
import { PublishedRevisions } from '../../../contract/published-revisions.js'
import type { Position } from '../../../log/event-log.js'
import { KpiProjection } from '../../../projections/kpi-projection.js'
import { PauseGate } from '../pause-gate.js'
import type { Generation } from '../generations.js'
import { checkpointRefusal, rawLogIdOf } from '../projector/checkpoint-check.js'
import { AppendFailed, KpiWriter } from '../projector/kpi-writer.js'
import type { ProjectorOptions, ProjectorRun } from '../projector/projector-options.js'
import { endOf, type ProjectorEnd } from '../projector/projector.js'
import { lettersByReason } from '../projector/letters-by-reason.js'
import { knownAtStart } from '../projector/known-at-start.js'
import { usableSnapshot } from '../projector/recovery.js'
import { RowPublisher } from '../projector/row-publisher.js'
import { retrying, type Lost } from '../retry.js'
import { MergeFold } from './merge-fold.js'
import { mergedPoints, type MergedItem } from './merge-input.js'

const RETRY = { firstMs: 100, maxMs: 10_000 }

/**
 * Merges the points streams of all buckets into the KPI stream of a generation, as a projector writes it: rows and
 * checkpoint in one append under the expected revision. It goes on from whatever checkpoint is there, also from one of
 * a projector without shards, because both fold to the same rows. With `untilCaughtUp` it ends when it has merged what
 * the buckets have stored.
 */
export const runMerger = async (options: ProjectorOptions): Promise<ProjectorEnd> => {
  const { signal, logger, now, gate = new PauseGate(), activity, onWorking } = options
  return retrying<ProjectorEnd>({ what: 'merge', backoff: RETRY, signal, gate, activity, logger, now }, (works) =>
    attempt({ ...options, gate, onWorking: () => (works(), onWorking?.()) }),
  )
}

/** Not that of a projector, whose snapshot has the state of both halves of the projection. */
export const mergeSnapshot = ({ name }: Generation): string => `${name}.merge`

const attempt = async (run: ProjectorRun): Promise<ProjectorEnd | Lost> => {
  let merger: Merger | undefined
  try {
    merger = await openMerger(run)
    return await merger.follow()
  } catch (cause) {
    if (cause instanceof AppendFailed) return endOf(cause.failure)
    if (run.signal.aborted) return { kind: 'stopped' }
    throw cause
  } finally {
    // Landing later, it would look to the next attempt like the append of another merger.
    await merger?.settled()
  }
}

const openMerger = async (run: ProjectorRun): Promise<Merger> => {
  const { tenant, generation, raw, kpi, snapshots, gate, now, meter, onProgress, onWorking } = run
  const { revision, checkpoint, cutShort } = await recover(kpi, tenant, generation.name)
  const logId = await rawLogIdOf(raw)
  const marks = [checkpoint, cutShort?.through].filter((mark) => mark !== undefined)
  // What was erased of conversations and agents is of no concern: what had been found of it is in the points streams.
  const refused = await checkpointRefusal({
    ...{ raw, generation, marks, isErased: () => false, accepted: run.acceptCheckpoint ?? [] },
  })
  if (refused !== undefined) throw new AppendFailed({ tag: 'Refused', reason: refused })
  const snapshot = usableSnapshot(snapshots.load(), logId, checkpoint)
  if (snapshot === undefined) await snapshots.clear()
  const { coldStore } = snapshots
  const projection = new KpiProjection(
    tenant,
    generation.profile,
    snapshot === undefined ? { coldStore, ...(await knownAtStart(run)) } : { coldStore, state: snapshot.state },
  )
  const fold = new MergeFold(projection, { tenant, generation, mark: snapshot, logId, now })
  let rows = 0
  const onAppended = (more: number, position: Position): void => {
    rows += more
    onWorking?.()
    onProgress?.({ events: fold.events, rows, position })
  }
  const at = { revision, checkpoint: checkpoint?.position }
  const writer = new KpiWriter({ kpi, tenant, generation: generation.name, gate, meter, onAppended }, at)
  const published = new PublishedRevisions(kpi, tenant, generation.name, fold.position)
  return new Merger(run, fold, writer, new RowPublisher(run, fold, writer, published), { checkpoint, cutShort })
}

/** Goes on behind the checkpoint: first folds up to it without output, then completes a batch that was cut short. */
class Merger {
  private readonly run: ProjectorRun
  private readonly fold: MergeFold
  private readonly writer: KpiWriter
  private readonly publisher: RowPublisher
  private readonly checkpointed: RawMark | undefined
  private cutShort: CutShort | undefined
  /** Of a batch that was cut short, what has come of it so far: it is folded as the whole that it was. */
  private kept: readonly MergedItem[] = []

  constructor(
    run: ProjectorRun,
    fold: MergeFold,
    writer: KpiWriter,
    publisher: RowPublisher,
    found: Readonly<{ checkpoint: RawMark | undefined; cutShort: CutShort | undefined }>,
  ) {
    this.run = run
    this.fold = fold
    this.writer = writer
    this.publisher = publisher
    this.checkpointed = found.checkpoint
    this.cutShort = found.cutShort
    if (run.meter !== undefined)
      run.meter.view = {
        snapshot: mergeSnapshot(run.generation),
        openIntervals: () => fold.openIntervals,
        eventsSinceSave: () => fold.eventsSinceSave,
      }
  }

  async follow(): Promise<ProjectorEnd> {
    const { tenant, generation, raw, kpi, signal, untilCaughtUp, gate, activity, onWorking } = this.run
    const after = this.fold.position
    const input = mergedPoints({ tenant, generation: generation.name, raw, points: kpi, after, signal })
    for await (const merged of input) {
      if (signal.aborted) break
      if (merged.kind === 'batch') {
        activity?.begun()
        await gate.step(signal, () => this.take(merged.items, merged.through))
        activity?.moved()
        continue
      }
      await gate.step(signal, () => this.publisher.caughtUp())
      await this.writer.settled() // nothing may come for a long time: a failure must be met now
      onWorking?.()
      activity?.caughtUp()
      if (!untilCaughtUp) continue
      await this.publisher.finish()
      return { kind: 'caught-up', position: this.writer.checkpoint }
    }
    await this.publisher.finish()
    return { kind: 'stopped' }
  }

  /** Resolves once no append is on its way any more, whatever became of it. */
  async settled(): Promise<void> {
    await this.writer.settled().catch(() => undefined)
  }

  /** Cuts a batch where the checkpoint is, and where a batch that a crash cut short ends. */
  private async take(items: readonly MergedItem[], through: Position): Promise<void> {
    let rest = items
    const to = async (
      end: Position | undefined,
      work: (part: readonly MergedItem[], end: Position) => Promise<void>,
    ) => {
      if (end === undefined || (this.fold.position !== undefined && this.fold.position >= end)) return
      const until = end < through ? end : through
      const beyond = rest.findIndex(({ position }) => position > until)
      const part = beyond < 0 ? rest : rest.slice(0, beyond)
      rest = beyond < 0 ? [] : rest.slice(beyond)
      await work(part, until)
    }
    await to(this.checkpointed?.position, async (part, end) => {
      this.fold.fold(part, end)
      await this.publisher.refolded()
    })
    const { cutShort } = this
    if (cutShort !== undefined && through < cutShort.through.position) {
      this.kept = [...this.kept, ...rest]
      return
    }
    if (cutShort !== undefined)
      await to(cutShort.through.position, async (part, end) => {
        const { deadLetters } = this.fold.fold([...this.kept, ...part], end)
        await this.writer.storeDeadLetters(deadLetters)
        await this.publisher.endBatch('settled')
        this.cutShort = undefined
      })
    await to(through, (part, end) => this.project(part, end))
  }

  private async project(items: readonly MergedItem[], through: Position): Promise<void> {
    const { meter } = this.run
    const beganAt = performance.now()
    const { deadLetters } = this.fold.fold(items, through)
    meter?.folded(items.length, beganAt)
    meter?.deadLetters(lettersByReason(deadLetters, 0))
    await this.writer.storeDeadLetters(deadLetters)
    await this.publisher.folded()
  }
}
