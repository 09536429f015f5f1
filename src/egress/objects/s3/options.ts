import type { Secret } from '../../../credentials/secret.js'
import type { TlsSettings } from '../../../credentials/tls.js'

export type S3Options = Readonly<{
  bucket: string
  /** Before every key; ends with `/`, or is empty. */
  prefix: string
  /** Default: AWS_REGION. */
  region?: string | undefined
  /** Absent: Amazon S3. */
  endpoint?: string | undefined
  /** `https://endpoint/bucket/key` instead of `https://bucket.endpoint/key`. */
  pathStyle: boolean
  /** Absent: by the default chain of the SDK. Read again every few minutes. */
  credentials?:
    Readonly<{ accessKeyId: string; secretAccessKey: Secret; sessionToken?: Secret | undefined }> | undefined
  /** Absent: as the bucket has it by default. */
  encryption?:
    Readonly<{ kind: 'sse-s3' } | { kind: 'sse-kms'; keyId?: string | undefined; bucketKey: boolean }> | undefined
  tls?: TlsSettings | undefined
  /** A request that takes longer is given up; the outcome of a put is then unknown. */
  requestTimeoutMs: number
}>

/** The bucket in messages, without credentials. */
export const s3Place = ({ bucket, prefix, endpoint }: Pick<S3Options, 'bucket' | 'prefix' | 'endpoint'>): string =>
  `s3://${bucket}/${prefix}${endpoint === undefined ? '' : ` at ${new URL(endpoint).host}`}`
