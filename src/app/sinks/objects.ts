import type { AzureBlobOptions, AzureCredentials } from '../../egress/objects/azure/options.js'
import { AZURE_STORAGE_SCOPE, azurePlace } from '../../egress/objects/azure/options.js'
import type { ObjectStore } from '../../egress/objects/object-store.js'
import { s3Place, type S3Options } from '../../egress/objects/s3/options.js'
import { lazySink } from '../../egress/lazy-sink.js'
import type { Sink } from '../../egress/sink.js'
import { entraIdentity } from '../config/connections/entra-identity.js'
import {
  azureBlobFaults,
  azureBlobSchema,
  s3Faults,
  s3Schema,
  type AzureBlobSettings,
  type S3Settings,
} from '../config/sinks/objects-schema.js'
import type { SettingFault } from '../config/setting-fault.js'
import { nameAt, sinkKind, type SinkContext, type SinkOf } from './sink-kind.js'

export const s3Kind = sinkKind({
  use: 's3',
  schema: s3Schema,
  faults: s3Faults,
  sharedWith: (own, other, name) =>
    own.bucket === other.bucket && own.endpoint === other.endpoint ? sharedPrefix(own, other, name) : undefined,
  destination: 'store',
  only: 'final',
  place: ({ settings }) => s3Place(s3OptionsOf(settings)),
  open: (sink, context) => objectSink(sink, context, () => openS3(sink.settings)),
})

export const azureBlobKind = sinkKind({
  use: 'azure-blob',
  schema: azureBlobSchema,
  faults: (settings) => azureBlobFaults(settings),
  sharedWith: (own, other, name) =>
    own.container === other.container && own.endpoint === other.endpoint ? sharedPrefix(own, other, name) : undefined,
  destination: 'store',
  only: 'final',
  place: ({ settings }) => azurePlace(azureOptionsOf(settings)),
  open: (sink, context) => objectSink(sink, context, () => openAzureBlob(sink.settings)),
})

/** The store of a sink of the configuration; `undefined`: its kind is another. Its client is loaded now. */
export const openObjectStore = async ({ use, settings }: Readonly<{ use: string; settings: unknown }>) =>
  use === s3Kind.use
    ? openS3(settings as S3Settings)
    : use === azureBlobKind.use
      ? openAzureBlob(settings as AzureBlobSettings)
      : undefined

export const isObjectsSink = ({ use }: Readonly<{ use: string }>): boolean =>
  use === s3Kind.use || use === azureBlobKind.use

const openS3 = async (settings: S3Settings): Promise<ObjectStore> =>
  (await import('../../egress/objects/s3/store.js')).s3Store(s3OptionsOf(settings))

const openAzureBlob = async (settings: AzureBlobSettings): Promise<ObjectStore> =>
  (await import('../../egress/objects/azure/store.js')).azureBlobStore(azureOptionsOf(settings))

const objectSink = (sink: SinkOf<unknown>, context: SinkContext, open: () => Promise<ObjectStore>): Sink =>
  lazySink(nameAt(sink, context), async () => {
    const [{ objectsSink }, store] = await Promise.all([import('../../egress/objects/sink.js'), open()])
    const { tenant, intervalRows, isReplay: replay } = context
    return objectsSink({ name: sink.name, tenant, store, intervalRows, replay })
  })

const s3OptionsOf = (settings: S3Settings): S3Options => {
  const { bucket, prefix, region, endpoint, pathStyle, accessKeyId, secretAccessKey, sessionToken } = settings
  const { encryption, ssl, requestTimeoutMs } = settings
  return {
    ...{ bucket, prefix: `${prefix}/`, region, endpoint, encryption, requestTimeoutMs },
    pathStyle: pathStyle ?? endpoint !== undefined,
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey, sessionToken } }),
    ...(typeof ssl === 'object' && { tls: ssl }),
  }
}

const azureOptionsOf = (settings: AzureBlobSettings): AzureBlobOptions => {
  const { container, prefix, requestTimeoutMs } = settings
  return { container, prefix: `${prefix}/`, requestTimeoutMs, credentials: azureCredentials(settings) }
}

/** One of the ways is there, see `azureBlobFaults`. */
const azureCredentials = (settings: AzureBlobSettings): AzureCredentials => {
  const { storageConnectionString: connectionString, endpoint = '', account, accountKey, sas, identity } = settings
  if (connectionString !== undefined) return { kind: 'connection-string', connectionString }
  if (accountKey !== undefined)
    return {
      kind: 'key',
      endpoint,
      account: account ?? new URL(endpoint).hostname.split('.')[0] ?? '',
      key: accountKey,
    }
  if (sas !== undefined) return { kind: 'sas', endpoint, sas }
  return { kind: 'identity', endpoint, identity: entraIdentity(identity ?? {}, AZURE_STORAGE_SCOPE, process.env) }
}

/** The objects of one would lie among those of the other. */
const sharedPrefix = (
  { prefix }: Readonly<{ prefix: string }>,
  other: Readonly<{ prefix: string }>,
  name: string,
): SettingFault | undefined =>
  `${prefix}/`.startsWith(`${other.prefix}/`) || `${other.prefix}/`.startsWith(`${prefix}/`)
    ? { path: ['prefix'], message: `it is that of ${name}, or within it: each sink needs one of its own` }
    : undefined
