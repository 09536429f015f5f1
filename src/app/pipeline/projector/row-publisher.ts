import type { PublishedRevisions } from '../../../contract/published-revisions.js'
import type { RawMark } from '../../../contract/kpi-stream/marks.js'
import type { KpiEvent } from '../../../domain/kpi-event.js'
import type { Published } from '../../../domain/published.js'
import type { Position } from '../../../log/event-log.js'
import type { Due } from '../../../projections/cells/unpublished-cells.js'
import type { KpiWriter } from './kpi-writer.js'
import type { ProjectorRun } from './projector-options.js'
import type { SnapshotStore } from './snapshots.js'

/** Folded events between two snapshots. */
const SNAPSHOT_EVENTS = 200_000

/**
 * Closed cells that may wait for a snapshot in memory: 100,000 take about 70 MB, and 10,000 agents close as many in
 * half an hour. Corrected cells that are not published yet stay in memory all the same, so so many events go between.
 */
const SNAPSHOT_CELLS = 100_000
const SNAPSHOT_EVENTS_MIN = 10_000

/** Folded events that changed no row after which a checkpoint is written all the same at the head. */
const IDLE_CHECKPOINT_EVENTS = 10_000

/** How long the log may hold nothing for the fold before it is kept how far that was looked at. */
const PASSED_MS = 60_000

/** A fold of the raw log whose rows are published. */
export type PublishedFold = Readonly<{
  position: Position | undefined
  mark: RawMark | undefined
  /** Events folded by this object, and since the last save. */
  events: number
  eventsSinceSave: number
  /** Closed cells that wait in memory for the next save. */
  closedInMemory: number
  drain: (due: Due) => Iterable<KpiEvent>
  wasPublished: (published: Published) => void
  saveTo: (snapshots: SnapshotStore) => Promise<void>
}>

/**
 * Decides which rows of a fold are appended when. *At the head* everything that changed is published, after each
 * delivery. *Behind* it a batch goes on for `batchMax` events, and its output are the rows that have settled: what
 * changes again soon is not worth a record. *Recovering* lasts until the first append: what was published before is
 * read from the KPI stream and not computed, because it depended on where batches ended and how far the head was.
 */
export class RowPublisher {
  private readonly run: ProjectorRun
  private readonly fold: PublishedFold
  private readonly writer: KpiWriter
  /** While recovering: what is in the KPI stream and not in the state. */
  private published: PublishedRevisions | undefined
  /** `fold.events` when the last checkpoint was appended, and when the batch at hand began. */
  private eventsAtCheckpoint: number
  private eventsAtBatch: number
  /** Where the raw log ended when it was looked at from behind; `undefined` at the head. */
  private head: Position | undefined
  /** When an append began last. */
  private appendedAt: number

  constructor(run: ProjectorRun, fold: PublishedFold, writer: KpiWriter, published: PublishedRevisions) {
    this.run = run
    this.fold = fold
    this.writer = writer
    this.published = published
    this.eventsAtCheckpoint = fold.events
    this.eventsAtBatch = fold.events
    this.appendedAt = run.now()
  }

  /** Events up to the last checkpoint were folded again. */
  async refolded(): Promise<void> {
    this.eventsAtCheckpoint = this.fold.events
    this.eventsAtBatch = this.fold.events
    await this.saveWhenDue()
  }

  /** Events were folded: ends the batch if it is full. */
  async folded(): Promise<void> {
    if (this.fold.events - this.eventsAtBatch < this.run.batchMax) return
    await this.endBatch((await this.hasReachedHead()) ? 'all' : 'settled')
  }

  /** Appends the rows that are due and a checkpoint. */
  async endBatch(due: Due): Promise<void> {
    if (due === 'all') this.head = undefined
    await this.append(due)
    await this.saveWhenDue()
  }

  /** Everything that the log holds was folded: publishes all that changed. */
  async caughtUp(): Promise<void> {
    this.head = undefined
    this.eventsAtBatch = this.fold.events
    const isAppended = await this.append('all', this.sinceCheckpoint >= IDLE_CHECKPOINT_EVENTS)
    if (!isAppended) this.run.trace?.unchanged()
    await this.saveWhenDue()
  }

  /**
   * The log holds nothing for the fold through its position. Now and then that is kept, so that a restart does not look
   * through it again.
   */
  async passed(): Promise<void> {
    if (this.run.now() - this.appendedAt >= PASSED_MS) await this.checkpoint()
  }

  /** Leaves a checkpoint and a snapshot, so that the next start has nothing to do again. */
  async finish(): Promise<void> {
    await this.writer.settled()
    await this.checkpoint()
    if (this.fold.eventsSinceSave > 0) await this.saveSnapshot()
  }

  private async saveWhenDue(): Promise<void> {
    const { eventsSinceSave, closedInMemory } = this.fold
    const isFull =
      this.run.snapshots.keepsColdStore && closedInMemory >= SNAPSHOT_CELLS && eventsSinceSave >= SNAPSHOT_EVENTS_MIN
    if (isFull || eventsSinceSave >= SNAPSHOT_EVENTS) await this.saveSnapshot()
  }

  /** A snapshot must never be ahead of the rows, so a checkpoint goes before it. */
  private async saveSnapshot(): Promise<void> {
    await this.writer.settled()
    const { position } = this.fold
    if (position === undefined) return
    if (this.writer.checkpoint === undefined || position > this.writer.checkpoint) await this.checkpoint()
    if (this.published !== undefined) this.fold.wasPublished(await this.published.through(position))
    await this.fold.saveTo(this.run.snapshots)
  }

  private async checkpoint(): Promise<void> {
    const { mark } = this.fold
    const { checkpoint } = this.writer
    this.appendedAt = this.run.now()
    if (mark !== undefined && (checkpoint === undefined || mark.position > checkpoint)) {
      await this.writer.appendBehind(this.writer.encode([], mark))
      await this.writer.settled()
    }
    this.eventsAtCheckpoint = this.fold.events
  }

  /** Appends what is due and a checkpoint, `evenIfNothing` is due. Answers whether it did. */
  private async append(due: Due, evenIfNothing = true): Promise<boolean> {
    if (this.published !== undefined) {
      this.fold.wasPublished(await this.published.rest())
      this.published = undefined
    }
    const { mark } = this.fold
    if (mark === undefined) return false
    const output = this.writer.encode(this.fold.drain(due), mark)
    if (output.events.length === 0 && !evenIfNothing) return false
    this.appendedAt = this.run.now()
    await this.writer.appendBehind(output)
    this.eventsAtCheckpoint = this.fold.events
    this.eventsAtBatch = this.fold.events
    return true
  }

  /**
   * Has the fold come to where the log ended when it was behind for the first time? A log that grows as fast as it is
   * folded never says `caught-up`, and rows of open intervals are to be published all the same.
   */
  private async hasReachedHead(): Promise<boolean> {
    this.head ??= await this.run.raw.head()
    return this.head === undefined || (this.fold.position ?? -1n) >= this.head
  }

  private get sinceCheckpoint(): number {
    return this.fold.events - this.eventsAtCheckpoint
  }
}
