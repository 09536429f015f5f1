import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { isConfiguration, type ConfigurationFact, type Fact } from '../../domain/fact.js'
import type { KpiEvent } from '../../domain/kpi-event.js'
import { kpiStream } from '../../domain/stream-name.js'
import { decodeRaw, feeds } from '../../ingress/decode/decoders.js'
import { deadLetter } from '../../ingress/raw-event.js'
import type {
  AppendFailure,
  EventLog,
  ExpectedRevision,
  NewEvent,
  Position,
  RecordedEvent,
} from '../../log/event-log.js'
import { fairAppends } from '../../log/append-batches.js'
import { KpiProjection, type Refusal } from '../../projections/kpi-projection.js'
import { backoffMs, pause } from '../../log/backoff.js'
import type { Generation } from './generations.js'
import { appendsOf, recover, encodeKpiEvents, type CutShort } from '../../contract/kpi-stream.js'
import type { SnapshotStore } from './snapshots.js'

/**
 * Why a projector ended: told to, everything worked off, another instance appended to the generation's KPI stream, or
 * the log refuses.
 */
export type ProjectorEnd =
  | Readonly<{ kind: 'stopped' }>
  | Readonly<{ kind: 'caught-up'; position: Position | undefined }>
  | Readonly<{ kind: 'superseded'; by: string }>
  | Readonly<{ kind: 'refused'; reason: string }>

export type ProjectorOptions = Readonly<{
  tenant: string
  generation: Generation
  raw: EventLog
  kpi: EventLog
  snapshots: SnapshotStore
  /** Raw events folded between two appends, at most. */
  batchMax: number
  untilCaughtUp: boolean
  signal: AbortSignal
  logger: Logger
  now: () => number
  /**
   * Told after every append: raw events folded since the start of the call (those behind the checkpoint included) and
   * where the projector is.
   */
  onProgress?: (progress: Readonly<{ events: number; rows: number; position: Position }>) => void
}>

/** Folded events between two snapshots, and closed cells that may wait for one in memory. */
const SNAPSHOT_EVENTS = 200_000
/** Folded events that changed no row after which a checkpoint is written all the same. */
const IDLE_CHECKPOINT_EVENTS = 10_000
const RETRY = { firstMs: 100, maxMs: 10_000 }

/** Streams that hold raw events of a tenant: its buckets, configuration and clock. */
export const rawPrefixes = (tenant: string): readonly string[] => [
  ...['0', '1', '2', '3'].map((digit) => `${tenant}.${digit}`),
  `${tenant}.config-`,
  `${tenant}.clock`,
]

/**
 * Folds the raw log into the KPI stream of a generation: rows and checkpoint in one append under the expected revision.
 * Killed anywhere, it goes on without a lost or doubled row: the checkpoint tells where, the tail behind it which rows
 * are already there.
 */
export const runProjector = async (options: ProjectorOptions): Promise<ProjectorEnd> => {
  for (let attempt = 0; ; attempt++) {
    const run = new ProjectorRun(options)
    const end = await run.run()
    if (end.kind !== 'retry') return end
    if (run.appended) attempt = 0
    const delayMs = backoffMs(RETRY, attempt)
    options.logger.warn(
      { err: end.cause, delayMs, generation: options.generation.name },
      'projector: the log is not available, trying again',
    )
    await pause(delayMs, options.signal)
    if (options.signal.aborted) return { kind: 'stopped' }
  }
}

type DeadLetter = Readonly<{ stream: string; event: NewEvent }>

type RunEnd = ProjectorEnd | Readonly<{ kind: 'retry'; cause: unknown }>

/** One attempt, from recovery to an end. */
class ProjectorRun {
  appended = false
  private readonly options: ProjectorOptions
  private readonly stream: string
  private readonly historyThrough: Position | undefined
  /** Streams erased before this generation began. */
  private readonly erased = new Set<string>()
  private fold: KpiProjection
  private expected: ExpectedRevision = 'no-stream'
  private events = 0
  private rows = 0
  private sinceSnapshot = 0
  private sinceCheckpoint = 0
  private folded: Position | undefined
  private checkpointed: Position | undefined
  private appending: Promise<void> = Promise.resolve()

  constructor(options: ProjectorOptions) {
    this.options = options
    this.stream = kpiStream(options.tenant, options.generation.name)
    this.historyThrough =
      options.generation.historyThrough === null ? undefined : BigInt(options.generation.historyThrough)
    this.fold = new KpiProjection(options.tenant, options.generation.profile)
  }

  async run(): Promise<RunEnd> {
    const { signal } = this.options
    try {
      await this.recover()
      return await this.follow()
    } catch (cause) {
      if (cause instanceof AppendFailed) return endOf(cause.failure)
      if (signal.aborted) return { kind: 'stopped' }
      if (cause instanceof Error && cause.name === 'LogUnavailable') return { kind: 'retry', cause }
      throw cause
    } finally {
      // Landing later, it would look to the next attempt like the append of another projector, or meet a log that is
      // closed.
      await this.appending.catch(() => undefined)
    }
  }

  /**
   * Brings the fold to where it was at the last checkpoint: from the snapshot if there is a usable one, and on by
   * folding without appending.
   */
  private async recover(): Promise<void> {
    const { tenant, generation, kpi, snapshots, signal } = this.options
    const recovery = await recover(kpi, tenant, generation.name)
    this.expected = recovery.revision ?? 'no-stream'
    this.checkpointed = recovery.checkpoint
    const snapshot = snapshots.load()
    if (snapshot !== undefined && recovery.checkpoint !== undefined && snapshot.position <= recovery.checkpoint) {
      this.fold = new KpiProjection(tenant, generation.profile, {
        state: snapshot.state,
        coldStore: snapshots.coldStore,
      })
      this.folded = snapshot.position
    } else {
      await snapshots.clear()
      const configuration = await this.knownConfiguration()
      this.fold = new KpiProjection(tenant, generation.profile, {
        coldStore: snapshots.coldStore,
        configuration,
        knownAt: Date.parse(generation.startedAt),
        inHistory: this.historyThrough !== undefined,
      })
    }
    const end = recovery.cutShort?.through ?? recovery.checkpoint
    const gone = await this.noteErasures(this.folded, end ?? -1n)
    if (gone !== undefined && this.folded !== end)
      throw new AppendFailed({ tag: 'Refused', reason: `generation ${generation.name}: ${gone}` })
    if (recovery.checkpoint !== undefined && this.folded !== recovery.checkpoint) await this.refold(recovery.checkpoint)
    if (recovery.cutShort !== undefined && !signal.aborted) await this.complete(recovery.cutShort)
  }

  /** The configuration in the raw log when the generation began. */
  private async knownConfiguration(): Promise<readonly ConfigurationFact[]> {
    if (this.historyThrough === undefined) return []
    const known: ConfigurationFact[] = []
    for await (const { facts, position } of this.configured()) if (position <= this.historyThrough) known.push(...facts)
    return known
  }

  /**
   * Notes what was erased. What a generation had folded before it was erased is in its rows for ever, so folding those
   * events again, now that they are gone, would give other rows under the same revisions: says so if that is what
   * `from` to `through` would take.
   */
  private async noteErasures(from: Position | undefined, through: Position): Promise<string | undefined> {
    for await (const { facts, position } of this.configured())
      for (const fact of facts) {
        if (fact.type !== 'StreamErased') continue
        const isInHistory = this.historyThrough !== undefined && position <= this.historyThrough
        if (isInHistory) this.erased.add(fact.stream)
        else if (BigInt(fact.from) <= through && (from === undefined || BigInt(fact.through) > from))
          return `events that it had folded were erased since (${fact.stream}), and its snapshot is not there: run \`streamvane rebuild --promote\``
      }
    return undefined
  }

  private async *configured(): AsyncIterable<Readonly<{ facts: readonly ConfigurationFact[]; position: Position }>> {
    const { raw, tenant } = this.options
    for await (const batch of raw.readAll({ prefixes: [`${tenant}.config-`] }))
      for (const event of batch) {
        const facts = decodeRaw(event.type, event.data)
        if (E.isRight(facts)) yield { facts: facts.right.filter(isConfiguration), position: event.position }
      }
  }

  /** Folds what is in the KPI stream already. */
  private async refold(through: Position): Promise<void> {
    const { tenant, generation, raw, logger, signal } = this.options
    logger.info(
      { generation: generation.name, from: String(this.folded ?? 'the beginning'), through: String(through) },
      'projector: folding up to the checkpoint',
    )
    for await (const batch of raw.readAll({
      after: this.folded,
      through,
      prefixes: rawPrefixes(tenant),
      batchMax: this.options.batchMax,
    })) {
      for (const event of batch) this.apply(event)
      this.fold.drainEvents() // they are in the KPI stream already
      this.folded = batch.at(-1)?.position
      this.events += batch.length
      this.sinceSnapshot += batch.length
      if (this.sinceSnapshot >= SNAPSHOT_EVENTS) await this.snapshot()
      if (signal.aborted) return
    }
    this.folded = through
  }

  /**
   * Appends what is missing of a batch that a crash cut short. It has to be this very batch: cut elsewhere, it could
   * leave a checkpoint behind rows that are already further on, and the next start would append their earlier revisions
   * after them.
   */
  private async complete({ through, present }: CutShort): Promise<void> {
    const { tenant, raw } = this.options
    const batch: RecordedEvent[] = []
    for await (const events of raw.readAll({ after: this.folded, through, prefixes: rawPrefixes(tenant) }))
      batch.push(...events)
    const { output, unusable } = this.foldBatch(batch, through)
    const isMissing = output.map(({ row }) => present.get(row.key) !== row.revision)
    if (unusable.length > 0) await this.setAside(unusable)
    await this.append(
      this.encoded(output).filter((_, index) => isMissing[index]),
      through,
    )
    this.sinceCheckpoint = 0
  }

  private async follow(): Promise<RunEnd> {
    const { raw, signal, untilCaughtUp, tenant, batchMax } = this.options
    for await (const message of raw.subscribe({
      after: this.folded,
      prefixes: rawPrefixes(tenant),
      batchMax,
      signal,
    })) {
      switch (message.kind) {
        case 'events':
          await this.project(message.events)
          break
        case 'checkpoint':
          this.folded = message.position
          break
        case 'caught-up':
          await this.appending // nothing may come for a long time: a failure must be met now
          if (!untilCaughtUp) break
          await this.finish()
          return { kind: 'caught-up', position: this.checkpointed }
      }
    }
    await this.finish()
    return { kind: 'stopped' }
  }

  private async project(batch: readonly RecordedEvent[]): Promise<void> {
    const { output, unusable } = this.foldBatch(batch, (batch.at(-1) as RecordedEvent).position)
    if (unusable.length > 0) await this.setAside(unusable)
    if (output.length > 0 || this.sinceCheckpoint >= IDLE_CHECKPOINT_EVENTS)
      await this.appendBehind(this.encoded(output))
    if (this.sinceSnapshot >= SNAPSHOT_EVENTS) await this.snapshot()
  }

  private foldBatch(
    batch: readonly RecordedEvent[],
    through: Position,
  ): Readonly<{ output: readonly KpiEvent[]; unusable: readonly DeadLetter[] }> {
    const unusable = batch.flatMap((event) => this.apply(event))
    this.folded = through
    this.events += batch.length
    this.sinceSnapshot += batch.length
    this.sinceCheckpoint += batch.length
    return { output: this.fold.drainEvents(), unusable }
  }

  /** The output of the batch that was folded last. */
  private encoded(output: readonly KpiEvent[]): readonly NewEvent[] {
    const { tenant, generation } = this.options
    return encodeKpiEvents(tenant, generation.name, output, this.folded as Position)
  }

  /**
   * Begins an append once the one before it has succeeded, and lets the next batch be folded while it is made durable.
   * A failure is met at the next append, or at the end; whatever was folded meanwhile is then given up with the fold.
   */
  private async appendBehind(rows: readonly NewEvent[]): Promise<void> {
    const position = this.folded as Position
    await this.appending
    this.sinceCheckpoint = 0
    this.appending = this.append(rows, position)
    this.appending.catch(() => undefined) // it is awaited later
  }

  /** Folds one raw event; returns it as a dead letter if it cannot be decoded. */
  private apply(event: RecordedEvent): readonly DeadLetter[] {
    if (this.erased.has(event.stream)) return [] // a server that has not scavenged still has it
    if (this.historyThrough !== undefined && event.position > this.historyThrough) this.fold.endHistory()
    if (!feeds(event.type, this.options.generation.profile.points)) return []
    const facts = decodeRaw(event.type, event.data)
    const unusable = E.isLeft(facts) ? facts.left : this.refusalOf(facts.right)
    if (unusable === undefined) return []
    const origin = {
      tenant: this.options.tenant,
      source: `${event.stream}@${event.revision}`,
      receivedAt: this.options.now(),
    }
    return [deadLetter(event.data, { topic: event.type, ...unusable }, origin, 'projector')]
  }

  /** Folds the facts of one event; says why if some could not be. */
  private refusalOf(facts: readonly Fact[]): Refusal | undefined {
    const refusals: Refusal[] = []
    for (const fact of facts) {
      const refusal = this.fold.apply(fact)
      if (refusal !== undefined) refusals.push(refusal)
    }
    return refusals[0]
  }

  private async append(rows: readonly NewEvent[], position: Position): Promise<void> {
    const { kpi, tenant, generation } = this.options
    for (const events of appendsOf(tenant, generation.name, rows, position)) {
      const [result] = await kpi.append([{ stream: this.stream, expected: this.expected, events }])
      if (result === undefined) throw new Error('the log answered nothing to an append')
      if (E.isLeft(result)) throw new AppendFailed(result.left)
      this.expected = result.right.revision
    }
    this.appended = true
    this.rows += rows.length
    this.checkpointed = position
    this.options.onProgress?.({ events: this.events, rows: this.rows, position })
  }

  private async setAside(letters: readonly DeadLetter[]): Promise<void> {
    const { stream } = letters[0] as DeadLetter
    const results = await this.options.kpi.append(
      fairAppends(
        stream,
        letters.map(({ event }) => event),
      ),
    )
    for (const result of results) if (E.isLeft(result)) throw new AppendFailed(result.left)
  }

  /** Leaves a checkpoint and a snapshot, so that the next start has nothing to do again. */
  private async finish(): Promise<void> {
    await this.appending
    if (this.folded !== undefined && this.sinceCheckpoint > 0) await this.append([], this.folded)
    if (this.sinceSnapshot > 0) await this.snapshot()
  }

  /** A snapshot must never be ahead of the rows, so a checkpoint goes before it. */
  private async snapshot(): Promise<void> {
    await this.appending
    if (this.folded === undefined) return
    if (this.checkpointed === undefined || this.folded > this.checkpointed) await this.append([], this.folded)
    await this.options.snapshots.save({ position: this.folded, state: this.fold.save() })
    if (this.options.snapshots.keepsColdStore) this.fold.saved()
    this.sinceSnapshot = 0
  }
}

class AppendFailed extends Error {
  readonly failure: AppendFailure
  constructor(failure: AppendFailure) {
    super(failure.tag)
    this.failure = failure
  }
}

const endOf = (failure: AppendFailure): RunEnd => {
  switch (failure.tag) {
    case 'WrongExpectedRevision':
      return {
        kind: 'superseded',
        by: `${failure.stream} is at revision ${failure.actual}, not ${failure.expected}: another projector appended to it`,
      }
    case 'NotAvailable':
      return { kind: 'retry', cause: failure.cause }
    case 'Refused':
      return { kind: 'refused', reason: failure.reason }
  }
}
