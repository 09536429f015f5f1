import type { Logger } from 'pino'
import { appendTick, EventTimeClock } from '../../../ingress/clock.js'
import type { IngestCounter } from '../../../ingress/batch-tally.js'
import { deliverTo } from '../../../ingress/ingest.js'
import { NotIngested } from '../../../ingress/not-ingested.js'
import type { Batch, Deliver, RunningSource, Source } from '../../../ingress/source.js'
import type { EventLog } from '../../../log/event-log.js'
import type { Tracing } from '../../../telemetry/traces/tracing.js'
import type { Config } from '../../config/schema.js'
import { aborted } from '../aborted.js'
import type { StageControl, StageEnd } from '../stage.js'
import { isAway, watchSources, type WatchedSources } from './watched-sources.js'
import { startWallClock, type HeldClock, type WallClock } from './wall-clock.js'

export type IngressStageOptions = Readonly<{
  raw: EventLog
  tenant: string
  clock: Config['clock']
  sources: readonly Source[]
  now: () => number
  /** Follows sampled batches; absent: none are. */
  tracing?: Tracing | undefined
  logger: Logger
  /** Counts what becomes of delivered events. */
  counter?: IngestCounter | undefined
  /** The wall clock is held, or ticks again. */
  onClock?: (held: HeldClock | undefined) => void
}>

/**
 * Stores what the sources deliver, and ticks the clock, until the signal aborts or the sources have ended
 * (`watchSources`). Paused, it writes nothing: a delivery is answered `NotIngested` (HTTP: 503, send it again), and the clock
 * stands still, so that no interval closes for which events are held up.
 */
export const runIngress = async (options: IngressStageOptions, control: StageControl): Promise<StageEnd> => {
  const { raw, tenant, clock, sources, now, tracing, logger } = options
  const { signal, gate, activity } = control
  const eventTime = clock.mode === 'event-time' ? eventTimeTicks(options) : undefined
  let wall: WallClock | undefined
  let delivering = 0
  const store = traced(deliverTo({ log: raw, tenant, now, counter: options.counter }), tracing)
  const deliver: Deliver = async (batch) => {
    if (!gate.isOpen)
      throw new NotIngested({ tag: 'NotAvailable', cause: new Error('the ingress is paused; it takes events later') })
    return gate.track(storing(batch))
  }
  const storing = async (batch: Batch): ReturnType<Deliver> => {
    activity.begun()
    delivering += 1
    try {
      const receipt = await store(batch)
      activity.back('log-unavailable')
      wall?.seen(receipt.latest)
      await eventTime?.seen(receipt.latest)
      return receipt
    } catch (cause) {
      if (cause instanceof NotIngested && cause.retryable) activity.lost('log-unavailable')
      throw cause
    } finally {
      delivering -= 1
      if (delivering === 0) activity.caughtUp()
    }
  }
  const refused = new AbortController()
  const running: RunningSource[] = []
  let watched: WatchedSources | undefined
  try {
    for (const source of sources) running.push(await source.start(deliver))
    watched = watchSources(sources, running, options)
    activity.tellSources(watched.states)
    activity.watch('source-away', () => watched?.states().some(isAway) ?? false)
    activity.watch('source-ended', () => watched?.states().some(({ state }) => state === 'ended') ?? false)
    control.started()
    if (clock.mode === 'wall') {
      const onRefused = (cause: unknown): void => refused.abort(cause)
      const { everyMs, jumpMaxMs } = clock
      const onHeld = options.onClock
      wall = startWallClock({ raw, tenant, everyMs, jumpMaxMs, gate, activity, now, logger, onRefused, onHeld })
    }
    const end = await Promise.race([aborted(AbortSignal.any([signal, refused.signal])), watched.ended])
    if (refused.signal.aborted) return { kind: 'failed', cause: refused.signal.reason }
    return end ?? { kind: 'stopped' }
  } finally {
    wall?.stop()
    await Promise.all(running.map((source) => source.close()))
    // Nothing more will come from these sources: the last instant that they delivered closes what it can.
    await eventTime?.end()
  }
}

/** Tells each batch as a span, whose context the events of a sampled batch keep. */
const traced = (store: Deliver, tracing: Tracing | undefined): Deliver => {
  if (tracing === undefined) return store
  return async (batch) => {
    const { trace: parent, ...untraced } = batch
    const span = tracing.storing(parent, batch.origin)
    if (span === undefined) return store(untraced)
    try {
      const receipt = await store({ ...untraced, trace: span.context })
      span.ended(receipt)
      return receipt
    } catch (cause) {
      span.ended({ failure: cause instanceof Error ? cause.message : String(cause) })
      throw cause
    }
  }
}

/** The clock of data that tells its own time: it is ticked by what is delivered. */
const eventTimeTicks = ({ raw, tenant, clock, now }: IngressStageOptions) => {
  const eventTime = new EventTimeClock(clock.everyMs)
  const tick = async (at: number | undefined): Promise<void> => {
    if (at === undefined) return
    await appendTick(raw, tenant, at).catch((error: unknown) => {
      eventTime.missed()
      throw error
    })
  }
  return {
    seen: (latest: number | undefined) => tick(eventTime.seen(latest, now())),
    end: () => tick(eventTime.end(now())),
  }
}
