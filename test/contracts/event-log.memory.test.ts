import { memoryLog } from '../../src/log/memory-log.js'
import { eventLogContract } from './event-log.contract.js'

/** The log lives in one process: whoever opens it again has the same object, and may not close it for the others. */
eventLogContract('memory', async () => {
  const log = memoryLog()
  return { log, another: async () => ({ ...log, close: async () => {} }) }
})
