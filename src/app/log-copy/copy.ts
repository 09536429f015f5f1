import type { Logger } from 'pino'
import { deadLetterStream } from '../../domain/stream-name.js'
import { plainEvent, type EventLog, type Position, type RecordedEvent, type StreamAppend } from '../../log/event-log.js'
import { backoffMs, pause } from '../../log/backoff.js'
import { mayPass } from '../../log/patient-log.js'
import { compareLogs, RawComparison, type CompareOptions } from './compare.js'
import {
  type Difference,
  type Digest,
  boundsOf,
  hasGrown,
  isSingleLog,
  lastOf,
  openEndpoint,
  openSource,
  rawBatches,
  type Bounds,
  type Endpoint,
} from './endpoint.js'
import {
  erasedPositions,
  isErasedNote,
  PositionMap,
  erasures,
  PositionTranslator,
  stretchPositions,
} from './position-map.js'
import { deadLetterRoutes, missingDeadLetters } from './dead-letters.js'
import { missingRecords } from './records.js'
import { CopyRefused, less, runsOf, send, StreamSender, Tally, type Amount } from './append.js'
import { translatedEvents, positionedStreams, type Translated, type PositionedStream } from './positioned-streams.js'
import type { Logs } from '../pipeline/logs/logs.js'

/** Progress of a copy. `done` and `total` count positions or events, depending on the phase. */
export type CopyProgress = Readonly<{
  phase: 'compare' | 'raw events' | 'rows' | 'verify'
  done: number
  total: number
}>

export type CopyOptions = Readonly<{
  from: Logs
  to: Logs
  tenant: string
  /** Compares and counts, and writes nothing. */
  dryRun: boolean
  /** Pending appends of raw events. */
  inFlight: number
  /** How long to wait for a log that is away. */
  waitMs?: number | undefined
  signal: AbortSignal
  logger: Logger
  onProgress?: (progress: CopyProgress) => void
}>

export type CopyOutcome = Readonly<{
  /** `stopped`: the signal aborted the copy; another run resumes it. */
  kind: 'copied' | 'would copy' | 'stopped'
  copied: Amount
  /** What the target held before the copy. */
  before: Amount
  /** The names of the source's generations. */
  generations: readonly string[]
  /** Where the target differs from the source. Empty if the copy is complete. */
  differences: readonly Difference[]
  digests: readonly Digest[]
  /** The source grew during the copy; another run copies the rest. */
  sourceGrew: boolean
}>

const RETRY = { firstMs: 200, maxMs: 10_000 }
/** How long an outage of either log may last, unless told otherwise. */
const WAIT_MS = 600_000
const PROGRESS_EVENTS = 1_000

/**
 * Copies a tenant's log: every event with its type, data, metadata and revision, in the order of the log. Positions
 * differ between logs, so the positions in rows and generations are replaced by those of the same raw events in the
 * target.
 *
 * No progress is stored beside the target: its content is the progress. If the target holds a beginning of the source,
 * after an interrupted copy or because the source has grown, the copy appends the rest. Any other content refuses the
 * copy (`CopyRefused`). The generations are written last: without them no command takes the target for a complete log.
 *
 * Throws `NoLog` without a source, `LogLocked` if another process writes to the target, and `LogUnavailable` if either
 * log stays out of reach, or refuses its credentials (then at once).
 */
export const copyLog = async (options: CopyOptions): Promise<CopyOutcome> => {
  const { from, to, tenant, dryRun, waitMs = WAIT_MS, signal, logger } = options
  const source = await openSource(from, tenant)
  const bounds = await boundsOf(source, tenant)
  const target = await openEndpoint(
    to,
    [...source.kpi.keys()],
    [...source.publications.keys()],
    dryRun ? 'reader' : 'writer',
  )
  const copy = new Copy(options, source, target, bounds)
  let since: number | undefined
  for (let attempt = 0; ; attempt++) {
    const { events } = copy.tally
    try {
      return await copy.run()
    } catch (cause) {
      if (!mayPass(cause) || signal.aborted) throw cause
      if (copy.tally.events > events) [attempt, since] = [0, undefined]
      since ??= Date.now()
      if (Date.now() - since >= waitMs) throw cause
      const delayMs = backoffMs(RETRY, attempt)
      const details = { err: cause, delayMs, since: new Date(since).toISOString(), copied: copy.tally.events }
      logger.warn(details, 'copy: a log is not available, trying again')
      await pause(delayMs, signal)
    }
  }
}

class Copy {
  /** What the target has acknowledged. */
  readonly tally = new Tally()
  readonly #options: CopyOptions
  readonly #source: Endpoint
  readonly #target: Endpoint
  readonly #bounds: Bounds
  #before: Amount | undefined
  /** Positions that raw events and dead letters contain. */
  #spokenOf: readonly Position[] | undefined

  constructor(options: CopyOptions, source: Endpoint, target: Endpoint, bounds: Bounds) {
    this.#options = options
    this.#source = source
    this.#target = target
    this.#bounds = bounds
  }

  async run(): Promise<CopyOutcome> {
    const { tenant, dryRun, signal } = this.#options
    this.#spokenOf ??= [
      ...(await erasedPositions(this.#source.raw, tenant, this.#bounds.raw)),
      ...(await stretchPositions(this.#bounds.deadLetters, tenant)),
    ]
    const comparison = this.#comparison('compare', false)
    const found = await compareLogs(comparison)
    const [first] = found.differences
    if (first !== undefined) throw new CopyRefused(foreignContent(tenant, first))
    const before = (this.#before ??= found.there)
    if (!signal.aborted) await this.#rawEvents(found.raw, comparison.positionMap)
    if (!signal.aborted) await this.#deadLetters(comparison.positionMap)
    if (!signal.aborted) await this.#records()
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

  async #rawEvents(after: Position | undefined, positionMap: PositionMap): Promise<void> {
    const { tenant, signal } = this.#options
    const { raw } = this.#source
    const target = this.#target.raw
    const { without } = erasures(raw)
    for await (const batch of rawBatches(raw, tenant, { after, through: this.#bounds.raw ?? 0n })) {
      if (signal.aborted) return
      let events: RecordedEvent[] = []
      for (const event of isSingleLog(this.#source) ? await without(batch) : batch) {
        positionMap.record(event.position, event)
        if (isErasedNote(event)) {
          // The events that the note refers to must be in the target before their positions there are known.
          await this.#append(target, runsOf(events))
          events = [{ ...plainEvent(event), ...(await positionMap.translated(event, target)) }]
        } else events.push(event)
      }
      await this.#append(target, runsOf(events))
      this.#at('raw events', Number(batch.at(-1)?.position), Number(this.#bounds.raw))
    }
  }

  async #deadLetters(positionMap: PositionMap): Promise<void> {
    const { tenant, signal } = this.#options
    for (const route of deadLetterRoutes(this.#source, this.#target, this.#bounds)) {
      const sender = new StreamSender(deadLetterStream(tenant), (append) => this.#append(route.to, [append]))
      for await (const event of missingDeadLetters(route, tenant)) {
        if (signal.aborted) return
        await sender.add(await positionMap.translatedLetter(event, tenant, this.#target.raw))
      }
      await sender.flush()
    }
  }

  async #records(): Promise<void> {
    for (const stream of this.#bounds.records.keys()) {
      const sender = new StreamSender(stream, (append) => this.#append(this.#target.control, [append]))
      for await (const event of missingRecords(this.#source, this.#target, stream, this.#bounds)) {
        if (this.#options.signal.aborted) return
        await sender.add(event)
      }
      await sender.flush()
    }
  }

  /** Copies rows, and after all of them the generations. */
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
    const positions = new PositionTranslator(raw.pairs())
    const generations: Translated[] = []
    let done = 0
    for await (const each of translatedEvents(streams, positions)) {
      if (signal.aborted) break
      // Positions cannot be translated after a difference in the raw events.
      if (raw.hasParted) throw new CopyRefused(foreignContent(tenant, raw.differences.at(-1) as Difference))
      if (each.event.revision <= (there.get(each.of) ?? -1)) continue
      if (each.of.kind === 'generations') generations.push(each)
      else await senders.get(each.of)?.add(each.translated, each.event.revision)
      if (++done % PROGRESS_EVENTS === 0) this.#at('rows', done, total)
    }
    await positions.close()
    if (signal.aborted) return
    for (const [{ kind }, sender] of senders) if (kind !== 'generations') await sender.flush()
    for (const { of, translated, event } of generations) await senders.get(of)?.add(translated, event.revision)
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
      positionMap: new PositionMap(this.#spokenOf ?? []),
    }
  }

  #at(phase: CopyProgress['phase'], done: number, total: number): void {
    this.#options.onProgress?.({ phase, done, total })
  }
}

const foreignContent = (tenant: string, { stream, revision, what }: Difference): string =>
  `the target holds something else of tenant ${tenant} than this source: ${stream}${revision === undefined ? '' : ` at revision ${revision}`} ${what}. A copy needs a target that holds nothing of the tenant, or what an earlier copy of this source has left`
