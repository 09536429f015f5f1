/**
 * The protocol-level server in a process of its own, so that it takes no time from the client under measurement. Says
 * where it is, and ends with its parent.
 */
import { memoryData } from '../test/support/eventstoredb/memory.js'
import { startEventStoreDbServer } from '../test/support/eventstoredb/server.js'
import { eventStoreDbStore } from '../test/support/eventstoredb/store.js'
import { wireTo } from '../test/support/eventstoredb/wire.js'
import type { Others } from './eventstoredb-first-pass.js'

/** One way, to a server in another place. */
const FAR_MS = 2

const store = eventStoreDbStore()
const near = await startEventStoreDbServer({ data: memoryData(store) })
const far = await wireTo(near, FAR_MS)
process.send?.([near.connectionString, far.connectionString])
process.on('message', ({ others, bytes }: Others) => {
  store.addOthers('other.application', others, bytes)
  process.send?.('added')
})
process.on('disconnect', () => process.exit(0))
