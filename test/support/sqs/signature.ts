import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export type AwsError = Readonly<{ type: string; message: string; status?: number }>

export type SigningKey = Readonly<{ secret: string; sessionToken?: string; isExpired?: boolean }>

/** A request is refused that was signed further than this from the clock of AWS. */
const SKEW_MAX_MS = 15 * 60_000

/**
 * Checks Signature Version 4 of a request, as AWS does
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html); `undefined`: it is right.
 */
export const signatureFault = (
  request: IncomingMessage,
  body: Buffer,
  keys: ReadonlyMap<string, SigningKey>,
  now: number,
): AwsError | undefined => {
  const [, id = '', scope = '', signed = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      request.headers.authorization ?? '',
    ) ?? []
  const key = keys.get(id)
  if (key === undefined) return fault('InvalidClientTokenId', 'The security token included in the request is invalid.')
  const token = request.headers['x-amz-security-token']
  if (key.isExpired === true)
    return fault('ExpiredTokenException', 'The security token included in the request is expired')
  if (key.sessionToken !== token)
    return fault('InvalidClientTokenId', 'The security token included in the request is invalid.')
  const date = String(request.headers['x-amz-date'])
  const at = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (Math.abs(at - now) > SKEW_MAX_MS) return fault('SignatureDoesNotMatch', `Signature expired: ${date}`)
  const headers = signed.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
  const canonical = [request.method, '/', '', headers.join(''), signed, sha256(body)].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const signingKey = scope.split('/').reduce<Buffer>((part, text) => hmac(part, text), Buffer.from(`AWS4${key.secret}`))
  return hmac(signingKey, toSign).toString('hex') === signature
    ? undefined
    : fault('SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.')
}

const fault = (type: string, message: string): AwsError => ({ type, message, status: 403 })
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
