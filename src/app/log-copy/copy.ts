import type { Logger } from 'pino'
import { deadLetterStream } from '../../domain/stream-name.js'
import {
  LogUnavailable,
  type EventLog,
  type Position,
  type RecordedEvent,
  type StreamAppend,
} from '../../log/event-log.js'
import { backoffMs, pause } from '../../log/backoff.js'
import { compareLogs, RawComparison, type CompareOptions, type Digest } from './compare.js'
import type { Difference } from './digest.js'
import { erasedPositions, isErasedNote, Landmarks } from './erased.js'
import { letterRoutes, missingLetters } from './letters.js'
import { CopyRefused, less, runsOf, send, StreamSender, Tally, type Amount } from './send.js'
import {
  boundsOf,
  hasGrown,
  isOneLog,
  lastOf,
  openSide,
  openSource,
  rawBatches,
  type Bounds,
  type Side,
} from './sides.js'
import { movedEvents, positionedStreams, type Moved, type PositionedStream } from './streams.js'
import { erasures, Positions } from './walk.js'
import type { Logs } from '../pipeline/logs.js'

/** What a copy is doing; `done` of `total` of whatever it counts there. */
export type CopyProgress = Readonly<{
  phase: 'compare' | 'raw events' | 'rows' | 'verify'
  done: number
  total: number
}>

export type CopyOptions = Readonly<{
  from: Logs
  to: Logs
  tenant: string
  /** Compare and count, and write nothing. */
  dryRun: boolean
  /** Appends of raw events on their way at a time. */
  inFlight: number
  signal: AbortSignal
  logger: Logger
  onProgress?: (progress: CopyProgress) => void
}>

export type CopyOutcome = Readonly<{
  /** `stopped`: the signal came first; run again, it goes on. */
  kind: 'copied' | 'would copy' | 'stopped'
  copied: Amount
  /** What the target held before. */
  before: Amount
  /** By name, those of the source. */
  generations: readonly string[]
  /** Where the target is not what it should be. Empty if all is well. */
  differences: readonly Difference[]
  digests: readonly Digest[]
  /** The source has been written to meanwhile: another run brings the rest. */
  sourceGrew: boolean
}>

const RETRY = { firstMs: 200, maxMs: 10_000 }
const ATTEMPTS_MAX = 8
const PROGRESS_EVENTS = 1_000

/**
 * Copies a tenant's log: every event with its type, data and metadata, in the order of the log and with its revision.
 * Positions are what changes, so those that rows and generations speak of become the ones that the same raw events have
 * in the target.
 *
 * There is no marker of progress beside the target: what it holds is the progress. A copy that was cut short, and one
 * whose source has grown, finds what is there to be a beginning of what it would write, and writes the rest; what is
 * there and is not refuses the copy (`CopyRefused`). The generations come last: before them nobody takes the target for
 * a log that can be gone on with.
 *
 * Throws `NoLog` without a source, `LogLocked` where somebody writes to the target, and `LogUnavailable` if one of the
 * two is out of reach for long.
 */
export const copyLog = async (options: CopyOptions): Promise<CopyOutcome> => {
  const { from, to, tenant, dryRun, signal, logger } = options
  const source = await openSource(from, tenant)
  const bounds = await boundsOf(source, tenant)
  const target = await openSide(to, [...source.kpi.keys()], dryRun ? 'reader' : 'writer')
  const copy = new Copy(options, source, target, bounds)
  for (let attempt = 0; ; attempt++) {
    const { events } = copy.tally
    try {
      return await copy.run()
    } catch (cause) {
      if (!(cause instanceof LogUnavailable) || signal.aborted) throw cause
      if (copy.tally.events > events) attempt = 0
      if (attempt + 1 >= ATTEMPTS_MAX) throw cause
      const delayMs = backoffMs(RETRY, attempt)
      logger.warn({ err: cause, delayMs }, 'copy: a log is not available, trying again')
      await pause(delayMs, signal)
    }
  }
}

class Copy {
  /** What was written, as far as the target has said so. */
  readonly tally = new Tally()
  readonly #options: CopyOptions
  readonly #source: Side
  readonly #target: Side
  readonly #bounds: Bounds
  #before: Amount | undefined
  /** Positions that raw events speak of. */
  #spokenOf: readonly Position[] | undefined

  constructor(options: CopyOptions, source: Side, target: Side, bounds: Bounds) {
    this.#options = options
    this.#source = source
    this.#target = target
    this.#bounds = bounds
  }

  async run(): Promise<CopyOutcome> {
    const { tenant, dryRun, signal } = this.#options
    this.#spokenOf ??= await erasedPositions(this.#source.raw, tenant, this.#bounds.raw)
    const comparison = this.#comparison('compare', false)
    const found = await compareLogs(comparison)
    const [first] = found.differences
    if (first !== undefined) throw new CopyRefused(elsewhere(tenant, first))
    const before = (this.#before ??= found.there)
    if (!signal.aborted) await this.#rawEvents(found.raw, comparison.landmarks)
    if (!signal.aborted) await this.#deadLetters()
    if (!signal.aborted) await this.#positioned()
    const outcome = {
      copied: this.tally.amount(),
      before,
      generations: [...this.#source.kpi.keys()],
      differences: [],
      digests: [],
    }
    const sourceGrew = await hasGrown(this.#source, tenant, this.#bounds)
    if (dryRun && !signal.aborted) return { ...outcome, kind: 'would copy', sourceGrew }
    const { there, differences, digests } = await compareLogs(this.#comparison('verify', true))
    if (signal.aborted) return { ...outcome, kind: 'stopped', sourceGrew }
    return { ...outcome, kind: 'copied', copied: less(there, before), differences, digests, sourceGrew }
  }

  async #rawEvents(after: Position | undefined, landmarks: Landmarks): Promise<void> {
    const { tenant, signal } = this.#options
    const { raw } = this.#source
    const target = this.#target.raw
    const { without } = erasures(raw)
    for await (const batch of rawBatches(raw, tenant, { after, through: this.#bounds.raw ?? 0n })) {
      if (signal.aborted) return
      let events: RecordedEvent[] = []
      for (const event of isOneLog(this.#source) ? await without(batch) : batch) {
        landmarks.pass(event.position, event)
        if (isErasedNote(event)) {
          // What it speaks of has to be there before it can be said where that is.
          await this.#append(target, runsOf(events))
          events = [{ ...event, ...(await landmarks.moved(event, target)) }]
        } else events.push(event)
      }
      await this.#append(target, runsOf(events))
      this.#at('raw events', Number(batch.at(-1)?.position), Number(this.#bounds.raw))
    }
  }

  async #deadLetters(): Promise<void> {
    const { tenant, signal } = this.#options
    for (const route of letterRoutes(this.#source, this.#target, this.#bounds)) {
      const sender = new StreamSender(deadLetterStream(tenant), (append) => this.#append(route.to, [append]))
      for await (const event of missingLetters(route, tenant)) {
        if (signal.aborted) return
        await sender.add(event)
      }
      await sender.flush()
    }
  }

  /** Rows, and when they are all there the generations. */
  async #positioned(): Promise<void> {
    const { tenant, signal, dryRun } = this.#options
    const streams = positionedStreams(this.#source, this.#target, tenant, this.#bounds)
    const senders = new Map<PositionedStream, StreamSender>()
    const there = new Map<PositionedStream, number>()
    for (const of of streams) {
      senders.set(of, new StreamSender(of.stream, (append) => this.#append(of.target, [append])))
      there.set(of, await lastOf(of.target, of.stream))
    }
    const total = streams.reduce((sum, of) => sum + of.through - (there.get(of) ?? -1), 0)
    if (total === 0) return
    const raw = new RawComparison({ ...this.#comparison('rows', !dryRun), onRaw: () => undefined }, new Tally())
    const positions = new Positions(raw.pairs())
    const generations: Moved[] = []
    let done = 0
    for await (const each of movedEvents(streams, positions)) {
      if (signal.aborted) break
      // Positions cannot be told where the raw events are not the same.
      if (raw.hasParted) throw new CopyRefused(elsewhere(tenant, raw.differences.at(-1) as Difference))
      if (each.event.revision <= (there.get(each.of) ?? -1)) continue
      if (each.of.kind === 'generations') generations.push(each)
      else await senders.get(each.of)?.add(each.moved, each.event.revision)
      if (++done % PROGRESS_EVENTS === 0) this.#at('rows', done, total)
    }
    await positions.close()
    if (signal.aborted) return
    for (const [{ kind }, sender] of senders) if (kind === 'rows') await sender.flush()
    for (const { of, moved, event } of generations) await senders.get(of)?.add(moved, event.revision)
    for (const sender of senders.values()) await sender.flush()
  }

  async #append(log: EventLog, appends: readonly StreamAppend[]): Promise<void> {
    const { dryRun, inFlight } = this.#options
    if (!dryRun) return send(log, appends, this.tally, inFlight)
    for (const { expected, events } of appends)
      this.tally.add(typeof expected === 'number' ? expected + 1 : -1, ...events)
  }

  #comparison(phase: CopyProgress['phase'], mustHoldAll: boolean): CompareOptions {
    const { tenant, signal } = this.#options
    const [source, target, bounds] = [this.#source, this.#target, this.#bounds]
    let events = 0
    const onRaw = (position: Position): void => {
      if (++events % PROGRESS_EVENTS === 0) this.#at(phase, Number(position), Number(bounds.raw))
    }
    return {
      source,
      target,
      tenant,
      bounds,
      mustHoldAll,
      signal,
      onRaw,
      landmarks: new Landmarks(this.#spokenOf ?? []),
    }
  }

  #at(phase: CopyProgress['phase'], done: number, total: number): void {
    this.#options.onProgress?.({ phase, done, total })
  }
}

const elsewhere = (tenant: string, { stream, revision, what }: Difference): string =>
  `the target holds something else of tenant ${tenant} than this source: ${stream}${revision === undefined ? '' : ` at revision ${revision}`} ${what}. A copy needs a target that holds nothing of the tenant, or what an earlier copy of this source has left`
