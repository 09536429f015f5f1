import { describeAzureBlob, describeS3 } from '../support/objects/stores.js'
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

describeS3('a bucket', (bucket) => {
  sinkContract('objects by the protocol of S3', async () => objectsHarness(bucket()), { replays: 'restored' })
})

describeAzureBlob('a container', (container) => {
  sinkContract('objects by the protocol of Azure Blob', async () => objectsHarness(container()), {
    replays: 'restored',
  })
})
