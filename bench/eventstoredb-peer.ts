/**
 * The protocol-level server in a process of its own, so that it takes no time from the client under measurement. Says
 * where it is, and ends with its parent.
 */
import { startEventStoreDbServer } from '../test/support/eventstoredb/server.js'
import { wireTo } from '../test/support/eventstoredb/wire.js'

/** One way, to a server in another place. */
const FAR_MS = 2

const near = await startEventStoreDbServer()
const far = await wireTo(near, FAR_MS)
process.send?.([near.connectionString, far.connectionString])
process.on('disconnect', () => process.exit(0))
