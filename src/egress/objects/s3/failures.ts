import { connectionFault } from '../../../credentials/connection-faults.js'
import { SecretUnreadable } from '../../../credentials/secret.js'
import { ObjectStoreFault } from '../object-store.js'

/** The fields of the SDK's errors that tell what happened. */
type S3Error = Readonly<{ name?: string; message?: string; $metadata?: Readonly<{ httpStatusCode?: number }> }>

const nameOf = (cause: unknown): string => (cause as S3Error).name ?? ''
const statusOf = (cause: unknown): number | undefined => (cause as S3Error).$metadata?.httpStatusCode

/** There is no object of this key. A bucket that is missing is named otherwise, where there is a body to name it. */
export const isMissing = (cause: unknown): boolean =>
  nameOf(cause) === 'NoSuchKey' || (nameOf(cause) === 'NotFound' && statusOf(cause) === 404)

/** The condition of a put does not hold: another version is there, or none. */
export const isConditionFailed = (cause: unknown): boolean =>
  statusOf(cause) === 412 || nameOf(cause) === 'PreconditionFailed' || nameOf(cause) === 'NoSuchKey'

/** What an error of the SDK means. Errors that say nothing of a remedy may pass. */
export const s3Fault = (cause: unknown): ObjectStoreFault => {
  if (cause instanceof ObjectStoreFault) return cause
  const [name, status] = [nameOf(cause), statusOf(cause)]
  const said = `${(cause as S3Error).message ?? String(cause)}${name === '' ? '' : ` (${name})`}`
  if (cause instanceof SecretUnreadable) return new ObjectStoreFault(cause.message, { refused: true, cause })
  const fault = connectionFault(cause, 'ssl')
  if (fault !== undefined) return new ObjectStoreFault(fault.words, { refused: fault.refused, cause })
  const remedy = remedies[name] ?? (status === 403 ? remedies['AccessDenied'] : undefined)
  return remedy === undefined
    ? new ObjectStoreFault(said, { refused: false, cause })
    : new ObjectStoreFault(`${said}; ${remedy}`, { refused: true, cause })
}

const KEYS = 'check accessKeyId and secretAccessKey, or the credentials of the environment'
const REGION = 'give the region of the bucket (region)'
const KMS = 'check encryption.keyId, and that the key is enabled'
const UNCONDITIONAL = 'the store does not know puts with a condition (If-Match, If-None-Match): use one that does'

/** Errors that stay as they are until somebody mends what they name. Expired tokens and clocks may pass. */
const remedies: Readonly<Record<string, string>> = {
  NoSuchBucket: 'create the bucket, or name another one (bucket)',
  InvalidBucketName: 'name a bucket (bucket)',
  AccessDenied:
    'allow s3:GetObject and s3:PutObject on the prefix, s3:ListBucket on the bucket, and kms:GenerateDataKey and ' +
    'kms:Decrypt where a key encrypts (docs/sinks/object-storage.md)',
  InvalidAccessKeyId: KEYS,
  SignatureDoesNotMatch: KEYS,
  CredentialsProviderError: KEYS,
  AuthorizationHeaderMalformed: REGION,
  PermanentRedirect: REGION,
  IllegalLocationConstraintException: REGION,
  'KMS.DisabledException': KMS,
  'KMS.NotFoundException': KMS,
  'KMS.InvalidStateException': KMS,
  NotImplemented: UNCONDITIONAL,
}
