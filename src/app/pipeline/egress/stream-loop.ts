import * as E from 'fp-ts/lib/Either.js'
import { isKpiEvent, readKpiEvent } from '../../../contract/kpi-stream.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { SinkFailure, SinkRecord } from '../../../egress/sink.js'
import type { EventLog, RecordedEvent } from '../../../log/event-log.js'
import type { Live } from '../generations.js'
import { whenThere } from '../logs/logs.js'
import type { Lost } from '../retry.js'
import { watchOwner } from './owner-watch.js'
import { progressThrough, publishFrom } from './progress-check.js'
import { endOf, type EgressEnd, type Publishing } from './publishing.js'

/** Publishes one generation until `until` aborts (a write that has begun is finished), or everything is published. */
export const publish = async (publishing: Publishing, live: Live, until: AbortSignal): Promise<EgressEnd | Lost> => {
  const { generation } = live
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
      const failure = await gate.step(until, () => write(publishing, kpi, live, message.events))
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

/** Writes those of these events that are published; nothing if all are the projector's own records. */
const write = async (
  { sink, signal, onWorking, onWritten }: Publishing,
  kpi: EventLog,
  live: Live,
  events: readonly RecordedEvent[],
): Promise<SinkFailure | undefined> => {
  const records = events.flatMap((event) => recordsOf(event, live))
  const last = events.findLast(isKpiEvent)
  if (last === undefined) return undefined
  const progress = await progressThrough(kpi, live, last)
  const result = await sink.write({ records, progress }, signal)()
  if (E.isLeft(result)) return result.left
  onWorking()
  onWritten(records.length, progress)
  return undefined
}

/** What is published of an event; the projector's own records are not. */
const recordsOf = (event: RecordedEvent, live: Live): readonly SinkRecord[] => {
  const stored = readKpiEvent(event)
  if (stored === undefined) return []
  switch (stored.kind) {
    case 'row': {
      const { kind, header, avro, schema } = stored
      return [{ ...live, kind, header, avro, schema, replay: false }]
    }
    case 'interval-complete': {
      const { kind, marker, avro, schema } = stored
      return [{ ...live, kind, marker, avro, schema }]
    }
    default:
      return unreachable(stored)
  }
}
