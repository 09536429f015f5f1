import type { EntraIdentity } from '../../../credentials/entra-id.js'
import type { Secret } from '../../../credentials/secret.js'

export type AzureBlobOptions = Readonly<{
  container: string
  /** Before every key; ends with `/`, or is empty. */
  prefix: string
  credentials: AzureCredentials
  /** A request that takes longer is given up; the outcome of a put is then unknown. */
  requestTimeoutMs: number
}>

/** `endpoint` is the address of the blob service, `https://<account>.blob.core.windows.net`. */
export type AzureCredentials =
  | Readonly<{ kind: 'connection-string'; connectionString: Secret }>
  | Readonly<{ kind: 'key'; endpoint: string; account: string; key: Secret }>
  | Readonly<{ kind: 'sas'; endpoint: string; sas: Secret }>
  | Readonly<{ kind: 'identity'; endpoint: string; identity: EntraIdentity }>

/** Scope of tokens for every storage account. */
export const AZURE_STORAGE_SCOPE = 'https://storage.azure.com/.default'

/** The container in messages, without credentials. */
export const azurePlace = ({ container, prefix, credentials }: AzureBlobOptions): string =>
  `Azure Blob ${credentials.kind === 'connection-string' ? '' : `${new URL(credentials.endpoint).host}/`}${container}/${prefix}`
