import { AuthenticationRefused, connectionFault } from '../../../credentials/connection-faults.js'
import { SecretUnreadable } from '../../../credentials/secret.js'
import { ObjectStoreFault } from '../object-store.js'

/** The fields of the client's `RestError` that tell what happened. `code` is `x-ms-error-code` where the service says it. */
type AzureError = Readonly<{ code?: string; statusCode?: number; message?: string }>

/** There is no blob of this name; a container that is missing is told apart by its code. */
export const isMissing = (cause: unknown): boolean => {
  const { statusCode, code } = cause as AzureError
  return statusCode === 404 && code !== 'ContainerNotFound' && code !== 'ResourceNotFound'
}

/** The condition of a put does not hold. A create that meets a blob is answered 409. */
export const isConditionFailed = (cause: unknown): boolean => {
  const { statusCode, code } = cause as AzureError
  return statusCode === 412 || code === 'BlobAlreadyExists' || code === 'BlobNotFound'
}

/** What an error of the client means. Errors that say nothing of a remedy may pass. */
export const azureFault = (cause: unknown): ObjectStoreFault => {
  if (cause instanceof ObjectStoreFault) return cause
  const { code, statusCode, message } = cause as AzureError
  // The message of the service is followed by lines with the id of the request and its time.
  const said = `${(message ?? String(cause)).split('\n')[0] ?? ''}${code === undefined ? '' : ` (${code})`}`
  if (cause instanceof SecretUnreadable || cause instanceof AuthenticationRefused)
    return new ObjectStoreFault(cause.message, { refused: true, cause })
  const fault = connectionFault(cause, 'ssl')
  if (fault !== undefined) return new ObjectStoreFault(fault.words, { refused: fault.refused, cause })
  const remedy = remedies[code ?? ''] ?? (statusCode === 403 || statusCode === 401 ? RIGHTS : undefined)
  return remedy === undefined
    ? new ObjectStoreFault(said, { refused: false, cause })
    : new ObjectStoreFault(`${said}; ${remedy}`, { refused: true, cause })
}

const RIGHTS =
  'give the identity the role Storage Blob Data Contributor on the container, or a signature (sas) with the rights rcwl'
const KEYS = 'check the key of the account, the connection string or the signature (sas), and the clock of this machine'

/** Errors that stay as they are until somebody mends what they name. */
const remedies: Readonly<Record<string, string>> = {
  ContainerNotFound: 'create the container, or name another one (container)',
  ResourceNotFound: 'create the container, or name another one (container)',
  AuthenticationFailed: KEYS,
  InvalidAuthenticationInfo: KEYS,
  AuthorizationFailure: RIGHTS,
  AuthorizationPermissionMismatch: RIGHTS,
  InsufficientAccountPermissions: RIGHTS,
  AccountIsDisabled: 'enable the storage account',
  BlobImmutableDueToPolicy:
    'a policy of immutability must leave out the manifest: give `_manifest.json` no such policy',
}
