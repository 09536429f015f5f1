import { describe } from 'vitest'
import { appendContract } from './event-log/append.js'
import { closeContract } from './event-log/close.js'
import { eraseContract } from './event-log/erase.js'
import { idContract } from './event-log/id.js'
import { largeEventsContract } from './event-log/large-events.js'
import { concurrencyContract } from './event-log/long-stream-and-concurrency.js'
import { readAllContract } from './event-log/read-all.js'
import { readStreamContract } from './event-log/read-stream.js'
import { readStreamsContract } from './event-log/read-streams.js'
import { rigOf } from './event-log/rig.js'
import type { Opened } from './event-log/rig.js'
import { subscribeContract } from './event-log/subscribe.js'
import { subscribeStreamContract } from './event-log/subscribe-stream.js'

/**
 * What every event log keeps. The log may be shared and may hold other people's streams, before and meanwhile: each
 * test uses names of its own, and nothing is assumed of positions but their order.
 */
export const eventLogContract = (name: string, open: () => Promise<Opened>): void => {
  describe(`the event log contract: ${name}`, () => {
    const rig = rigOf(open)
    appendContract(rig)
    largeEventsContract(rig)
    concurrencyContract(rig)
    readStreamContract(rig)
    readAllContract(rig)
    readStreamsContract(rig)
    subscribeContract(rig)
    subscribeStreamContract(rig)
    idContract(rig)
    eraseContract(rig)
    closeContract(rig)
  })
}
