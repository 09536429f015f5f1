/** The protocol-level server in a process of its own, so that it takes no time from the client under measurement. Says where it is, and ends with its parent. */
import { startEventStoreDbServer } from '../test/support/eventstoredb-server.js'

const { connectionString } = await startEventStoreDbServer()
process.send?.(connectionString)
process.on('disconnect', () => process.exit(0))
