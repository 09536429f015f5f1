// Started by dev/local-eventstoredb.mjs: the protocol-level server of the tests in a process of its own; says where it
// listens.
import { startEventStoreDbServer } from '../test/support/eventstoredb/server.js'

const { connectionString } = await startEventStoreDbServer()
console.log(connectionString)
