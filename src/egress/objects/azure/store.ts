import {
  ContainerClient,
  StorageSharedKeyCredential,
  type BlobRequestConditions,
  type StoragePipelineOptions,
} from '@azure/storage-blob'
import { entraTokens } from '../../../credentials/entra-id.js'
import type { Condition, ObjectStore } from '../object-store.js'
import { azureFault, isConditionFailed, isMissing } from './failures.js'
import { azurePlace, type AzureBlobOptions, type AzureCredentials } from './options.js'

/** Attempts of one request; the egress tries again with growing pauses. */
const ATTEMPTS_MAX = 3
const RETRY_MS = 200
const RETRY_MAX_MS = 5_000

/** A container of Azure Blob Storage. A blob is put whole, by one Put Blob. */
export const azureBlobStore = (options: AzureBlobOptions): ObjectStore => {
  const { prefix, requestTimeoutMs } = options
  let known: Readonly<{ secret: string; client: ContainerClient }> | undefined
  /** Made anew where a secret was rotated. */
  const container = (): ContainerClient => {
    const secret = secretOf(options.credentials)
    if (known?.secret !== secret) known = { secret, client: clientOf(options, secret) }
    return known.client
  }
  const within = (signal: AbortSignal): AbortSignal =>
    AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs * ATTEMPTS_MAX)])

  return {
    place: azurePlace(options),
    get: async (key, signal) => {
      try {
        const blob = container().getBlobClient(prefix + key)
        const found = await blob.download(undefined, undefined, { abortSignal: within(signal) })
        if (found.readableStreamBody === undefined || found.etag === undefined)
          throw new Error(`the answer for ${key} has no body or no ETag`)
        const chunks: Uint8Array[] = []
        for await (const chunk of found.readableStreamBody as AsyncIterable<Uint8Array>) chunks.push(chunk)
        return { bytes: Buffer.concat(chunks), etag: found.etag }
      } catch (cause) {
        if (isMissing(cause)) return undefined
        throw azureFault(cause)
      }
    },
    put: async ({ key, bytes, sha256, contentType }, condition, signal) => {
      try {
        const { etag } = await container()
          .getBlockBlobClient(prefix + key)
          .upload(bytes, bytes.length, {
            abortSignal: within(signal),
            conditions: conditionsOf(condition),
            blobHTTPHeaders: { blobContentType: contentType },
            metadata: { sha256 },
          })
        if (etag === undefined) throw new Error(`the answer to the put of ${key} has no ETag`)
        return etag
      } catch (cause) {
        if (isConditionFailed(cause)) return undefined
        throw azureFault(cause)
      }
    },
    look: async (key, signal) => {
      try {
        const found = await container()
          .getBlobClient(prefix + key)
          .getProperties({ abortSignal: within(signal) })
        return { bytes: found.contentLength ?? 0, etag: found.etag ?? '' }
      } catch (cause) {
        if (isMissing(cause)) return undefined
        throw azureFault(cause)
      }
    },
    list: async function* (begin, signal) {
      try {
        for await (const { name, properties } of container().listBlobsFlat({
          prefix: prefix + begin,
          abortSignal: signal,
        }))
          yield { key: name.slice(prefix.length), bytes: properties.contentLength ?? 0 }
      } catch (cause) {
        throw azureFault(cause)
      }
    },
    close: () => {
      known = undefined
    },
  }
}

const conditionsOf = (condition: Condition): BlobRequestConditions =>
  condition === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: condition.is }

/** The secret as it is now; of an identity nothing. */
const secretOf = (credentials: AzureCredentials): string => {
  switch (credentials.kind) {
    case 'connection-string':
      return credentials.connectionString.read()
    case 'key':
      return credentials.key.read()
    case 'sas':
      return credentials.sas.read()
    case 'identity':
      return ''
  }
}

const clientOf = ({ container, credentials, requestTimeoutMs }: AzureBlobOptions, secret: string): ContainerClient => {
  const pipeline: StoragePipelineOptions = {
    retryOptions: {
      ...{ maxTries: ATTEMPTS_MAX, tryTimeoutInMs: requestTimeoutMs },
      ...{ retryDelayInMs: RETRY_MS, maxRetryDelayInMs: RETRY_MAX_MS },
    },
    userAgentOptions: { userAgentPrefix: 'streamvane' },
  }
  if (credentials.kind === 'connection-string') return new ContainerClient(secret, container, pipeline)
  const url = `${credentials.endpoint.replace(/\/+$/, '')}/${container}`
  switch (credentials.kind) {
    case 'key':
      return new ContainerClient(url, new StorageSharedKeyCredential(credentials.account, secret), pipeline)
    case 'sas':
      return new ContainerClient(`${url}?${secret.replace(/^\?/, '')}`, undefined, pipeline)
    case 'identity': {
      const tokens = entraTokens(credentials.identity)
      const getToken = async (): Promise<Readonly<{ token: string; expiresOnTimestamp: number }>> => {
        const { value, expiresAt } = await tokens.current()
        return { token: value, expiresOnTimestamp: expiresAt }
      }
      return new ContainerClient(url, { getToken }, pipeline)
    }
  }
}
