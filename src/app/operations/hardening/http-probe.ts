import type { Finding } from './finding.js'
import type { EndpointSeen, Patience } from './endpoint.js'
import { answerTo, endsSlow, requestText, type Head } from './wire.js'

type Amiss = Omit<Finding, 'area'>

/** What an answer must bear, and must not. */
const DEMANDED: readonly Readonly<{ name: string; value: RegExp; over?: 'TLS' }>[] = [
  { name: 'x-content-type-options', value: /^nosniff$/ },
  { name: 'content-security-policy', value: /^(?!.*unsafe-(inline|eval)).*default-src 'none'.*frame-ancestors 'none'/ },
  { name: 'x-frame-options', value: /^DENY$/ },
  { name: 'referrer-policy', value: /^no-referrer$/ },
  { name: 'strict-transport-security', value: /^max-age=\d+/, over: 'TLS' },
]
const BANNERS = ['server', 'x-powered-by', 'via']
/** Beyond what any client sends; Node.js takes 16 KiB. */
const HEADER_BYTES = 64 * 1024
const BODY_BYTES = 1024 ** 4
/** No endpoint takes it, so a request that would be let in is refused all the same and changes nothing. */
const NO_TYPE = { 'content-type': 'application/x-streamvane-hardening', 'content-length': '0' }

/** What an endpoint answers to requests that nobody should send. It is changed by none of them. */
export const probeHttp = async (seen: EndpointSeen, patience: Patience): Promise<readonly Amiss[]> =>
  (
    await Promise.all([
      headersOf(seen, patience),
      methodsOf(seen, patience),
      limitsOf(seen, patience),
      slowness(seen, patience),
      withoutToken(seen, patience),
    ])
  ).flat()

const headersOf = async (seen: EndpointSeen, { answerMs }: Patience): Promise<readonly Amiss[]> => {
  const paths = [seen.open, '/nothing-is-here', ...(seen.hasConsole ? ['/console/'] : [])]
  const found = await Promise.all(
    paths.map(async (path) => {
      const head = await answerTo(seen.url, requestText(seen.url, { method: 'GET', path }), answerMs)
      return head === undefined ? [] : faultsOf(head, seen.isTls).map((fault) => `${path}: ${fault}`)
    }),
  )
  return found.flat().map((says) => ({ what: 'headers', state: 'failure', says }))
}

const faultsOf = ({ headers }: Head, isTls: boolean): readonly string[] => [
  ...DEMANDED.filter(({ over }) => over === undefined || isTls).flatMap(({ name, value }) => {
    const given = headers.get(name)
    if (given === undefined) return [`the answer has no ${name}`]
    return value.test(given) ? [] : [`${name} is ${given}`]
  }),
  ...BANNERS.flatMap((name) => {
    const given = headers.get(name)
    return given === undefined ? [] : [`the answer tells its program: ${name}: ${given}`]
  }),
]

const methodsOf = async ({ url, open }: EndpointSeen, { answerMs }: Patience): Promise<readonly Amiss[]> => {
  const taken = await Promise.all(
    ['TRACE', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'].map(async (method) => {
      const head = await answerTo(url, requestText(url, { method, path: open }), answerMs)
      return head !== undefined && head.status < 400 ? [method] : []
    }),
  )
  return taken.flat().map((method) => ({ what: 'methods', state: 'failure', says: `it takes ${method} ${open}` }))
}

const limitsOf = async ({ url, open, guarded }: EndpointSeen, { answerMs }: Patience): Promise<readonly Amiss[]> => {
  const path = guarded.find(({ method }) => method === 'POST')?.path ?? open
  const headers = { 'x-long': 'x'.repeat(HEADER_BYTES) }
  const long = await answerTo(url, requestText(url, { method: 'GET', path: open, headers }), answerMs)
  const announced = { ...NO_TYPE, 'content-length': String(BODY_BYTES) }
  const body = await answerTo(url, requestText(url, { method: 'POST', path, headers: announced }), answerMs).catch(
    () => 'read on' as const,
  )
  return [
    ...(long !== undefined && long.status < 400
      ? [{ what: 'limits', state: 'failure', says: `it takes headers of ${HEADER_BYTES / 1024} KiB` } as const]
      : []),
    ...(body === 'read on' || (body !== undefined && body.status < 400)
      ? [{ what: 'limits', state: 'failure', says: 'it reads on where a body of 1 TiB is announced' } as const]
      : []),
  ]
}

const slowness = async ({ url, isTls }: EndpointSeen, { slowMs }: Patience): Promise<readonly Amiss[]> => {
  const begun = `GET / HTTP/1.1\r\nhost: ${new URL(url).host}\r\nx-slow: `
  const [headers, handshake] = await Promise.all([
    endsSlow(url, begun, slowMs, isTls),
    isTls ? endsSlow(url, '', slowMs, false) : true,
  ])
  return [
    ...(headers ? [] : [`headers that never end are waited for longer than ${slowMs / 1_000} s`]),
    ...(handshake ? [] : [`a TLS handshake that never begins is waited for longer than ${slowMs / 1_000} s`]),
  ].map((says) => ({ what: 'slow clients', state: 'failure', says }))
}

const withoutToken = async ({ url, guarded }: EndpointSeen, { answerMs }: Patience): Promise<readonly Amiss[]> => {
  const open = await Promise.all(
    guarded.map(async ({ method, path }) => {
      const headers = method === 'GET' ? {} : NO_TYPE
      const head = await answerTo(url, requestText(url, { method, path, headers }), answerMs)
      return head === undefined || head.status === 401 || head.status === 403 ? [] : [`${method} ${path}`]
    }),
  )
  return open.flat().map((what) => ({ what: 'access', state: 'failure', says: `${what} asks for no token` }))
}
