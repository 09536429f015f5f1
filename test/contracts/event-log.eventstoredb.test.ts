import { afterAll, describe, expect, test } from 'vitest'
import { openEventStoreDbLog } from '../../src/log/eventstoredb-log.js'
import { realEventStoreDb } from '../support/eventstoredb-container.js'
import { startEventStoreDbServer } from '../support/eventstoredb-server.js'
import { eventLogContract } from './event-log.contract.js'

/** The protocol-level server always, with BatchAppend and without; a real one (with `--max-append-size` of at least 2 MB) where there is one. */
for (const batchAppend of [true, false]) {
  const server = await startEventStoreDbServer({ batchAppend })
  afterAll(() => server.stop())
  eventLogContract(`eventstoredb, protocol-level server ${batchAppend ? 'with' : 'without'} BatchAppend`, async () =>
    openEventStoreDbLog({ connectionString: server.connectionString, headPollMs: 20 }),
  )
}

const real = await realEventStoreDb()
if (real.kind === 'available') {
  afterAll(() => real.stop())
  eventLogContract(`eventstoredb, a real server: ${real.why}`, async () => openEventStoreDbLog({ connectionString: real.connectionString }))
} else if (real.required) test('eventstoredb, a real server', () => expect.fail(real.why))
else {
  console.error(`[eventstoredb] the contract is not tried on a real server: ${real.why}`)
  describe.skip(`eventstoredb, a real server (skipped: ${real.why})`, () => test('needs one', () => {}))
}
