import { afterAll, beforeAll, describe } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import type { AzureBlobOptions } from '../../../src/egress/objects/azure/options.js'
import { azureBlobStore } from '../../../src/egress/objects/azure/store.js'
import type { ObjectStore } from '../../../src/egress/objects/object-store.js'
import type { S3Options } from '../../../src/egress/objects/s3/options.js'
import { s3Store } from '../../../src/egress/objects/s3/store.js'
import { AZURE_CONTAINER, AzureStandIn } from './azure-stand-in.js'
import { S3_BUCKET, S3_KEYS, S3StandIn } from './s3-stand-in.js'

/** A prefix that nothing was put below. Each call of the answer makes a store of its own. */
export type FreshStore = () => () => ObjectStore

let prefixes = 0
const freshPrefix = (): string => `test-${process.pid}-${Date.now().toString(36)}-${++prefixes}/`

/**
 * A bucket that speaks the protocol of S3: the stand-in, or a real one where S3_TEST_BUCKET names it (beside
 * S3_TEST_ENDPOINT, AWS_REGION and credentials of the default chain).
 */
export const describeS3 = (name: string, suite: (fresh: FreshStore) => void): void => {
  const bucket = process.env['S3_TEST_BUCKET']
  describe(`${name}, ${bucket === undefined ? 'the stand-in of S3' : `the real ${bucket}`}`, () => {
    const standIn = new S3StandIn()
    beforeAll(() => standIn.start())
    afterAll(() => standIn.stop())
    suite(() => {
      const prefix = freshPrefix()
      return () => s3Store(bucket === undefined ? s3OptionsOf(standIn, prefix) : realBucket(bucket, prefix))
    })
  })
}

export const s3OptionsOf = (standIn: S3StandIn, prefix: string): S3Options => ({
  ...{ bucket: S3_BUCKET, prefix, region: 'eu-central-1', endpoint: standIn.url, pathStyle: true },
  credentials: { accessKeyId: S3_KEYS.accessKeyId, secretAccessKey: Secret.literal(S3_KEYS.secretAccessKey) },
  requestTimeoutMs: 10_000,
})

const realBucket = (bucket: string, prefix: string): S3Options => {
  const endpoint = process.env['S3_TEST_ENDPOINT']
  return { bucket, prefix, endpoint, pathStyle: endpoint !== undefined, requestTimeoutMs: 30_000 }
}

/** A container: the stand-in, or a real one where AZURE_BLOB_TEST_CONNECTION_STRING says where (`kpis` in it). */
export const describeAzureBlob = (name: string, suite: (fresh: FreshStore) => void): void => {
  const real = process.env['AZURE_BLOB_TEST_CONNECTION_STRING']
  describe(`${name}, ${real === undefined ? 'the stand-in of Azure Blob' : 'a real account'}`, () => {
    const standIn = new AzureStandIn()
    beforeAll(() => standIn.start())
    afterAll(() => standIn.stop())
    suite(() => {
      const prefix = freshPrefix()
      return () => azureBlobStore(azureOptionsOf(real ?? standIn.connectionString, prefix))
    })
  })
}

export const azureOptionsOf = (connectionString: string, prefix: string): AzureBlobOptions => ({
  ...{ container: AZURE_CONTAINER, prefix, requestTimeoutMs: 10_000 },
  credentials: { kind: 'connection-string', connectionString: Secret.literal(connectionString) },
})
