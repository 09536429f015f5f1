import { afterAll, describe, expect, test } from 'vitest'
import { openEventStoreDbLog } from '../../src/log/eventstoredb/log.js'
import type { EventStoreDbOptions } from '../../src/log/eventstoredb/options.js'
import { realEventStoreDb } from '../support/eventstoredb/container.js'
import { startEventStoreDbServer } from '../support/eventstoredb/server.js'
import { eventLogContract } from './event-log.contract.js'
import type { Opened } from './event-log/rig.js'

/** Several readers also for a short part of the log. */
const FOUR_READERS = { readers: 4, readersFromBytes: 0 }

const openedOn = (options: EventStoreDbOptions) => async (): Promise<Opened> => ({
  log: openEventStoreDbLog(options),
  another: async () => openEventStoreDbLog(options),
})

/**
 * The protocol-level server always; a real one where there is one.
 */
const server = await startEventStoreDbServer()
afterAll(() => server.stop())
for (const readers of [{}, FOUR_READERS])
  eventLogContract(
    `eventstoredb, protocol-level server${readers === FOUR_READERS ? ', four readers' : ''}`,
    openedOn({ connectionString: server.connectionString, headPollMs: 20, ...readers }),
  )

const real = await realEventStoreDb()
if (real.kind === 'available') {
  afterAll(() => real.stop())
  for (const readers of [{}, FOUR_READERS])
    eventLogContract(
      `eventstoredb, a real server${readers === FOUR_READERS ? ', four readers' : ''}: ${real.why}`,
      openedOn({ connectionString: real.connectionString, ...readers }),
    )
} else if (real.required) test('eventstoredb, a real server', () => expect.fail(real.why))
else {
  console.error(`[eventstoredb] the contract is not tried on a real server: ${real.why}`)
  describe.skip(`eventstoredb, a real server (skipped: ${real.why})`, () => test('needs one', () => {}))
}
