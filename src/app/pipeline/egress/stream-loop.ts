import { isKpiEvent } from '../../../contract/kpi-stream.js'
import type { Lost } from '../retry.js'
import { endOf, type EgressEnd, type Generation, type Publishing } from './publishing.js'
import { recordsOf } from './writer.js'

/** Publishes every row that passes the filter, as it comes. `undefined`: it was told to stop. */
export const publishStream = async (
  { filter, batchMax, untilCaughtUp, gate, activity, lag, onWorking }: Publishing,
  { live, kpi, stream, from, write, until }: Generation,
): Promise<EgressEnd | Lost | undefined> => {
  for await (const message of kpi.subscribeStream(stream, { from, batchMax, signal: until })) {
    if (message.kind === 'caught-up') {
      onWorking()
      activity?.caughtUp()
      if (untilCaughtUp) return { kind: 'caught-up' }
      continue
    }
    const { events } = message
    const last = events.findLast(isKpiEvent)
    if (last !== undefined) {
      activity?.begun()
      const records = events.flatMap((event) => recordsOf(event, live, filter))
      const failure = await gate.step(until, () => write(records, last))
      if (failure !== undefined) return endOf(failure)
      activity?.moved()
    }
    lag.passed(events.at(-1)!.revision)
  }
  return undefined
}
