import * as E from 'fp-ts/lib/Either.js'
import { encodeKpiEvents } from '../../../contract/kpi-stream/encode.js'
import { appendsOf, type RawMark } from '../../../contract/kpi-stream/marks.js'
import type { KpiEvent } from '../../../domain/kpi-event.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { appendsWithinLimit } from '../../../log/append-batches.js'
import type { AppendFailure, EventLog, ExpectedRevision, NewEvent, Position } from '../../../log/event-log.js'
import type { ProjectorTrace } from '../../../telemetry/traces/tracing.js'
import { RowCounts } from '../../../telemetry/metrics/row-counts.js'
import type { FoldMeter } from '../../../telemetry/metrics/stage-meters.js'
import type { PauseGate } from '../pause-gate.js'
import type { DeadLetter } from './raw-fold.js'

/** The output of a batch that goes through `mark`, encoded. */
export type EncodedOutput = Readonly<{ mark: RawMark; events: readonly NewEvent[]; from: number; rows: RowCounts }>

export type KpiWriterOptions = Readonly<{
  kpi: EventLog
  tenant: string
  generation: string
  gate: PauseGate
  meter?: FoldMeter | undefined
  /** Called after every batch that is durable. */
  onAppended: (rows: number, position: Position) => void
  trace?: ProjectorTrace | undefined
}>

/**
 * Appends the output of batches to the KPI stream of a generation, each with the checkpoint behind it, under the
 * expected revision: whoever appends there as well supersedes this writer. Throws `AppendFailed`.
 */
export class KpiWriter {
  /** Through here the KPI stream holds all output. */
  checkpoint: Position | undefined
  private readonly options: KpiWriterOptions
  private expected: ExpectedRevision
  /** Rises by the events of each batch: no two of them have the same ids. */
  private batchFrom: number
  private inFlight: Promise<void> = Promise.resolve()

  constructor(
    options: KpiWriterOptions,
    at: Readonly<{ revision: number | undefined; checkpoint: Position | undefined }>,
  ) {
    this.options = options
    this.expected = at.revision ?? 'no-stream'
    this.batchFrom = (at.revision ?? -1) + 1
    this.checkpoint = at.checkpoint
  }

  /** Takes all output of a batch that goes through a mark, and encodes one event after the other. */
  encode(output: Iterable<KpiEvent>, mark: RawMark): EncodedOutput {
    const { tenant, generation } = this.options
    const rows = new RowCounts()
    const from = this.batchFrom
    const events = encodeKpiEvents(tenant, generation, rows.counted(output), mark.position, from)
    this.batchFrom += events.length
    return { mark, events, from, rows }
  }

  /**
   * Begins an append once the one before it has succeeded, and returns: the next batch is folded while this one is made
   * durable. A failure is met at the next append, or by `settled`; what was folded meanwhile is then given up.
   */
  async appendBehind({ mark, events, from, rows }: EncodedOutput): Promise<void> {
    const { tenant, generation } = this.options
    const { position, origin } = mark
    const traced = this.options.trace?.appending(position, rows.all)
    const appends = appendsOf(tenant, generation, events, position, origin, from, traced?.contexts)
    await this.inFlight
    this.inFlight = this.options.gate.track(this.appendBatch(appends, rows, position))
    this.inFlight.then(
      () => traced?.ended(),
      // Met by `settled`.
      (cause: unknown) => traced?.ended(cause instanceof Error ? cause.message : String(cause)),
    )
  }

  /** Resolves once everything that was begun is durable. */
  settled(): Promise<void> {
    return this.inFlight
  }

  /** Stores dead letters. They go before the checkpoint of their batch, so none is lost; a repeat stores nothing. */
  async storeDeadLetters(letters: readonly DeadLetter[]): Promise<void> {
    await storeDeadLetters(this.options.kpi, letters)
  }

  private async appendBatch(
    appends: readonly (readonly NewEvent[])[],
    rows: RowCounts,
    position: Position,
  ): Promise<void> {
    const { kpi, tenant, generation, meter, onAppended } = this.options
    const stream = kpiStream(tenant, generation)
    for (const events of appends) {
      const [result] = await kpi.append([{ stream, expected: this.expected, events }])
      if (result === undefined) throw new Error('the log answered nothing to an append')
      if (E.isLeft(result)) throw new AppendFailed(result.left)
      this.expected = result.right.revision
    }
    this.checkpoint = position
    meter?.appended(rows)
    onAppended(rows.all, position)
  }
}

/** Throws `AppendFailed`. A repeat stores nothing. */
export const storeDeadLetters = async (log: EventLog, letters: readonly DeadLetter[]): Promise<void> => {
  const [first] = letters
  if (first === undefined) return
  const events = letters.map(({ event }) => event)
  for (const result of await log.append(appendsWithinLimit(first.stream, events)))
    if (E.isLeft(result)) throw new AppendFailed(result.left)
}

/** The log did not take an append of the projector. */
export class AppendFailed extends Error {
  readonly failure: AppendFailure
  constructor(failure: AppendFailure) {
    super(failure.tag)
    this.failure = failure
  }
}
