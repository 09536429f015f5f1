import * as E from 'fp-ts/lib/Either.js'
import type { Progress, RowRecord, Sink, SinkBatch, SinkFailure, SinkRecord } from '../../src/egress/sink.js'

/** What becomes of a write: `lost answer` arrives and says it did not; `lost` does not arrive. */
export type Fate = 'ok' | 'lost answer' | 'lost' | 'refused' | 'fenced'

/**
 * A sink that remembers what arrived: `records` are the rows, `others` the rest, `arrived` all in their order. `fates`
 * are those of the first writes; later ones arrive.
 */
export const recordingSink = (before?: Progress, fates: readonly Fate[] = []) => {
  const records: RowRecord[] = []
  const others: Exclude<SinkRecord, RowRecord>[] = []
  const arrived: SinkRecord[] = []
  let progress = before
  let writes = 0
  let waiting: (() => void)[] = []
  const arrive = (batch: SinkBatch): void => {
    arrived.push(...batch.records)
    for (const record of batch.records)
      if (record.kind === 'row') records.push(record)
      else others.push(record)
    progress = batch.progress ?? progress
    for (const resolve of waiting.splice(0)) resolve()
  }
  const failures: Readonly<Record<Exclude<Fate, 'ok'>, SinkFailure>> = {
    'lost answer': { tag: 'NotConnected', cause: new Error('no answer') },
    lost: { tag: 'NotConnected', cause: new Error('no way') },
    refused: { tag: 'Refused', reason: 'not today' },
    fenced: { tag: 'Fenced', by: 'another' },
  }
  const sink: Sink = {
    name: 'recording',
    connect: (_, check) => async () => {
      const checked = (await check?.(progress)) ?? E.right(undefined)
      return E.isLeft(checked) ? E.left({ tag: 'Refused', reason: checked.left }) : E.right(progress)
    },
    write: (batch) => () => {
      const fate = fates[writes++] ?? 'ok'
      if (fate === 'ok' || fate === 'lost answer') arrive(batch)
      return Promise.resolve(fate === 'ok' ? E.right(undefined) : E.left(failures[fate]))
    },
    close: () => Promise.resolve(),
  }
  /** Resolves once so many different rows of a generation have arrived. */
  const reached = async (generation: string, rows: number): Promise<void> => {
    const keys = () =>
      new Set(records.filter((record) => record.generation === generation).map((record) => record.header.key)).size
    while (keys() < rows) await new Promise<void>((resolve) => (waiting = [...waiting, resolve]))
  }
  return { sink, records, others, arrived, reached, progress: () => progress }
}
