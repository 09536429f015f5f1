import * as E from 'fp-ts/lib/Either.js'
import { readKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { LatestState } from '../../../egress/latest-state.js'
import type { Progress, RowFilter, Sink, SinkRecord } from '../../../egress/sink.js'
import type { Logs } from '../logs/logs.js'
import { passes, selectableOf } from './selection.js'

export type LatestRowsOptions = Readonly<{
  tenant: string
  logs: Logs
  /** What is published. */
  filter: RowFilter
}>

/**
 * A sink that is told of each row whether it is the newest of its series and of its queue or agent, and of what has
 * left which series name it.
 *
 * Nothing is kept besides the progress: with the first write after each connection the KPI stream is read, its rows
 * through the progress as published, those behind it as still to come (`LatestState`). That takes about a second for
 * a million rows, once for each connection.
 */
export const withLatestRows = (sink: Sink, { tenant, logs, filter }: LatestRowsOptions): Sink => {
  let connectedAt: Progress | undefined
  let known: Readonly<{ generation: string; state: LatestState }> | undefined

  const stateOf = async (generation: string): Promise<LatestState> => {
    if (known?.generation === generation) return known.state
    const state = new LatestState()
    const through = connectedAt?.generation === generation ? connectedAt.revision : -1
    const kpi = await logs.kpi(generation, 'reader')
    for await (const events of kpi.readStream(kpiStream(tenant, generation)))
      for (const event of events) {
        const stored = readKpiEvent(event)
        if (stored === undefined || !passes(filter, selectableOf(stored))) continue
        if (stored.kind === 'row') {
          if (event.revision <= through) state.published(stored.header)
          else state.toCome(stored.header)
        } else if (stored.kind === 'left' && event.revision <= through) {
          state.left(stored.left.dimension, stored.left.id)
        }
      }
    known = { generation, state }
    return state
  }

  // A batch cannot be prepared while the one before it decides what is the newest.
  const { prepare: _, ...rest } = sink
  return {
    ...rest,
    connect: (signal, check) => async () => {
      known = undefined
      const connected = await sink.connect(signal, check)()
      if (E.isRight(connected)) connectedAt = connected.right
      return connected
    },
    write: (batch, signal) => async () => {
      // A replay has no progress, and says nothing of the latest state.
      if (batch.progress === undefined) return sink.write(batch, signal)()
      const state = await stateOf(batch.progress.generation)
      return sink.write({ ...batch, records: batch.records.map((record) => told(record, state)) }, signal)()
    },
  }
}

const told = (record: SinkRecord, state: LatestState): SinkRecord => {
  switch (record.kind) {
    case 'row':
      return {
        ...record,
        newest: record.withdrawn === true ? state.withdraw(record.header) : state.publish(record.header),
      }
    case 'left':
      return { ...record, series: state.left(record.left.dimension, record.left.id) }
    case 'interval-complete':
    case 'generation-complete':
      return record
  }
}
