import * as E from 'fp-ts/lib/Either.js'
import type { Progress } from '../../../egress/sink.js'
import { readGenerations, watchLive } from '../generations.js'
import { PauseGate } from '../pause-gate.js'
import { retrying, type Again, type Lost } from '../retry.js'
import { deliveryTold } from './delivery-told.js'
import { Lag } from './lag.js'
import { withLatestRows } from './latest-rows.js'
import { progressCheck } from './progress-check.js'
import { recordedSink } from './publications/recorded-sink.js'
import { publish } from './publish.js'
import { egressDefaults, endOf, type EgressEnd, type EgressOptions, type Publishing } from './publishing.js'
import { filterChange } from './selection.js'

/**
 * *connecting*: the sink has the progress checked, fences out any other writer and tells the progress. *publishing* one
 * generation: its KPI stream is written behind that progress, in order. Left for *connecting* after a failure (the
 * outcome of the last write is unknown until the sink tells the progress again), and when another generation is
 * promoted.
 */
export const runEgress = async (options: EgressOptions): Promise<EgressEnd> => {
  const { tenant, logs, untilCaughtUp, signal, gate = new PauseGate(), activity, logger, now, filter = {} } = options
  const isPeriodic = options.periods !== undefined
  const recorded =
    options.recordsPublications === true
      ? recordedSink(options.sink, { tenant, logs, sink: options.sink.name, filter, isPeriodic, logger, now })
      : undefined
  const own = recorded?.sink ?? options.sink
  const sink = own.keepsLatest === true ? withLatestRows(own, { tenant, logs, filter }) : own
  const { retry = egressDefaults.retry, random } = options
  // Working off is a command that somebody waits for: without a log there is nothing to wait for.
  if (untilCaughtUp) await logs.control('reader')
  const { acceptProgress: accepted = [] } = options
  const check = progressCheck({ tenant, logs, sink: sink.name, accepted })
  const delivery = deliveryTold(options)
  const lag = new Lag(activity, now, options.lagCheckMs)
  let written = 0
  return retrying<EgressEnd>(
    { what: `egress ${sink.name}`, backoff: retry, random, signal, gate, activity, logger, now },
    async (onWorking) => {
      const connected = await gate.step(signal, () => sink.connect(signal, check)())
      if (connected === undefined) return { kind: 'stopped' }
      if (E.isLeft(connected)) return endOf(connected.left)
      delivery.connected()
      const change = filterChange(sink.name, connected.right, filter)
      if (change?.isWider === true) logger.warn(change.text)
      else if (change !== undefined) logger.info(change.text)
      const onWritten = (records: number, progress: Progress): void => {
        written += records
        options.onProgress?.(written, progress)
      }
      return publishLive({ ...options, sink, gate, filter, lag, progress: connected.right, onWorking, onWritten })
    },
  ).finally(async () => {
    lag.close()
    await recorded?.recorder.close()
  })
}

/** Publishes the live generation until another is promoted (`again`). */
const publishLive = async (publishing: Publishing): Promise<EgressEnd | Lost | Again> => {
  const { tenant, logs, signal, untilCaughtUp, logger } = publishing
  const control = await logs.control('reader')
  if (untilCaughtUp) {
    const { live, promotions } = await readGenerations(control, tenant)
    return live === undefined
      ? { kind: 'caught-up' }
      : publish(publishing, { generation: live, promotion: promotions }, signal)
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
        logger.info(
          { from: first.value.generation, to: next.value.generation },
          'egress: another generation was promoted',
        )
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
