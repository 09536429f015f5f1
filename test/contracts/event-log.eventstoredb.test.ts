import { afterAll } from 'vitest'
import { openEventStoreDbLog } from '../../src/log/eventstoredb-log.js'
import { startEventStoreDbServer } from '../support/eventstoredb-server.js'
import { eventLogContract } from './event-log.contract.js'

/** A real server (with `--max-append-size` of at least 2 MB), or else the protocol-level one: with and without BatchAppend. */
const url = process.env['EVENTSTOREDB_URL']

if (url !== undefined && url !== '')
  eventLogContract(`eventstoredb at ${new URL(url).host}`, async () => openEventStoreDbLog({ connectionString: url }))
else
  for (const batchAppend of [true, false]) {
    const server = await startEventStoreDbServer({ batchAppend })
    afterAll(() => server.stop())
    eventLogContract(`eventstoredb, protocol-level server ${batchAppend ? 'with' : 'without'} BatchAppend`, async () =>
      openEventStoreDbLog({ connectionString: server.connectionString, headPollMs: 20 }),
    )
  }
