import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import {
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  type PutObjectCommandInput,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { tlsMaterial } from '../../../credentials/tls.js'
import type { Condition, NewObject, ObjectStore } from '../object-store.js'
import { isConditionFailed, isMissing, s3Fault } from './failures.js'
import { s3Place, type S3Options } from './options.js'

/** Requests under way at once: puts of one batch, and the look of an idle sink. */
const SOCKETS_MAX = 16
/** Attempts of one request; the egress tries again with growing pauses. */
const ATTEMPTS_MAX = 3
/** How long credentials of the configuration are used before their files are read again. */
const CREDENTIALS_MS = 300_000
const CONNECT_TIMEOUT_MS = 10_000

/** A bucket of Amazon S3, or of a store that speaks its protocol. */
export const s3Store = (options: S3Options): ObjectStore => {
  const { bucket, prefix } = options
  let client: S3Client | undefined
  // A client that was closed is made anew: a sink may connect again.
  const s3 = (): S3Client => (client ??= new S3Client(clientConfig(options)))
  const named = (key: string) => ({ Bucket: bucket, Key: prefix + key })

  return {
    place: s3Place(options),
    get: async (key, signal) => {
      try {
        const { Body, ETag } = await s3().send(new GetObjectCommand(named(key)), { abortSignal: signal })
        if (Body === undefined || ETag === undefined) throw new Error(`the answer for ${key} has no body or no ETag`)
        return { bytes: await Body.transformToByteArray(), etag: ETag }
      } catch (cause) {
        if (isMissing(cause)) return undefined
        throw s3Fault(cause)
      }
    },
    put: async (object, condition, signal) => {
      try {
        const command = new PutObjectCommand({ ...named(object.key), ...putInput(object, condition, options) })
        const { ETag } = await s3().send(command, { abortSignal: signal })
        if (ETag === undefined) throw new Error(`the answer to the put of ${object.key} has no ETag`)
        return ETag
      } catch (cause) {
        if (isConditionFailed(cause)) return undefined
        throw s3Fault(cause)
      }
    },
    look: async (key, signal) => {
      try {
        const found = await s3().send(new HeadObjectCommand(named(key)), { abortSignal: signal })
        return { bytes: found.ContentLength ?? 0, etag: found.ETag ?? '' }
      } catch (cause) {
        if (isMissing(cause)) return undefined
        throw s3Fault(cause)
      }
    },
    list: async function* (begin, signal) {
      try {
        const pages = paginateListObjectsV2(
          { client: s3() },
          { Bucket: bucket, Prefix: prefix + begin },
          { abortSignal: signal },
        )
        for await (const { Contents = [] } of pages)
          for (const { Key = '', Size = 0 } of Contents) yield { key: Key.slice(prefix.length), bytes: Size }
      } catch (cause) {
        throw s3Fault(cause)
      }
    },
    close: () => {
      client?.destroy()
      client = undefined
    },
  }
}

const putInput = (
  { bytes, sha256, contentType }: NewObject,
  condition: Condition,
  { encryption }: S3Options,
): Omit<PutObjectCommandInput, 'Bucket' | 'Key'> => ({
  Body: bytes,
  ContentType: contentType,
  // The store compares the bytes that arrived, and keeps the checksum for whoever audits.
  ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
  ...(condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.is }),
  ...(encryption?.kind === 'sse-s3' && { ServerSideEncryption: 'AES256' }),
  ...(encryption?.kind === 'sse-kms' && {
    ServerSideEncryption: 'aws:kms',
    BucketKeyEnabled: encryption.bucketKey,
    ...(encryption.keyId !== undefined && { SSEKMSKeyId: encryption.keyId }),
  }),
})

const clientConfig = (options: S3Options): S3ClientConfig => {
  const { region, endpoint, pathStyle, credentials, tls, requestTimeoutMs } = options
  const material = tls === undefined ? {} : tlsMaterial(tls)
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
    maxAttempts: ATTEMPTS_MAX,
    // Checksums of the SDK's own choice are refused by some stores; each put carries its SHA-256.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets: SOCKETS_MAX }),
      httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS_MAX, ...material }),
    },
    ...(credentials !== undefined && {
      credentials: async () => ({
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey.read(),
        ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken.read() }),
        expiration: new Date(Date.now() + CREDENTIALS_MS),
      }),
    }),
  }
}
