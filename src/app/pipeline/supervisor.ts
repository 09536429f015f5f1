import type { Logger } from 'pino'
import type { Sink } from '../../egress/sink.js'
import { appendTick, EventTimeClock } from '../../ingress/clock.js'
import { deliverTo } from '../../ingress/ingest.js'
import { NotIngested } from '../../ingress/not-ingested.js'
import type { Source } from '../../ingress/source.js'
import { LogUnavailable, type EventLog } from '../../log/event-log.js'
import { backoffMs, pause } from '../../log/backoff.js'
import type { Config } from '../config/schema.js'
import { runEgress, type EgressEnd } from './egress.js'
import { runLiveProjector } from './live-generation.js'
import { whenThere, type Logs } from './logs.js'
import type { ProjectorEnd } from './projector.js'

const PROJECTOR_RETRY = { firstMs: 100, maxMs: 10_000 }

export type Stage = 'ingress' | 'projector' | 'egress'
export const stages: readonly Stage[] = ['ingress', 'projector', 'egress']

/** What a stage is doing, for health and for operators. */
export type StageState =
  Readonly<{ kind: 'starting' }> | Readonly<{ kind: 'running' }> | Readonly<{ kind: 'ended'; end: RunEnd }>

export type RunEnd = ProjectorEnd | EgressEnd | Readonly<{ kind: 'failed'; cause: unknown }>

export type RunOptions = Readonly<{
  config: Config
  logs: Logs
  only: readonly Stage[]
  /** Work off what the log holds, without ingress or clock, and end. */
  untilCaughtUp: boolean
  /** Where raw events come from. */
  ingress: Source
  /** `undefined`: nothing is published. */
  sink: Sink | undefined
  signal: AbortSignal
  logger: Logger
  now: () => number
  onState?: (stage: Stage, state: StageState) => void
  onProjected?: (progress: Readonly<{ events: number; rows: number }>) => void
  onPublished?: (records: number) => void
}>

/**
 * Runs the stages in this process until the signal aborts (then each finishes what it has begun) or one of them ends
 * for a reason of its own, which stops the others. Resolves with the first such reason; `stopped` or `caught-up` if all
 * is well.
 */
export const run = async (options: RunOptions): Promise<RunEnd> => {
  const { only, untilCaughtUp, signal, onState } = options
  const stop = new AbortController()
  const all = AbortSignal.any([signal, stop.signal])
  let first: RunEnd | undefined

  const stage = async (name: Stage, work: (signal: AbortSignal) => Promise<RunEnd>): Promise<void> => {
    if (!only.includes(name)) return
    onState?.(name, { kind: 'starting' })
    const end = await work(all).catch((cause: unknown): RunEnd =>
      all.aborted ? { kind: 'stopped' } : { kind: 'failed', cause },
    )
    onState?.(name, { kind: 'ended', end })
    if (end.kind === 'stopped' || end.kind === 'caught-up') return
    first ??= end
    stop.abort()
  }

  if (untilCaughtUp) {
    // One after the other: the egress is done when it has published what the projector wrote.
    await stage('projector', (until) => runProjectorStage(options, until))
    await stage('egress', (until) => runEgressStage(options, until))
    return first ?? { kind: 'caught-up' }
  }
  // Ingress opens the raw log for writing before the projector opens it for reading.
  const raw = only.includes('ingress') ? await options.logs.raw('writer') : undefined
  await Promise.all([
    stage('ingress', (until) => runIngressStage(options, raw as EventLog, until)),
    stage('projector', (until) => runProjectorStage(options, until)),
    stage('egress', (until) => runEgressStage(options, until)),
  ])
  return first ?? { kind: 'stopped' }
}

const runIngressStage = async (
  { config, ingress, now, logger, onState }: RunOptions,
  raw: EventLog,
  signal: AbortSignal,
): Promise<RunEnd> => {
  const { mode, everyMs } = config.clock
  const eventTime = new EventTimeClock(everyMs)
  const tickByEvents = async (at: number | undefined): Promise<void> => {
    if (at === undefined) return
    await appendTick(raw, config.tenant, at).catch((error: unknown) => {
      eventTime.missed()
      throw error
    })
  }
  const failed = new AbortController()
  const store = deliverTo({ log: raw, tenant: config.tenant, now })
  const source = await ingress.start(async (batch) => {
    const receipt = await store(batch)
    if (mode === 'event-time') await tickByEvents(eventTime.seen(receipt.latest, now()))
    return receipt
  })
  onState?.('ingress', { kind: 'running' })
  const stopWall =
    mode === 'wall'
      ? wallClock({ raw, tenant: config.tenant, everyMs, now, logger }, (cause) => failed.abort(cause))
      : undefined
  try {
    const end = await Promise.race([aborted(AbortSignal.any([signal, failed.signal])), source.ended])
    if (end?.kind === 'failed') return end
    return failed.signal.aborted ? { kind: 'failed', cause: failed.signal.reason } : { kind: 'stopped' }
  } finally {
    stopWall?.()
    await source.close()
    // What was said last closes what it can: nothing more will come from this source.
    if (mode === 'event-time') await tickByEvents(eventTime.end(now()))
  }
}

type WallClock = Readonly<{ raw: EventLog; tenant: string; everyMs: number; now: () => number; logger: Logger }>

/**
 * Ticks at whole steps of the machine's time until it is stopped, one tick at a time. A log that is out of reach holds
 * it up: the step that has come by then is ticked when it is there again, and those in between say nothing that it does
 * not. `onRefused`: the log will take none, so the clock would stand still for ever.
 */
const wallClock = (
  { raw, tenant, everyMs, now, logger }: WallClock,
  onRefused: (cause: unknown) => void,
): (() => void) => {
  let last: number | undefined
  let isTicking = false
  let isHeldUp = false
  const tick = async (): Promise<void> => {
    const at = Math.floor(now() / everyMs) * everyMs
    if (isTicking || at === last) return
    isTicking = true
    try {
      await appendTick(raw, tenant, at)
      last = at
      if (isHeldUp) logger.info({ at }, 'clock: ticks again')
      isHeldUp = false
    } catch (cause) {
      if (!(cause instanceof NotIngested && cause.retryable)) onRefused(cause)
      else if (!isHeldUp)
        logger.warn({ err: cause }, 'clock: the log is not available, the tick is tried again until it is')
      isHeldUp = true
    } finally {
      isTicking = false
    }
  }
  const timer = setInterval(() => void tick(), Math.min(everyMs, 1_000))
  return () => clearInterval(timer)
}

const runProjectorStage = async (options: RunOptions, signal: AbortSignal): Promise<RunEnd> => {
  const { config, logs, untilCaughtUp, logger, now, onState, onProjected } = options
  const raw = untilCaughtUp
    ? await logs.raw('reader')
    : await whenThere(() => logs.raw('reader'), 'raw log', signal, logger)
  onState?.('projector', { kind: 'running' })
  const project = (): Promise<RunEnd> =>
    runLiveProjector({
      tenant: config.tenant,
      profile: config.profile,
      logs,
      data: config.data,
      raw,
      batchMax: config.projector.batchMax,
      untilCaughtUp,
      signal,
      logger,
      now,
      ...(onProjected === undefined ? {} : { onProgress: onProjected }),
    })
  if (untilCaughtUp) return project()
  // What it cannot do without a log, such as to learn which generation is live, is tried again like everything else.
  for (let attempt = 0; ;) {
    const began = now()
    try {
      return await project()
    } catch (cause) {
      if (!(cause instanceof LogUnavailable) || signal.aborted) throw cause
      attempt = now() - began > PROJECTOR_RETRY.maxMs ? 0 : attempt + 1
      const delayMs = backoffMs(PROJECTOR_RETRY, attempt)
      logger.warn({ err: cause, delayMs }, 'projector: the log is not available, beginning again')
      await pause(delayMs, signal)
      if (signal.aborted) return { kind: 'stopped' }
    }
  }
}

const runEgressStage = async (options: RunOptions, signal: AbortSignal): Promise<RunEnd> => {
  const { config, logs, sink, untilCaughtUp, logger, onState, onPublished } = options
  if (sink === undefined) return { kind: 'stopped' }
  try {
    if (!untilCaughtUp) await whenThere(() => logs.control('reader'), 'control log', signal, logger)
    onState?.('egress', { kind: 'running' })
    return await runEgress({
      tenant: config.tenant,
      logs,
      sink,
      batchMax: config.egress.batchMax,
      untilCaughtUp,
      signal,
      logger,
      ...(onPublished === undefined ? {} : { onProgress: onPublished }),
    })
  } finally {
    await sink.close()
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
