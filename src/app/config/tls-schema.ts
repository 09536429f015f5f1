import { z } from 'zod'
import { endpoints } from '../../telemetry/catalogue.js'
import { secret } from './secrets/secret-schema.js'

export type Endpoint = (typeof endpoints)[number]

const YEAR_S = 31_536_000

const fields = {
  /** PEM file: the certificate, and those between it and the authority. Read again when it changes, as is the key. */
  certificateFile: z.string().min(1).optional(),
  privateKey: secret.optional(),
  privateKeyPassphrase: secret.optional(),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).optional(),
  /** PEM file with the authorities of client certificates. */
  clientCaFile: z.string().min(1).optional(),
  /** Default: `required` where `clientCaFile` is given, else `none`. */
  clientCertificates: z.enum(['none', 'optional', 'required']).optional(),
  /** Seconds of Strict-Transport-Security; 0 makes browsers forget it. */
  hstsMaxAgeS: z.number().int().min(0).optional(),
}

/** Of all endpoints that say nothing else. */
export const tlsSchema = z.strictObject(fields)

/** Of one endpoint: what differs from `tls`; `false`: plain HTTP. */
export const endpointTlsSchema = z.union([z.literal(false), z.strictObject(fields)])

type Given = z.infer<typeof tlsSchema>

/** How one endpoint speaks TLS. */
export type EndpointTls = Readonly<{
  certificateFile: string
  privateKey: NonNullable<Given['privateKey']>
  privateKeyPassphrase?: Given['privateKeyPassphrase']
  minVersion: 'TLSv1.2' | 'TLSv1.3'
  clientCaFile?: string | undefined
  clientCertificates: 'none' | 'optional' | 'required'
  hstsMaxAgeS: number
}>

type GivenOfEndpoint = Given | false | undefined

type BoundToken = Readonly<{ name: string; certificate?: string | undefined }>

/** The parts of a configuration that say how endpoints speak TLS. */
export type TlsConfig = Readonly<{
  tls?: Given | undefined
  ingress: Readonly<{ tls?: GivenOfEndpoint }>
  health: Readonly<{ tls?: GivenOfEndpoint }>
  admin?: Readonly<{ tls?: GivenOfEndpoint; tokens: readonly BoundToken[] }> | false | undefined
  feeds: Readonly<{ server?: Readonly<{ tls?: GivenOfEndpoint }> | undefined }>
}>

const ownOf = ({ ingress, health, admin, feeds }: TlsConfig): Readonly<Record<Endpoint, GivenOfEndpoint>> => ({
  ingress: ingress.tls,
  health: health.tls,
  admin: admin === false ? undefined : admin?.tls,
  feeds: feeds.server?.tls,
})

/** Where the settings of an endpoint stand, for messages. */
export const tlsKeyOf = (config: TlsConfig, endpoint: Endpoint): string =>
  ownOf(config)[endpoint] === undefined ? 'tls' : keyOf[endpoint]

const keyOf = { ingress: 'ingress.tls', health: 'health.tls', admin: 'admin.tls', feeds: 'feeds.server.tls' } as const

/** How an endpoint speaks TLS: its own settings over those of all. `undefined`: it speaks plain HTTP. */
export const tlsOf = (config: TlsConfig, endpoint: Endpoint): EndpointTls | undefined => {
  const merged = mergedOf(config, endpoint)
  if (merged === undefined) return undefined
  const { certificateFile, privateKey, clientCaFile } = merged
  if (certificateFile === undefined || privateKey === undefined) return undefined
  return {
    ...{ ...merged, certificateFile, privateKey },
    minVersion: merged.minVersion ?? 'TLSv1.2',
    hstsMaxAgeS: merged.hstsMaxAgeS ?? YEAR_S,
    clientCertificates: merged.clientCertificates ?? (clientCaFile === undefined ? 'none' : 'required'),
  }
}

const mergedOf = (config: TlsConfig, endpoint: Endpoint): Given | undefined => {
  const own = ownOf(config)[endpoint]
  return own === false || (own === undefined && config.tls === undefined) ? undefined : { ...config.tls, ...own }
}

/** Why the settings of TLS cannot be meant as they are. */
export const tlsFaults = (config: TlsConfig): readonly Readonly<{ path: readonly string[]; message: string }>[] => {
  const faults = endpoints.flatMap((endpoint) => {
    const merged = mergedOf(config, endpoint)
    const path = tlsKeyOf(config, endpoint).split('.')
    return merged === undefined ? [] : faultsOf(merged).map((message) => ({ path, message }))
  })
  return [
    // What is wrong with the settings of all is said once.
    ...faults.filter(
      ({ path, message }, place) =>
        faults.findIndex((other) => other.path.join() === path.join() && other.message === message) === place,
    ),
    ...tokenFaults(config),
  ]
}

/** A token that is bound to a client certificate would never be good where none is asked for. */
const tokenFaults = (config: TlsConfig): ReturnType<typeof tlsFaults> => {
  if (config.admin === undefined || config.admin === false) return []
  const mode = tlsOf(config, 'admin')?.clientCertificates ?? 'none'
  return config.admin.tokens
    .filter(({ certificate }) => certificate !== undefined && mode === 'none')
    .map(({ name }) => ({
      path: ['admin', 'tokens'],
      message: `the token ${name} is bound to a client certificate, and the admin API asks for none: give admin.tls.clientCaFile`,
    }))
}

const faultsOf = ({ certificateFile, privateKey, clientCaFile, clientCertificates }: Given): readonly string[] => [
  ...(certificateFile !== undefined && privateKey !== undefined
    ? []
    : ['certificateFile and privateKey go together: give both here or in tls (false: plain HTTP)']),
  ...(clientCertificates === undefined || clientCertificates === 'none' || clientCaFile !== undefined
    ? []
    : ['client certificates are checked by their authority: give clientCaFile']),
]
