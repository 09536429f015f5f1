import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { isKpiEvent, readKpiEvent } from '../../../contract/kpi-stream.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { ProgressMismatchCode } from '../../../egress/progress-mismatch.js'
import type { Progress, Sink, SinkFailure, SinkRecord } from '../../../egress/sink.js'
import type { EventLog, RecordedEvent } from '../../../log/event-log.js'
import { readGenerations, watchLive } from '../generations.js'
import { whenThere, type Logs } from '../logs/logs.js'
import type { Activity } from '../activity.js'
import { PauseGate } from '../pause-gate.js'
import { retrying, type Again, type Lost } from '../retry.js'
import type { StageEnd } from '../stage.js'
import { progressCheck, progressThrough, publishFrom } from './progress-check.js'

export type EgressEnd = Exclude<StageEnd, { kind: 'failed' }>

export type EgressOptions = Readonly<{
  tenant: string
  logs: Logs
  sink: Sink
  /** Records in one write, at most. */
  batchMax: number
  untilCaughtUp: boolean
  /** Mismatches of the progress at the destination that the operator accepts. Default none. */
  acceptProgress?: readonly ProgressMismatchCode[]
  /** How often an idle egress asks whether another has taken over. Default half a minute. */
  ownerCheckMs?: number
  signal: AbortSignal
  /** Closed, it holds the egress between two writes, connected as it is. Absent: the egress cannot be paused. */
  gate?: PauseGate
  activity?: Activity | undefined
  logger: Logger
  now: () => number
  /** Called after every write: records written since the start of the call, and how far the egress is. */
  onProgress?: (written: number, progress: Progress) => void
}>

const RETRY = { firstMs: 200, maxMs: 30_000 }

/**
 * *connecting*: the sink has the progress checked, fences out any other writer and tells the progress. *publishing* one
 * generation: its KPI stream is written behind that progress, in order. Left for *connecting* after a failure (the
 * outcome of the last write is unknown until the sink tells the progress again), and when another generation is
 * promoted.
 */
export const runEgress = async (options: EgressOptions): Promise<EgressEnd> => {
  const { sink, logs, untilCaughtUp, signal, gate = new PauseGate(), activity, logger, now } = options
  // Working off is a command that somebody waits for: without a log there is nothing to wait for.
  if (untilCaughtUp) await logs.control('reader')
  const { tenant, acceptProgress: accepted = [] } = options
  const check = progressCheck({ tenant, logs, sink: sink.name, accepted })
  let written = 0
  return retrying<EgressEnd>(
    { what: `egress ${sink.name}`, backoff: RETRY, signal, gate, activity, logger, now },
    async (onWorking) => {
      const connected = await gate.step(signal, () => sink.connect(signal, check)())
      if (connected === undefined) return { kind: 'stopped' }
      if (E.isLeft(connected)) return endOf(connected.left)
      const onWritten = (records: number, progress: Progress): void => {
        written += records
        options.onProgress?.(written, progress)
      }
      return publishLive({ ...options, gate, progress: connected.right, onWorking, onWritten })
    },
  )
}

/** One connection of the egress. */
type Publishing = EgressOptions &
  Readonly<{
    gate: PauseGate
    /** What the sink told when it connected. */
    progress: Progress | undefined
    /** Called whenever log and destination have done what they should. */
    onWorking: () => void
    onWritten: (records: number, progress: Progress) => void
  }>

/** Publishes the live generation until another is promoted (`again`). */
const publishLive = async (publishing: Publishing): Promise<EgressEnd | Lost | Again> => {
  const { tenant, logs, signal, untilCaughtUp, logger } = publishing
  const control = await logs.control('reader')
  if (untilCaughtUp) {
    const { live } = await readGenerations(control, tenant)
    return live === undefined ? { kind: 'caught-up' } : publish(publishing, live, signal)
  }
  const watch = new AbortController()
  const generations = watchLive(control, tenant, AbortSignal.any([signal, watch.signal]))[Symbol.asyncIterator]()
  try {
    const first = await generations.next()
    if (first.done === true) return { kind: 'stopped' }
    const promoted = new AbortController()
    void generations.next().then(
      (next) => {
        if (next.done === true) return
        logger.info({ from: first.value, to: next.value }, 'egress: another generation was promoted')
        promoted.abort()
      },
      // Without a watch a promotion would never be heard of.
      () => promoted.abort(),
    )
    const end = await publish(publishing, first.value, AbortSignal.any([signal, promoted.signal]))
    return end.kind === 'stopped' && !signal.aborted ? { kind: 'again' } : end
  } finally {
    watch.abort()
  }
}

/** Publishes one generation until `until` aborts (a write that has begun is finished), or everything is published. */
const publish = async (publishing: Publishing, generation: string, until: AbortSignal): Promise<EgressEnd | Lost> => {
  const { tenant, logs, progress, batchMax, untilCaughtUp, gate, activity, logger, onWorking } = publishing
  const stream = kpiStream(tenant, generation)
  const open = () => logs.kpi(generation, 'reader')
  const owner = watchOwner(publishing, until)
  const { watched } = owner
  try {
    const kpi = untilCaughtUp ? await open() : await whenThere(open, `rows of generation ${generation}`, until, logger)
    const from = await publishFrom(kpi, tenant, generation, progress)
    for await (const message of kpi.subscribeStream(stream, { from, batchMax, signal: watched })) {
      if (message.kind === 'caught-up') {
        onWorking()
        activity?.caughtUp()
        if (untilCaughtUp) return { kind: 'caught-up' }
        continue
      }
      activity?.begun()
      const failure = await gate.step(until, () => write(publishing, kpi, generation, message.events))
      if (failure !== undefined) return endOf(failure)
      activity?.moved()
    }
    return owner.lost() ?? { kind: 'stopped' }
  } catch (cause) {
    if (until.aborted) return { kind: 'stopped' }
    throw cause
  } finally {
    owner.stop()
  }
}

const OWNER_CHECK_MS = 30_000

/**
 * Asks the sink at intervals whether another instance has taken over; `watched` aborts when one has, or when the
 * destination does not answer. Otherwise an idle egress would learn that with its next row.
 */
const watchOwner = (
  { sink, signal, gate, ownerCheckMs = OWNER_CHECK_MS, onWorking }: Publishing,
  until: AbortSignal,
): Readonly<{ watched: AbortSignal; lost: () => EgressEnd | Lost | undefined; stop: () => void }> => {
  const taken = new AbortController()
  let failure: SinkFailure | undefined
  let isAsking = false
  const ask = async (): Promise<void> => {
    if (isAsking || sink.stillOwner === undefined) return
    isAsking = true
    const answer = await gate.step(until, sink.stillOwner(signal))
    isAsking = false
    if (answer === undefined || taken.signal.aborted) return
    if (E.isRight(answer)) return onWorking()
    failure = answer.left
    taken.abort()
  }
  const timer = setInterval(() => void ask(), ownerCheckMs)
  return {
    watched: AbortSignal.any([until, taken.signal]),
    lost: () => (failure === undefined ? undefined : endOf(failure)),
    stop: () => clearInterval(timer),
  }
}

/** Writes those of these events that are published; nothing if all are the projector's own records. */
const write = async (
  { sink, signal, onWorking, onWritten }: Publishing,
  kpi: EventLog,
  generation: string,
  events: readonly RecordedEvent[],
): Promise<SinkFailure | undefined> => {
  const records = events.flatMap((event) => recordsOf(event, generation))
  const last = events.findLast(isKpiEvent)
  if (last === undefined) return undefined
  const progress = await progressThrough(kpi, generation, last)
  const result = await sink.write({ records, progress }, signal)()
  if (E.isLeft(result)) return result.left
  onWorking()
  onWritten(records.length, progress)
  return undefined
}

/** What is published of an event; the projector's own records are not. */
const recordsOf = (event: RecordedEvent, generation: string): readonly SinkRecord[] => {
  const stored = readKpiEvent(event)
  if (stored === undefined) return []
  switch (stored.kind) {
    case 'row': {
      const { header, avro, schema } = stored
      return [{ header, avro, schema, generation, replay: false }]
    }
    default:
      return unreachable(stored.kind)
  }
}

const endOf = (failure: SinkFailure): EgressEnd | Lost => {
  switch (failure.tag) {
    case 'NotConnected':
      return { kind: 'lost', cause: failure.cause, isDestination: true }
    case 'Fenced':
      return { kind: 'superseded', by: failure.by }
    case 'Refused':
      return { kind: 'refused', reason: failure.reason }
  }
}
