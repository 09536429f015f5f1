import { createHmac } from 'node:crypto'
import { escaped, StandIn, type Answer, type Asked } from './stand-in.js'

export const AZURE_ACCOUNT = 'standin'
export const AZURE_KEY = Buffer.from('the key of the stand-in, 32 bytes').toString('base64')
export const AZURE_CONTAINER = 'kpis'
const SKEW_MAX_MS = 15 * 60_000

type Blob = Readonly<{ bytes: Buffer; etag: string }>

/**
 * Stands in for Azure Blob Storage, from its REST reference (Put Blob, Get Blob, Get Blob Properties, List Blobs; Shared
 * Key, https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key; service SAS,
 * https://learn.microsoft.com/rest/api/storageservices/create-service-sas; conditional headers). The account is the
 * first part of the path, as in the addresses of emulators; one container. Every signature is checked.
 */
export class AzureStandIn extends StandIn {
  readonly blobs = new Map<string, Blob>()
  skewMs = 0
  /** Blobs in one page of a list. */
  pageBlobs = 5_000
  private versions = 0

  constructor() {
    super((asked) => this.answer(asked))
  }

  /** The address of the blob service of the account. */
  get endpoint(): string {
    return `${this.url}/${AZURE_ACCOUNT}`
  }

  get connectionString(): string {
    return `DefaultEndpointsProtocol=http;AccountName=${AZURE_ACCOUNT};AccountKey=${AZURE_KEY};BlobEndpoint=${this.endpoint};`
  }

  private answer(asked: Asked): Answer {
    const refusal = this.refusal(asked)
    if (refusal !== undefined) return refusal
    const [, , container, ...rest] = asked.path.split('/')
    if (container !== AZURE_CONTAINER)
      return failed(404, 'ContainerNotFound', 'The specified container does not exist.')
    const name = decodeURIComponent(rest.join('/'))
    if (asked.query.get('comp') === 'list') return this.list(asked.query)
    switch (asked.method) {
      case 'PUT':
        return this.put(name, asked)
      case 'GET':
      case 'HEAD': {
        const found = this.blobs.get(name)
        if (found === undefined) return failed(404, 'BlobNotFound', 'The specified blob does not exist.')
        const { bytes, etag } = found
        const headers = { etag, 'content-length': String(bytes.length), 'x-ms-blob-type': 'BlockBlob' }
        return { status: 200, headers: { ...headers, 'last-modified': new Date(0).toUTCString() }, body: bytes }
      }
      default:
        return failed(405, 'UnsupportedHttpVerb', 'The resource does not support the specified HTTP verb.')
    }
  }

  private put(name: string, { headers, body }: Asked): Answer {
    if (headers['x-ms-blob-type'] !== 'BlockBlob') return failed(400, 'MissingRequiredHeader', 'x-ms-blob-type')
    const found = this.blobs.get(name)
    const ifMatch = headers['if-match']
    if (headers['if-none-match'] === '*' && found !== undefined)
      return failed(409, 'BlobAlreadyExists', 'The specified blob already exists.')
    if (ifMatch !== undefined && found?.etag !== ifMatch)
      return failed(412, 'ConditionNotMet', 'The condition specified using HTTP conditional header(s) is not met.')
    const etag = `"0x${(++this.versions).toString(16).toUpperCase().padStart(15, '0')}"`
    this.blobs.set(name, { bytes: body, etag })
    return { status: 201, headers: { etag, 'last-modified': new Date(0).toUTCString() } }
  }

  private list(query: URLSearchParams): Answer {
    const [prefix, marker] = [query.get('prefix') ?? '', query.get('marker') ?? '']
    const names = [...this.blobs.keys()].filter((name) => name.startsWith(prefix) && name > marker).sort()
    const page = names.slice(0, this.pageBlobs)
    const blobs = page.map((name) => {
      const { bytes, etag } = this.blobs.get(name) as Blob
      return (
        `<Blob><Name>${escaped(name)}</Name><Properties><Etag>${escaped(etag)}</Etag>` +
        `<Last-Modified>${new Date(0).toUTCString()}</Last-Modified>` +
        `<Content-Length>${bytes.length}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`
      )
    })
    const next = page.length < names.length ? escaped(page.at(-1) ?? '') : ''
    return {
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body:
        `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="${this.endpoint}" ` +
        `ContainerName="${AZURE_CONTAINER}"><Blobs>${blobs.join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
    }
  }

  private refusal(asked: Asked): Answer | undefined {
    const { headers, query } = asked
    if (query.has('sig')) return this.sasRefusal(asked)
    const authorization = headers.authorization ?? ''
    const signature = /^SharedKey ([^:]+):(.+)$/.exec(authorization)
    if (signature === null || signature[1] !== AZURE_ACCOUNT)
      return refused('Server failed to authenticate the request.')
    const sent = Date.parse(String(headers['x-ms-date'] ?? headers.date))
    if (Math.abs(sent - Date.now() - this.skewMs) > SKEW_MAX_MS) return refused('Request date header too old')
    return signature[2] === sharedKeySignature(asked)
      ? undefined
      : refused('The MAC signature is not the computed one.')
  }

  /** A service SAS of the container, version 2020-12-06 or later. */
  private sasRefusal({ query, method, path }: Asked): Answer | undefined {
    const of = (name: string): string => query.get(name) ?? ''
    const text = [
      ...[of('sp'), of('st'), of('se'), `/blob/${AZURE_ACCOUNT}/${AZURE_CONTAINER}`, of('si'), of('sip'), of('spr')],
      ...[of('sv'), of('sr'), '', of('ses'), of('rscc'), of('rscd'), of('rsce'), of('rscl'), of('rsct')],
    ].join('\n')
    const key = Buffer.from(AZURE_KEY, 'base64')
    if (createHmac('sha256', key).update(text).digest('base64') !== of('sig'))
      return refused('Signature did not match.')
    if (Date.parse(of('se')) < Date.now() + this.skewMs)
      return refused('Signature not valid in the specified time frame')
    const right = method === 'PUT' ? /[cw]/ : path.endsWith(`/${AZURE_CONTAINER}`) ? /l/ : /r/
    return right.test(of('sp'))
      ? undefined
      : failed(403, 'AuthorizationPermissionMismatch', 'This request is not authorized to perform this operation.')
  }
}

const sharedKeySignature = ({ method, path, query, headers, body }: Asked): string => {
  const of = (name: string): string => String(headers[name] ?? '')
  const length = body.length === 0 ? '' : String(body.length)
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort()
    .map((name) => `${name}:${of(name).trim()}`)
  const names = [...new Set(query.keys())].sort()
  const parameters = names.map((name) => `\n${name.toLowerCase()}:${query.getAll(name).sort().join(',')}`)
  const text = [
    ...[method, of('content-encoding'), of('content-language'), length, of('content-md5'), of('content-type'), ''],
    ...[of('if-modified-since'), of('if-match'), of('if-none-match'), of('if-unmodified-since'), of('range')],
    ...own,
    `/${AZURE_ACCOUNT}${path}${parameters.join('')}`,
  ].join('\n')
  return createHmac('sha256', Buffer.from(AZURE_KEY, 'base64')).update(text).digest('base64')
}

export const failed = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { 'x-ms-error-code': code, 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`,
})

const refused = (message: string): Answer => failed(403, 'AuthenticationFailed', message)
