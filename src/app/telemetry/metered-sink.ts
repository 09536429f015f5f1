import * as E from 'fp-ts/lib/Either.js'
import type { Sink, SinkFailure } from '../../egress/sink.js'
import type { sinkFailures } from '../../telemetry/catalogue.js'
import type { Meters } from '../../telemetry/metrics/meters.js'

/** A sink whose writes are timed and counted, and which tells whether it is connected. */
export const meteredSink = (sink: Sink, meters: Meters): Sink => {
  const labels = [sink.name]
  let isUp = false
  meters.tell(() => [
    { id: 'sinkUp', labels, value: isUp ? 1 : 0 },
    ...(sink.deadLettered === undefined
      ? []
      : ([{ id: 'refusedRecords', labels, value: sink.deadLettered() }] as const)),
  ])
  for (const id of ['publishDuration', 'publishedRecords'] as const) meters.begin(id, labels)
  for (const outcome of ['committed', 'failed']) meters.begin('transactions', [sink.name, outcome])
  for (const reason of Object.values(failureNames)) meters.begin('sinkFailures', [sink.name, reason])
  const failed = (failure: SinkFailure): void => {
    if (failure.tag !== 'Refused') isUp = false
    meters.add('sinkFailures', [sink.name, failureNames[failure.tag]])
  }
  return {
    ...sink,
    connect: (signal, check) => async () => {
      const result = await sink.connect(signal, check)()
      if (E.isRight(result)) isUp = true
      else failed(result.left)
      return result
    },
    write: (batch, signal) => async () => {
      const beganAt = performance.now()
      const result = await sink.write(batch, signal)()
      const isTransaction = sink.delivery?.() !== 'at-least-once'
      if (isTransaction) meters.add('transactions', [sink.name, E.isRight(result) ? 'committed' : 'failed'])
      if (E.isLeft(result)) failed(result.left)
      else {
        meters.observe('publishDuration', labels, (performance.now() - beganAt) / 1_000)
        meters.add('publishedRecords', labels, batch.records.length)
      }
      return result
    },
    close: async () => {
      isUp = false
      await sink.close()
    },
  }
}

const failureNames: Readonly<Record<SinkFailure['tag'], (typeof sinkFailures)[number]>> = {
  NotConnected: 'not-connected',
  Fenced: 'fenced',
  Refused: 'refused',
}
