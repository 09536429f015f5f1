import * as E from 'fp-ts/lib/Either.js'
import { bucketOfStream, bucketPrefixes } from '../../../domain/stream-name.js'
import { decodeRaw, feeds } from '../../../ingress/decode/decoders.js'
import { deadLetter, lateLetter } from '../../../ingress/dead-letter.js'
import { receivedAtOf } from '../../../ingress/metadata.js'
import type { Position, RecordedEvent, StreamAppend } from '../../../log/event-log.js'
import type { FoldMeter } from '../../../telemetry/metrics/stage-meters.js'
import type { Activity } from '../activity.js'
import type { PauseGate } from '../pause-gate.js'
import { AppendFailed, storeDeadLetters } from '../projector/kpi-writer.js'
import { lettersByReason } from '../projector/letters-by-reason.js'
import type { DeadLetter } from '../projector/raw-fold.js'
import type { BucketFold, Decoded } from './bucket-fold.js'
import type { BucketsOf, HeldBucket, Opened } from './bucket-opening.js'

/** Events of one bucket between two of its snapshots. */
const SNAPSHOT_EVENTS = 5_000

export type CohortOptions = BucketsOf &
  Readonly<{
    /** Tells this process from every other, and from its own earlier lives. */
    owner: string
    batchMax: number
    signal: AbortSignal
    gate: PauseGate
    activity: Activity
    now: () => number
    /** Counts what is folded. */
    meter?: FoldMeter | undefined
    /** Another owner appended to the bucket's stream: it is no longer held. */
    onFenced: (bucket: string) => void
    /** Called at the head of the log, after everything before it is stored. */
    onCaughtUp: () => void
    onStored: (progress: Readonly<{ events: number; fed: number; tooLate: number }>) => void
  }>

/**
 * Buckets that are read together: one subscription from the place of the one that is furthest behind. What a process
 * acquires while it works makes a cohort of its own, so that what it holds already goes on meanwhile.
 */
export class Cohort {
  readonly held = new Map<string, HeldBucket>()
  isLive = false
  private readonly erased: ReadonlySet<string>
  private readonly options: CohortOptions
  /** One piece of work at a time: a bucket is not given up in the middle of a batch. */
  private working: Promise<unknown> = Promise.resolve()

  constructor(options: CohortOptions, { buckets, erased }: Opened) {
    this.options = options
    this.erased = erased
    for (const bucket of buckets) this.held.set(bucket.fold.bucket, bucket)
  }

  /** What it holds, to be read by another cohort. */
  get opened(): Opened {
    return { buckets: [...this.held.values()], erased: this.erased }
  }

  /** Reads, folds and stores until the signal aborts. Throws `AppendFailed`, and what reading throws. */
  async run(): Promise<void> {
    const { raw, tenant, batchMax, signal, gate, activity } = this.options
    const prefixes = bucketPrefixes(tenant, [...this.held.keys()])
    for await (const message of raw.subscribe({ after: this.behind(), prefixes, batchMax, signal })) {
      if (signal.aborted) break // events may have been left out just now: nothing behind them may count
      switch (message.kind) {
        case 'events':
          activity.begun()
          await gate.step(signal, () => this.alone(() => this.take(message.events)))
          activity.moved()
          break
        case 'checkpoint':
          this.passed(message.position)
          break
        case 'caught-up':
          this.isLive = true
          this.options.onCaughtUp()
          break
      }
    }
  }

  /** Stores how far every bucket is, also where nothing came of it. */
  report(): Promise<void> {
    return this.alone(() => this.store(this.folds().filter((fold) => fold.isAhead)))
  }

  /** Saves what this process would have to fold again. */
  save(): Promise<void> {
    return this.alone(async () => {
      for (const { fold, snapshots } of this.held.values()) if (fold.eventsSinceSave > 0) await fold.saveTo(snapshots)
    })
  }

  /** Gives buckets up, between two batches. What is not stored of them is dropped: the next owner finds it again. */
  release(buckets: readonly string[]): Promise<void> {
    return this.alone(async () => {
      for (const bucket of buckets) await this.drop(bucket)
    })
  }

  /** So many events would have to be folded again. */
  get eventsSinceSave(): number {
    return this.folds().reduce((sum, fold) => sum + fold.eventsSinceSave, 0)
  }

  private async drop(bucket: string): Promise<void> {
    const held = this.held.get(bucket)
    this.held.delete(bucket)
    await held?.snapshots.close()
  }

  private alone(work: () => Promise<void>): Promise<void> {
    const done = this.working.then(work)
    this.working = done.catch(() => undefined)
    return done
  }

  private folds(): readonly BucketFold[] {
    return [...this.held.values()].map(({ fold }) => fold)
  }

  /** The place of the bucket that is furthest behind; `undefined`: the beginning. */
  private behind(): Position | undefined {
    let least: Position | undefined
    for (const { position } of this.folds()) {
      if (position === undefined) return undefined
      if (least === undefined || position < least) least = position
    }
    return least
  }

  private async take(events: readonly RecordedEvent[]): Promise<void> {
    const { meter, points, onStored } = this.options
    const beganAt = performance.now()
    const letters: DeadLetter[] = []
    let [fed, tooLate] = [0, 0]
    for (const event of events) {
      const letter = this.apply(event)
      if (letter === 'passed-over') continue
      fed += 1
      if (letter === 'too-late') tooLate += 1
      else if (letter !== undefined) letters.push(letter)
    }
    this.passed((events.at(-1) as RecordedEvent).position)
    letters.push(...this.lateLetters())
    meter?.folded(fed, beganAt)
    meter?.deadLetters(lettersByReason(letters, tooLate))
    // Dead letters go before the checkpoint of their batch, so none is lost.
    await storeDeadLetters(points, letters)
    const isFull = (fold: BucketFold): boolean => fold.eventsSinceSave >= SNAPSHOT_EVENTS
    await this.store(this.folds().filter((fold) => fold.isDue || (isFull(fold) && fold.isAhead)))
    for (const { fold, snapshots } of this.held.values()) if (isFull(fold)) await fold.saveTo(snapshots)
    onStored({ events: events.length, fed, tooLate })
  }

  /** The letters of stretches behind the late horizon that have grown, but for what was told before. */
  private lateLetters(): readonly DeadLetter[] {
    const { tenant, now } = this.options
    return this.folds().flatMap((fold) => {
      const grown = fold.late.take()
      return fold.isAhead ? grown.map((stretch) => lateLetter(stretch, { tenant, receivedAt: now() })) : []
    })
  }

  private apply(event: RecordedEvent): 'passed-over' | 'too-late' | undefined | DeadLetter {
    const { tenant, generation, now } = this.options
    const bucket = bucketOfStream(tenant, event.stream)
    const folds = (bucket === undefined ? this.folds() : [this.held.get(bucket)?.fold]).filter(
      (fold): fold is BucketFold => fold !== undefined && !fold.has(event),
    )
    const [first] = folds
    if (first === undefined || this.erased.has(event.stream)) return 'passed-over'
    if (!feeds(event.type, generation.profile.points)) return 'passed-over'
    const facts = decodeRaw(event.type, event.data)
    const isShared = bucket === undefined
    if (E.isLeft(facts) && isShared) return 'passed-over' // the merger makes the dead letter
    const decoded: Decoded | undefined = E.isRight(facts)
      ? { event, facts: facts.right, receivedAt: receivedAtOf(event.metadata) }
      : undefined
    const isStored = first.hasStored(event)
    const refusals = decoded === undefined ? [] : folds.map((fold) => fold.apply(decoded))
    const unusable = E.isLeft(facts) ? facts.left : refusals[0]
    if (isShared || unusable === undefined) return undefined
    if ('at' in unusable) {
      first.late.add(unusable.at, event.type, event.position)
      return 'too-late'
    }
    if (isStored) return undefined
    const origin = { tenant, source: `${event.stream}@${event.revision}`, receivedAt: now() }
    return deadLetter(event.data, { topic: event.type, ...unusable }, origin, 'projector')
  }

  private passed(position: Position): void {
    for (const fold of this.folds()) fold.passed(position)
  }

  /** Stores what was found. A bucket to which another owner appended is given up. */
  private async store(folds: readonly BucketFold[]): Promise<void> {
    const { points, owner, onFenced } = this.options
    const appends = folds.map((fold) => ({ fold, of: fold.appendsOf(owner) }))
    const answers = await points.append(appends.flatMap<StreamAppend>(({ of }) => of))
    let at = 0
    for (const { fold, of } of appends) {
      const own = answers.slice(at, at + of.length)
      at += of.length
      const failed = own.find(E.isLeft)?.left
      if (failed === undefined) {
        const last = own.at(-1)
        if (last !== undefined && E.isRight(last)) fold.wasStored(last.right.revision)
      } else if (failed.tag === 'WrongExpectedRevision') {
        await this.drop(fold.bucket)
        onFenced(fold.bucket)
      } else throw new AppendFailed(failed)
    }
  }
}
