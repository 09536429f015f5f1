import * as E from 'fp-ts/lib/Either.js'
import { codecOfSchema } from '../contract/row-codec.js'
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
  return {
    name: 'memory',
    connect: () => async () => {
      epoch = destination.epoch += 1
      return E.right(destination.progress)
    },
    write:
      ({ records, progress }) =>
      async (): Promise<E.Either<SinkFailure, void>> => {
        if (epoch === undefined) return E.left({ tag: 'NotConnected', cause: new Error('not connected') })
        if (epoch !== destination.epoch) return E.left({ tag: 'Fenced', by: `epoch ${destination.epoch}` })
        for (const { schema } of records) {
          const codec = codecOfSchema(schema)
          if (E.isLeft(codec)) return E.left({ tag: 'Refused', reason: codec.left.message })
        }
        destination.records.push(...records)
        if (progress !== undefined) destination.progress = progress
        return E.right(undefined)
      },
    close: async () => {
      epoch = undefined
    },
  }
}
