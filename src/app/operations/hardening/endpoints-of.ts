import type { Config } from '../../config/schema.js'
import { isLoopback } from '../../config/runnable.js'
import { tlsOf, type Endpoint } from '../../config/tls-schema.js'
import { reachable } from '../status/running.js'
import type { Expected } from './check-process.js'
import type { EndpointSeen, Guarded } from './endpoint.js'

/** Where the admin API of a running process is, as it wrote it into the data folder. */
export type Whereabouts = Readonly<{ adminUrl?: string | undefined }>

type Place = Readonly<{ endpoint: Endpoint; host: string; port: number }>

/** Where the configuration says that it listens; an admin API without settings is where the process says. */
const placesOf = (config: Config, { adminUrl }: Whereabouts): readonly Place[] => {
  const { ingress, health, admin, feeds } = config
  const places: Place[] = []
  if (ingress.enabled) places.push({ endpoint: 'ingress', host: ingress.host, port: ingress.port })
  if (health.port !== undefined) places.push({ endpoint: 'health', host: health.host, port: health.port })
  else if (!ingress.enabled) places.push({ endpoint: 'health', host: health.host, port: ingress.port })
  const given = admin === undefined || admin === false ? undefined : admin
  if (given !== undefined && given.port !== 0) places.push({ endpoint: 'admin', host: given.host, port: given.port })
  else if (admin !== false && adminUrl !== undefined)
    places.push({ endpoint: 'admin', host: given?.host ?? '127.0.0.1', port: Number(new URL(adminUrl).port) })
  if (feeds.server !== undefined) places.push({ endpoint: 'feeds', host: feeds.server.host, port: feeds.server.port })
  return places
}

/** The ports at which a process of this configuration may listen. Those that it takes free (0) are not among them. */
export const expectedPorts = (config: Config, whereabouts: Whereabouts): readonly Expected[] =>
  placesOf(config, whereabouts).filter(({ port }) => port !== 0)

/** The endpoints that can be asked. */
export const endpointsOf = (config: Config, whereabouts: Whereabouts): readonly EndpointSeen[] =>
  expectedPorts(config, whereabouts).map((place): EndpointSeen => {
    const { host, port } = place
    const endpoint = place.endpoint as Endpoint
    const isTls = tlsOf(config, endpoint) !== undefined
    return {
      ...{ endpoint, isTls, isReachable: !isLoopback(host) },
      url: `${isTls ? 'https' : 'http'}://${reachable(host)}:${port}`,
      guarded: guardedOf(config, endpoint, host),
      open: OPEN[endpoint],
      hasConsole: endpoint === 'admin' && typeof config.admin === 'object' && config.admin.console.enabled,
    }
  })

const OPEN = { ingress: '/livez', health: '/livez', admin: '/v1/openapi.json', feeds: '/openapi.json' } as const

const guardedOf = (config: Config, endpoint: Endpoint, host: string): readonly Guarded[] => {
  const { metrics } = config.telemetry
  const hasToken = metrics.token !== undefined || (metrics.access === 'token' && !isLoopback(host))
  const page: readonly Guarded[] = metrics.enabled && hasToken ? [{ method: 'GET', path: metrics.path }] : []
  switch (endpoint) {
    case 'ingress':
      return [
        ...page,
        ...(config.ingress.token !== undefined || !isLoopback(host) ? [{ method: 'POST', path: '/v1/events' }] : []),
      ]
    case 'health':
      return page
    case 'feeds':
      return [
        { method: 'GET', path: '/feeds' },
        { method: 'GET', path: '/feeds/any' },
      ]
    case 'admin':
      return [...page, ...adminCalls(config.tenant)]
  }
}

/** One of each kind: the tests go over every operation, and each refusal stands in the audit log. */
const adminCalls = (tenant: string): readonly Guarded[] => [
  { method: 'GET', path: `/v1/tenants/${tenant}/stages` },
  { method: 'POST', path: `/v1/tenants/${tenant}/generations` },
  { method: 'GET', path: '/v1/jobs/any' },
  { method: 'POST', path: '/v1/raw/appends' },
]
