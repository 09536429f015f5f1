import * as E from 'fp-ts/lib/Either.js'
import { readKpiEvent, type StoredKpiEvent } from '../../../contract/kpi-stream.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { RowFilter, SinkRecord } from '../../../egress/sink.js'
import type { EventLog, RecordedEvent } from '../../../log/event-log.js'
import type { Live } from '../generations.js'
import { progressThrough } from './progress-check.js'
import type { Publishing, Write } from './publishing.js'
import { isEverything, passes, selectableOf } from './selection.js'

/** Revisions of which nothing is published, and no progress written: reading them takes some ten milliseconds. */
const UNWRITTEN_MAX = 10_000

/** `from`: the first revision of the generation that is still to be dealt with. */
export const writerOf = (
  { sink, filter, signal, onWorking, onWritten }: Publishing,
  kpi: EventLog,
  live: Live,
  from: number,
): Write => {
  // With the first event of a generation the progress says that this generation is published now.
  let writtenThrough = from === 0 ? -Infinity : from - 1
  return async (records, through) => {
    if (records.length === 0 && through.revision - writtenThrough < UNWRITTEN_MAX) return undefined
    const place = await progressThrough(kpi, live, through)
    const progress = isEverything(filter) ? place : { ...place, filter }
    const result = await sink.write({ records, progress }, signal)()
    if (E.isLeft(result)) return result.left
    writtenThrough = through.revision
    onWorking()
    onWritten(records.length, progress)
    return undefined
  }
}

/** What is published of an event: nothing of the projector's own records, nor of what the filter leaves out. */
export const recordsOf = (event: RecordedEvent, live: Live, filter: RowFilter): readonly SinkRecord[] => {
  const stored = readKpiEvent(event)
  return stored === undefined || !passes(filter, selectableOf(stored)) ? [] : [recordOf(stored, live)]
}

const recordOf = (stored: StoredKpiEvent, live: Live): SinkRecord => {
  switch (stored.kind) {
    case 'row': {
      const { kind, header, avro, schema } = stored
      return { ...live, kind, header, avro, schema, replay: false }
    }
    case 'interval-complete': {
      const { kind, marker, avro, schema } = stored
      return { ...live, kind, marker, avro, schema }
    }
    default:
      return unreachable(stored)
  }
}
