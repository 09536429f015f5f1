import { objectsHarness } from '../egress/objects/harness.js'
import { memoryObjectStore, type MemoryBucket } from '../support/objects/memory-object-store.js'
import { sinkContract } from './sink.contract.js'

sinkContract(
  'objects in memory',
  async () => {
    const bucket: MemoryBucket = new Map()
    return objectsHarness(() => memoryObjectStore(bucket))
  },
  { replays: 'restored' },
)
