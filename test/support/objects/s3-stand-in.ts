import { createHash, createHmac } from 'node:crypto'
import { escaped, StandIn, type Answer, type Asked } from './stand-in.js'

export const S3_KEYS = { accessKeyId: 'AKIDSTANDIN', secretAccessKey: 'stand-in/secret+key' } as const
export const S3_BUCKET = 'kpis'
const REGION = 'eu-central-1'
/** S3 refuses requests whose clock is further off. */
const SKEW_MAX_MS = 15 * 60_000

type S3Object = Readonly<{ bytes: Buffer; etag: string; headers: Readonly<Record<string, string>> }>

/**
 * Stands in for Amazon S3, from its API reference (PutObject, GetObject, HeadObject, ListObjectsV2; Signature Version 4
 * by header, https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html; conditional writes,
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). Path style, one bucket, one key pair.
 * Every signature, payload hash and checksum is checked.
 */
export class S3StandIn extends StandIn {
  readonly objects = new Map<string, S3Object>()
  /** How far its clock is ahead of that of this machine. */
  skewMs = 0
  /** Keys in one page of a list. */
  pageKeys = 1_000
  /** As stores do that do not know conditional writes. */
  ignoresConditions = false

  constructor() {
    super((asked) => this.answer(asked))
  }

  private answer(asked: Asked): Answer {
    const refusal = this.refusal(asked)
    if (refusal !== undefined) return refusal
    const [, bucket, ...rest] = asked.path.split('/')
    if (bucket !== S3_BUCKET) return failed(404, 'NoSuchBucket', 'The specified bucket does not exist')
    const key = decodeURIComponent(rest.join('/'))
    if (asked.method === 'GET' && key === '') return this.list(asked.query)
    switch (asked.method) {
      case 'PUT':
        return this.put(key, asked)
      case 'GET':
      case 'HEAD': {
        const found = this.objects.get(key)
        if (found === undefined) return failed(404, 'NoSuchKey', 'The specified key does not exist.')
        const { bytes, etag } = found
        return { status: 200, headers: { etag, 'content-length': String(bytes.length) }, body: bytes }
      }
      default:
        return failed(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.')
    }
  }

  private put(key: string, { headers, body }: Asked): Answer {
    const found = this.objects.get(key)
    const checksum = headers['x-amz-checksum-sha256']
    if (checksum !== undefined && checksum !== createHash('sha256').update(body).digest('base64'))
      return failed(400, 'BadDigest', 'The SHA256 you specified did not match the calculated checksum.')
    if (!this.ignoresConditions) {
      const ifMatch = headers['if-match']
      if (headers['if-none-match'] === '*' && found !== undefined) return preconditionFailed('If-None-Match')
      if (ifMatch !== undefined && found === undefined)
        return failed(404, 'NoSuchKey', 'The specified key does not exist.')
      if (ifMatch !== undefined && found?.etag !== ifMatch) return preconditionFailed('If-Match')
    }
    const etag = `"${createHash('md5').update(body).digest('hex')}"`
    const kept = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-server-side-encryption'))
    this.objects.set(key, { bytes: body, etag, headers: Object.fromEntries(kept) as Record<string, string> })
    return { status: 200, headers: { etag } }
  }

  private list(query: URLSearchParams): Answer {
    const [prefix, after] = [query.get('prefix') ?? '', query.get('continuation-token') ?? '']
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, this.pageKeys)
    const isTruncated = page.length < keys.length
    const contents = page.map((key) => {
      const { bytes, etag } = this.objects.get(key) as S3Object
      return `<Contents><Key>${escaped(key)}</Key><ETag>${escaped(etag)}</ETag><Size>${bytes.length}</Size></Contents>`
    })
    return xml(
      200,
      `<ListBucketResult><Name>${S3_BUCKET}</Name><KeyCount>${page.length}</KeyCount>` +
        `<IsTruncated>${isTruncated}</IsTruncated>` +
        (isTruncated ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>` : '') +
        `${contents.join('')}</ListBucketResult>`,
    )
  }

  private refusal(asked: Asked): Answer | undefined {
    const { headers, body } = asked
    const parts = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(
      headers.authorization ?? '',
    )
    if (parts === null) return failed(403, 'AccessDenied', 'Access Denied')
    const [, keyId, scope = '', signed = '', signature] = parts
    if (keyId !== S3_KEYS.accessKeyId)
      return failed(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
    const sent = String(headers['x-amz-date'])
    const serverNow = Date.now() + this.skewMs
    if (Math.abs(instantOf(sent) - serverNow) > SKEW_MAX_MS)
      return {
        ...failed(
          403,
          'RequestTimeTooSkewed',
          'The difference between the request time and the current time is too large.',
        ),
        headers: { date: new Date(serverNow).toUTCString(), 'content-type': 'application/xml' },
      }
    const payload = String(headers['x-amz-content-sha256'])
    if (payload !== 'UNSIGNED-PAYLOAD' && payload !== createHash('sha256').update(body).digest('hex'))
      return failed(400, 'XAmzContentSHA256Mismatch', 'The provided x-amz-content-sha256 header does not match.')
    if (signatureOf(asked, sent, scope, signed, payload) !== signature)
      return failed(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.')
    return scope.split('/')[1] === REGION
      ? undefined
      : failed(400, 'AuthorizationHeaderMalformed', `the region is wrong; expecting '${REGION}'`)
  }
}

const signatureOf = (asked: Asked, sent: string, scope: string, signed: string, payload: string): string => {
  const encoded = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
  const query = [...asked.query].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort()
  const headers = signed.split(';').map(
    (name) =>
      `${name}:${String(asked.headers[name] ?? '')
        .trim()
        .replace(/ +/g, ' ')}\n`,
  )
  const request = [asked.method, asked.path, query.join('&'), headers.join(''), signed, payload].join('\n')
  const text = ['AWS4-HMAC-SHA256', sent, scope, createHash('sha256').update(request).digest('hex')].join('\n')
  const key = scope
    .split('/')
    .reduce<string | Buffer>(
      (of, part) => createHmac('sha256', of).update(part).digest(),
      `AWS4${S3_KEYS.secretAccessKey}`,
    )
  return createHmac('sha256', key).update(text).digest('hex')
}

/** `20260105T101500Z` */
const instantOf = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
})

export const failed = (status: number, code: string, message: string): Answer =>
  xml(status, `<Error><Code>${code}</Code><Message>${escaped(message)}</Message><RequestId>1</RequestId></Error>`)

const preconditionFailed = (condition: string): Answer =>
  xml(
    412,
    `<Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold` +
      `</Message><Condition>${condition}</Condition></Error>`,
  )
