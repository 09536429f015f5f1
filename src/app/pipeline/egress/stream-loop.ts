import { isKpiEvent } from '../../../contract/kpi-stream.js'
import type { Lost } from '../retry.js'
import { endOf, type EgressEnd, type Generation, type Publishing } from './publishing.js'
import { recordsOf } from './writer.js'

/** Publishes every row that passes the filter, as it comes. `undefined`: it was told to stop. */
export const publishStream = async (
  { filter, batchMax, untilCaughtUp, activity, lag, onWorking }: Publishing,
  { live, kpi, stream, from, writer, until }: Generation,
): Promise<EgressEnd | Lost | undefined> => {
  let through = from - 1
  for await (const message of kpi.subscribeStream(stream, { from, batchMax, signal: until })) {
    if (message.kind === 'caught-up') {
      const failure = await writer.written()
      if (failure !== undefined) return endOf(failure)
      lag.passed(through)
      onWorking()
      activity?.caughtUp()
      if (untilCaughtUp) return { kind: 'caught-up' }
      continue
    }
    const { events } = message
    through = events.at(-1)!.revision
    const last = events.findLast(isKpiEvent)
    if (last === undefined) continue
    activity?.begun()
    const records = events.flatMap((event) => recordsOf(event, live, filter))
    const failure = await writer.write(records, last)
    if (failure !== undefined) return endOf(failure)
  }
  return undefined
}
