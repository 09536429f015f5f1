import * as E from 'fp-ts/lib/Either.js'
import type { Destination } from '../../../src/egress/at-least-once/destination.js'
import { logProgress, type ProgressStore } from '../../../src/egress/at-least-once/progress-store.js'
import { isRow, type SinkFailure, type SinkRecord } from '../../../src/egress/sink.js'
import { defaultTopics, topicOf } from '../../../src/egress/topics.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import type { Delivered } from '../../contracts/sink.contract.js'

/** The progress of a sink in a log; every sink of one log shares it. */
export const memoryProgress = (log: EventLog = memoryLog(), sink = 'queue'): ProgressStore =>
  logProgress({ tenant: 'acme', sink, reading: async () => log, changing: (work) => work(log) })

/** A queue in memory that any number of destinations deliver to. `failWith` is what the next deliveries answer. */
export const memoryDelivery = () => {
  const records: SinkRecord[] = []
  const failures: SinkFailure[] = []
  let opened = 0
  return {
    records,
    opened: () => opened,
    /** The next delivery delivers the first record only, and answers this. */
    failWith: (failure: SinkFailure) => void failures.push(failure),
    destination: (place = 'memory'): Destination => ({
      place,
      open: () => async () => {
        opened += 1
        return E.right(undefined)
      },
      deliver: (delivered) => async () => {
        const failure = failures.shift()
        records.push(...(failure === undefined ? delivered : delivered.slice(0, 1)))
        return failure === undefined ? E.right(undefined) : E.left(failure)
      },
      close: async () => {},
    }),
    rows: (): readonly Delivered[] =>
      records.filter(isRow).map(({ header: { family, key, revision }, replay }) => ({
        topic: topicOf(defaultTopics, family),
        key,
        revision,
        replay,
      })),
  }
}
