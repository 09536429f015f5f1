import { isKpiEvent } from '../../../contract/kpi-stream/stored.js'
import type { Lost } from '../retry.js'
import { publishCutOver } from './cut-over.js'
import { endOf, type EgressEnd, type Generation, type Publishing } from './publishing.js'
import { recordsOf } from './writer.js'

/** Publishes every row that passes the filter, as it comes. `undefined`: it was told to stop. */
export const publishStream = async (
  publishing: Publishing,
  generation: Generation,
): Promise<EgressEnd | Lost | undefined> => {
  const { filter, batchMax, untilCaughtUp, activity, lag, onWorking, progress } = publishing
  const { live, kpi, stream, from, writer, trace, until } = generation
  let { cutOver } = generation
  let through = from - 1
  // What a period passed over before it was cut short comes before the end of the stream.
  let isWhole = from === 0 || progress?.lacks !== 'rest-of-period'
  for await (const message of kpi.subscribeStream(stream, { from, batchMax, signal: until })) {
    if (message.kind === 'caught-up') {
      const failure = (cutOver && (await publishCutOver(publishing, generation, cutOver))) ?? (await writer.written())
      cutOver = undefined
      isWhole = true
      if (until.aborted) return undefined
      if (failure !== undefined) return endOf(failure)
      lag.passed(through)
      onWorking()
      activity?.caughtUp()
      if (untilCaughtUp) return { kind: 'caught-up' }
      continue
    }
    const { events } = message
    trace?.read(events)
    through = events.at(-1)!.revision
    const last = events.findLast(isKpiEvent)
    if (last === undefined) continue
    activity?.begun()
    const records = events.flatMap((event) => recordsOf(event, live, filter))
    const failure = await writer.write(records, last, isWhole)
    if (failure !== undefined) return endOf(failure)
  }
  return undefined
}
