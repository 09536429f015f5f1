import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { kpiStream } from '../../domain/stream-name.js'
import { unreachable } from '../../domain/unreachable.js'
import type { Progress, Sink, SinkFailure, SinkRecord } from '../../egress/sink.js'
import { LogUnavailable, type EventLog, type Position, type RecordedEvent } from '../../log/event-log.js'
import { backoffMs, pause } from '../../log/backoff.js'
import { readGenerations, watchLive } from './generations.js'
import { readKpiEvent } from '../../contract/kpi-stream.js'
import { whenThere, type Logs } from './logs.js'

/**
 * Why an egress ended: told to, everything published, another instance took over, or the destination refuses what it is
 * given.
 */
export type EgressEnd =
  | Readonly<{ kind: 'stopped' }>
  | Readonly<{ kind: 'caught-up' }>
  | Readonly<{ kind: 'superseded'; by: string }>
  | Readonly<{ kind: 'refused'; reason: string }>

export type EgressOptions = Readonly<{
  tenant: string
  logs: Logs
  sink: Sink
  /** Records in one write, at most. */
  batchMax: number
  untilCaughtUp: boolean
  signal: AbortSignal
  logger: Logger
  /** Told after every write: records written since the start of the call, and how far the egress is. */
  onProgress?: (written: number, progress: Progress) => void
}>

const RETRY = { firstMs: 200, maxMs: 30_000 }

/**
 * *connecting*: the sink fences out any other writer and tells the progress; failures are tried again with growing
 * pauses. *publishing* one generation: its KPI stream is written behind that progress, in order. Left for *connecting*
 * after a failure (the outcome of the last write is unknown until the sink tells the progress again), and when another
 * generation is promoted. *ended*: see `EgressEnd`.
 */
export const runEgress = async (options: EgressOptions): Promise<EgressEnd> => {
  const { sink, signal, logger } = options
  let attempt = 0
  let written = 0
  const onWritten = (records: number, progress: Progress): void => {
    attempt = 0
    written += records
    options.onProgress?.(written, progress)
  }
  while (!signal.aborted) {
    const connected = await sink.connect(signal)()
    const end = E.isLeft(connected) ? failed(connected.left) : await publish(options, connected.right, onWritten)
    if (end.kind === 'again') continue
    if (end.kind !== 'retry') return end
    const delayMs = backoffMs(RETRY, attempt++)
    logger.warn({ err: end.cause, delayMs, sink: sink.name, attempt }, 'egress: not connected, trying again')
    await pause(delayMs, signal)
  }
  return { kind: 'stopped' }
}

type Step = EgressEnd | Readonly<{ kind: 'again' }> | Readonly<{ kind: 'retry'; cause: unknown }>

/** Publishes the live generation until another is promoted. */
const publish = async (
  options: EgressOptions,
  progress: Progress | undefined,
  onWritten: (records: number, progress: Progress) => void,
): Promise<Step> => {
  const { tenant, logs, signal, untilCaughtUp, logger } = options
  const control = await logs.control('reader')
  if (untilCaughtUp) {
    const { live } = await readGenerations(control, tenant)
    return live === undefined ? { kind: 'caught-up' } : publishGeneration(options, live, progress, signal, onWritten)
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
    const end = await publishGeneration(
      options,
      first.value,
      progress,
      AbortSignal.any([signal, promoted.signal]),
      onWritten,
    )
    return end.kind === 'stopped' && !signal.aborted ? { kind: 'again' } : end
  } catch (cause) {
    return stepAfter(cause, signal)
  } finally {
    watch.abort()
  }
}

const publishGeneration = async (
  options: EgressOptions,
  generation: string,
  progress: Progress | undefined,
  signal: AbortSignal,
  onWritten: (records: number, progress: Progress) => void,
): Promise<Step> => {
  const { tenant, logs, sink, batchMax, untilCaughtUp, logger } = options
  const stream = kpiStream(tenant, generation)
  try {
    const open = () => logs.kpi(generation, 'reader')
    const kpi = untilCaughtUp ? await open() : await whenThere(open, `rows of generation ${generation}`, signal, logger)
    // A generation that was promoted after the last write is published from its beginning: its rows are another set of
    // records.
    const through = progress?.generation === generation ? progress.revision : -1
    const after = through < 0 ? undefined : await positionOf(kpi, stream, through)
    for await (const message of kpi.subscribe({ after, prefixes: [stream], batchMax, signal })) {
      if (message.kind === 'caught-up' && untilCaughtUp) return { kind: 'caught-up' }
      if (message.kind !== 'events') continue
      const records = message.events
        .filter((event) => event.stream === stream)
        .flatMap((event) => recordsOf(event, generation))
      const last = message.events.filter((event) => event.stream === stream).at(-1)
      if (records.length === 0 || last === undefined) continue
      const reached = { generation, revision: last.revision }
      const result = await sink.write({ records, progress: reached }, options.signal)()
      if (E.isLeft(result)) return failed(result.left)
      onWritten(records.length, reached)
    }
    return { kind: 'stopped' }
  } catch (cause) {
    return stepAfter(cause, signal)
  }
}

/** A log out of reach comes back; what else is thrown is thrown. */
const stepAfter = (cause: unknown, signal: AbortSignal): Step => {
  if (signal.aborted) return { kind: 'stopped' }
  if (cause instanceof LogUnavailable) return { kind: 'retry', cause }
  throw cause
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

/** The place in the log of a stream's revision. */
const positionOf = async (log: EventLog, stream: string, revision: number): Promise<Position | undefined> => {
  for await (const batch of log.readStream(stream, { from: revision, max: 1 })) return batch[0]?.position
  throw new Error(
    `the sink says that ${stream} was published through revision ${revision}, which the log does not hold: this is not the log that it was published from`,
  )
}

const failed = (failure: SinkFailure): Step => {
  switch (failure.tag) {
    case 'NotConnected':
      return { kind: 'retry', cause: failure.cause }
    case 'Fenced':
      return { kind: 'superseded', by: failure.by }
    case 'Refused':
      return { kind: 'refused', reason: failure.reason }
  }
}
