import type { AppendFailure, Position } from '../../../log/event-log.js'
import type { FactBatch } from '../facts/fact-batch.js'
import { AppendFailed } from './kpi-writer.js'
import { PauseGate } from '../pause-gate.js'
import { LateCount } from './late-share.js'
import { lettersByReason } from './letters-by-reason.js'
import type { ProjectorOptions, ProjectorRun } from './projector-options.js'
import type { RawFold } from './raw-fold.js'
import { recoverProjector, type Recovered } from './recovery.js'
import { retrying, type Lost } from '../retry.js'
import type { StageEnd } from '../stage.js'

export type ProjectorEnd = Exclude<StageEnd, { kind: 'failed' }>

const RETRY = { firstMs: 100, maxMs: 10_000 }

/**
 * Folds the raw log into the KPI stream of a generation: rows and checkpoint in one append under the expected revision.
 * *recovering* (see `recoverProjector`) → *following* the raw log, batch after batch → ended. Left for *recovering*
 * when the log was lost. Killed anywhere, it goes on without a lost or doubled row: the checkpoint says where, the tail
 * behind it which rows are already there.
 */
export const runProjector = async (options: ProjectorOptions): Promise<ProjectorEnd> => {
  const { signal, logger, now, gate = new PauseGate(), activity, onWorking, waitMs } = options
  const backoff = { ...RETRY, giveUpAfterMs: waitMs }
  return retrying<ProjectorEnd>({ what: 'projector', backoff, signal, gate, activity, logger, now }, (works) =>
    attempt({ ...options, gate, onWorking: () => (works(), onWorking?.()) }),
  )
}

/** One attempt, from recovery to an end. */
const attempt = async (run: ProjectorRun): Promise<ProjectorEnd | Lost> => {
  const { signal, onProgress, onWorking } = run
  let projector: Projector | undefined
  let fold: RawFold | undefined
  let rows = 0
  const onAppended = (more: number, position: Position): void => {
    rows += more
    onWorking?.()
    onProgress?.({ events: fold?.events ?? 0, rows, position })
  }
  try {
    const recovered = await recoverProjector(run, onAppended)
    fold = recovered.fold
    projector = new Projector(run, recovered)
    return await projector.follow()
  } catch (cause) {
    if (cause instanceof AppendFailed) return endOf(cause.failure)
    if (signal.aborted) return { kind: 'stopped' }
    throw cause
  } finally {
    // Landing later, it would look to the next attempt like the append of another projector, or meet a log that is
    // closed.
    await projector?.settled()
  }
}

/** The steady loop: folds what the raw log delivers, and lets the publisher append what is due. */
class Projector {
  private readonly run: ProjectorRun
  private readonly recovered: Recovered
  private readonly late: LateCount
  private isLate = false

  constructor(run: ProjectorRun, recovered: Recovered) {
    this.run = run
    this.recovered = recovered
    this.late = new LateCount(run.now)
    const { fold } = recovered
    if (run.meter !== undefined)
      run.meter.view = {
        snapshot: run.generation.name,
        position: () => fold.position,
        openIntervals: () => fold.openIntervals,
        eventsSinceSave: () => fold.eventsSinceSave,
      }
    run.activity?.watch('events-too-late', () => this.late.share().isAlarming)
  }

  async follow(): Promise<ProjectorEnd> {
    const { signal, untilCaughtUp, gate, activity, onWorking } = this.run
    const { fold, feed, writer, publisher } = this.recovered
    for await (const message of feed.follow(fold.position, signal)) {
      switch (message.kind) {
        case 'facts':
          activity?.begun()
          await gate.step(signal, () => this.project(message.batch))
          activity?.moved()
          break
        case 'checkpoint':
          fold.position = message.position
          await gate.step(signal, () => publisher.passed())
          break
        case 'caught-up':
          await gate.step(signal, () => publisher.caughtUp())
          await writer.settled() // nothing may come for a long time: a failure must be met now
          onWorking?.()
          activity?.caughtUp()
          if (!untilCaughtUp) break
          await publisher.finish()
          return { kind: 'caught-up', position: writer.checkpoint }
      }
    }
    await publisher.finish()
    return { kind: 'stopped' }
  }

  /** Resolves once no append is on its way any more, whatever became of it. */
  async settled(): Promise<void> {
    await this.recovered.writer.settled().catch(() => undefined)
  }

  private async project(batch: FactBatch): Promise<void> {
    const { fold, writer, publisher } = this.recovered
    const { meter } = this.run
    const beganAt = performance.now()
    const { deadLetters, fed, tooLate } = await fold.fold(batch)
    this.run.trace?.folded(batch.through)
    meter?.folded(batch.rawEvents, beganAt)
    meter?.deadLetters(lettersByReason(deadLetters, tooLate))
    await writer.storeDeadLetters(deadLetters)
    this.countLate(fed, tooLate)
    await publisher.folded()
  }

  /** Reports a share of too-late events that cannot be chance, once when it begins and once when it is over. */
  private countLate(fed: number, tooLate: number): void {
    const { logger } = this.run
    this.late.add(fed, tooLate)
    const { isAlarming, ...counts } = this.late.share()
    if (isAlarming && !this.isLate)
      logger.error(
        { ...counts },
        'projector: more than a tenth of the last events were refused as too late: see `streamvane clock show`, and `streamvane deadletter list --reason too-late`',
      )
    if (!isAlarming && this.isLate) logger.info({ ...counts }, 'projector: events are in time again')
    this.isLate = isAlarming
  }
}

export const endOf = (failure: AppendFailure): ProjectorEnd | Lost => {
  switch (failure.tag) {
    case 'WrongExpectedRevision':
      return {
        kind: 'superseded',
        by: `${failure.stream} is at revision ${failure.actual}, not ${failure.expected}: another projector appended to it`,
      }
    case 'NotAvailable':
      return { kind: 'lost', cause: failure.cause }
    case 'Refused':
    case 'TooLarge':
      return { kind: 'refused', reason: failure.reason }
  }
}
