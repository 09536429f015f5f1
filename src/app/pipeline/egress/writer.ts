import * as E from 'fp-ts/lib/Either.js'
import { readKpiEvent, type StoredKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { unreachable } from '../../../domain/unreachable.js'
import { failureText, type Progress, type RowFilter, type SinkFailure, type SinkRecord } from '../../../egress/sink.js'
import type { RecordedEvent } from '../../../log/event-log.js'
import type { Live } from '../generations.js'
import { beforeFirst, progressThrough } from './progress-check.js'
import type { Generation, Publishing, Writer } from './publishing.js'
import { isEverything, isWider, passes, selectableOf } from './selection.js'

/** Revisions of which nothing is published, and no progress written: reading them takes some ten milliseconds. */
const UNWRITTEN_MAX = 10_000

/**
 * `from`: the first revision of the generation that is still to be dealt with. No write begins once `until` aborts.
 * `onFailure` is called when one fails.
 */
export const writerOf = (
  { sink, filter, progress, signal, gate, activity, lag, onWorking, onWritten }: Publishing,
  { kpi, live, from, cutOver, trace, until }: Pick<Generation, 'kpi' | 'live' | 'from' | 'cutOver' | 'trace' | 'until'>,
  onFailure: () => void,
): Writer => {
  // With the first event of a generation the progress says that this generation is published now.
  let writtenThrough = from === 0 ? -Infinity : from - 1
  const leftOut = from > 0 && (progress?.lacks === 'rows-left-out' || isWider(filter, progress?.filter ?? {}))
  let passed: RecordedEvent | undefined
  let left = cutOver
  let last: Promise<SinkFailure | undefined> = Promise.resolve(undefined)
  const begin = async (batch: Batch): Promise<SinkFailure | undefined> => {
    const beganAt = Date.now()
    const result = await gate.step(until, sink.write(batch, signal))
    if (result === undefined) return undefined
    trace?.wrote({
      ...{ through: batch.progress.revision, records: batch.records.length, beganAt, endedAt: Date.now() },
      ...(E.isLeft(result) ? { failure: failureText(result.left) } : { transaction: result.right?.transaction }),
    })
    if (E.isLeft(result)) {
      onFailure()
      return result.left
    }
    activity?.moved()
    lag.passed(batch.progress.revision)
    onWorking()
    onWritten(batch.records.length, batch.progress)
    return undefined
  }
  const place = async (): Promise<Progress> => {
    if (passed !== undefined) return progressThrough(kpi, live, passed)
    if (progress === undefined || from === 0) return beforeFirst(kpi, live)
    const { cutOver: _, filter: __, lacks: ___, ...connectedAt } = progress
    return { ...connectedAt, ...live }
  }
  const next = async (
    records: readonly SinkRecord[],
    at: Progress,
    isWhole: boolean,
  ): Promise<SinkFailure | undefined> => {
    const lacks = leftOut ? 'rows-left-out' : isWhole ? undefined : 'rest-of-period'
    const batch = {
      records,
      progress: {
        ...at,
        ...(!isEverything(filter) && { filter }),
        ...(lacks !== undefined && { lacks }),
        ...(left !== undefined && { cutOver: left }),
      } satisfies Progress,
    }
    sink.prepare?.(batch)
    const failure = await last
    if (failure === undefined) last = begin(batch)
    return failure
  }
  return {
    write: async (records, through, isWhole = true) => {
      passed = through
      if (records.length === 0 && through.revision - writtenThrough < UNWRITTEN_MAX) return undefined
      writtenThrough = through.revision
      return next(records, await place(), isWhole)
    },
    writeCutOver: async (records, leftNow) => {
      left = leftNow
      const at = await place()
      writtenThrough = at.revision
      return next(records, at, true)
    },
    place,
    written: () => last,
  }
}

type Batch = Readonly<{ records: readonly SinkRecord[]; progress: Progress }>

/** What is published of an event: nothing of the projector's own records, nor of what the filter leaves out. */
export const recordsOf = (event: RecordedEvent, live: Live, filter: RowFilter): readonly SinkRecord[] => {
  const stored = readKpiEvent(event)
  return stored === undefined || !passes(filter, selectableOf(stored)) ? [] : [recordOf(stored, live)]
}

const recordOf = (stored: StoredKpiEvent, live: Live): SinkRecord => {
  switch (stored.kind) {
    case 'row': {
      const { kind, header, avro, schema } = stored
      return { kind, header, avro, schema, replay: false, ...live }
    }
    case 'interval-complete': {
      const { kind, marker, avro, schema } = stored
      return { kind, marker, avro, schema, ...live }
    }
    case 'left':
      return { ...live, kind: stored.kind, left: stored.left, series: [] }
    default:
      return unreachable(stored)
  }
}
