import { memoryLog } from '../../src/log/memory-log.js'
import { eventLogContract } from './event-log.contract.js'

eventLogContract('memory', async () => memoryLog())
