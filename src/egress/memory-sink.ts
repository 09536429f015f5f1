import * as E from 'fp-ts/lib/Either.js'
import { readerOfSchema } from '../contract/row-codec.js'
import type { Progress, Sink, SinkFailure, SinkRecord } from './sink.js'

/** A destination in memory. Several sinks can share it, and it outlives them. */
export type MemoryDestination = { records: SinkRecord[]; progress: Progress | undefined; epoch: number }

export const memoryDestination = (): MemoryDestination => ({ records: [], progress: undefined, epoch: 0 })

/**
 * The reference implementation of the sink contract. Connecting raises the epoch of the destination; a sink with an
 * older epoch is fenced.
 */
export const memorySink = (destination: MemoryDestination = memoryDestination()): Sink => {
  let epoch: number | undefined
  const superseded = (): SinkFailure | undefined =>
    epoch === undefined || epoch === destination.epoch ? undefined : { tag: 'Fenced', by: `epoch ${destination.epoch}` }
  return {
    name: 'memory',
    connect: (_, check) => async (): Promise<E.Either<SinkFailure, Progress | undefined>> => {
      const fenced = superseded()
      if (fenced !== undefined) return E.left(fenced)
      let progress: Progress | undefined
      do {
        progress = destination.progress
        const checked = (await check?.(progress)) ?? E.right(undefined)
        if (E.isLeft(checked)) return E.left({ tag: 'Refused', reason: checked.left })
      } while (progress !== destination.progress)
      epoch = destination.epoch += 1
      return E.right(progress)
    },
    write:
      ({ records, progress }) =>
      async (): Promise<E.Either<SinkFailure, undefined>> => {
        if (epoch === undefined) return E.left({ tag: 'NotConnected', cause: new Error('not connected') })
        const fenced = superseded()
        if (fenced !== undefined) return E.left(fenced)
        for (const record of records) {
          if (record.kind !== 'row') continue
          const codec = readerOfSchema(record.schema)
          if (E.isLeft(codec)) return E.left({ tag: 'Refused', reason: codec.left.message })
        }
        destination.records.push(...records)
        if (progress !== undefined) destination.progress = progress
        return E.right(undefined)
      },
    stillOwner: () => async () => {
      const fenced = superseded()
      return fenced === undefined ? E.right(undefined) : E.left(fenced)
    },
    close: async () => {
      epoch = undefined
    },
  }
}
