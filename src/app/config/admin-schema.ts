import { z } from 'zod'
import { isTenant } from '../../domain/stream-name.js'
import { secret } from './secrets/secret-schema.js'
import { endpointTlsSchema } from './tls-schema.js'

/**
 * - `viewer` reads figures and status
 * - `operator` changes things, and reads what that takes
 * - `auditor` reads everything, raw events and the audit log included, and changes nothing
 */
export const adminRoles = ['viewer', 'operator', 'auditor'] as const
export type AdminRole = (typeof adminRoles)[number]

/** The algorithms of signatures by a private key. `none` and those with a shared secret cannot be allowed. */
const signatureAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
] as const

const tenantName = z.string().refine(isTenant, 'lower-case letters, digits, - and _ only, 63 at most')

const adminTokenSchema = z.strictObject({
  /** Stands in the audit log. */
  name: z.string().regex(/^[\w.@:-]{1,64}$/, 'letters, digits, _ . @ : and - only, 64 at most'),
  roles: z.array(z.enum(adminRoles)).min(1),
  tenants: z.array(tenantName).min(1),
  /** SHA-256 of the token in hexadecimal, as `streamvane admin token create` prints it. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 that `streamvane admin token create` prints'),
  /** The token is refused from then on; without it, never. */
  expires: z.iso.datetime({ offset: true }).optional(),
  /** The token is good only beside a client certificate with this name: its common name, or a DNS name, URI or mail. */
  certificate: z.string().min(1).max(500).optional(),
})

const issuerUrl = z.url({ protocol: /^https?$/ })

const oidcSchema = z.strictObject({
  /** As the issuer writes itself in its tokens; its keys are found by discovery below this address. */
  issuer: issuerUrl,
  audience: z.string().min(1),
  algorithms: z.array(z.enum(signatureAlgorithms)).min(1).default(['RS256', 'ES256']),
  /** Claim with a role or a list of roles; a path with dots goes into objects (`realm_access.roles`). */
  roleClaim: z.string().min(1).default('roles'),
  /** What a value of the role claim means; without it the values are the names of our roles. */
  roles: z.record(z.string(), z.enum(adminRoles)).optional(),
  /** Claim with a tenant or a list of tenants. Without it a token is good for `tenants`. */
  tenantClaim: z.string().min(1).optional(),
  tenants: z.array(tenantName).min(1).optional(),
  /** How far the clocks of issuer and this machine may differ. */
  clockSkewS: z.number().int().min(0).max(300).default(30),
  /** How long to wait for the issuer. */
  timeoutMs: z.number().int().min(100).max(60_000).default(5_000),
  /** How long keys are used before they are fetched again; a token with an unknown key fetches them at once. */
  keysMaxAgeS: z.number().int().min(1).default(600),
  /** Keys are not fetched more often than this, however many tokens name keys that are unknown. */
  keysCooldownS: z.number().int().min(0).default(10),
  /** People sign in to the console at the issuer: authorization code with PKCE. Needs `console.address`. */
  signIn: z
    .strictObject({
      /** The client that is registered at the issuer; ID tokens are for it. */
      clientId: z.string().min(1),
      /** Of a confidential client; a public one has none. */
      clientSecret: secret.optional(),
      scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'without spaces and quotes')).default(['openid']),
      /** A session that began at the issuer ends after this time: the roles are asked for again. */
      sessionMaxS: z.number().int().min(60).default(3_600),
    })
    .optional(),
})

/** The console in the browser (docs/console.md). */
const consoleSchema = z.strictObject({
  /** Serve it; `--console` does too. */
  enabled: z.boolean().default(false),
  /** A session ends after this time without a request or an open live stream. */
  idleMaxS: z.number().int().min(60).default(1_800),
  /** A session ends after this time whatever happens. */
  sessionMaxS: z.number().int().min(60).default(43_200),
  /** Beyond, the session that was unused longest ends. */
  sessionsMax: z.number().int().min(1).max(10_000).default(200),
  /** Live streams that may be open at a time. */
  liveMax: z.number().int().min(1).max(10_000).default(200),
  /** Origin at which browsers reach the console: `https://sv.example.org`. The issuer sends people back to it. */
  address: z
    .url({ protocol: /^https?$/ })
    .refine((address) => new URL(address).pathname === '/' && !/[?#]/.test(address), 'an origin, without a path')
    .transform((address) => new URL(address).origin)
    .optional(),
})

/** The settings of the admin API. */
export const adminSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  /** 0 takes a free one. */
  port: z.number().int().min(0).max(65_535).default(8089),
  tokens: z.array(adminTokenSchema).default([]),
  oidc: oidcSchema.optional(),
  bodyMaxBytes: z
    .number()
    .int()
    .min(1024)
    .default(8 * 1024 * 1024),
  tls: endpointTlsSchema.optional(),
  console: consoleSchema.prefault({}),
  /** A call that takes longer is answered 503; long operations are jobs, which have no limit. */
  answerMaxMs: z.number().int().min(100).default(60_000),
  /** Refused authentications from one address in a minute, beyond which it is answered 429. */
  failedPerMinuteMax: z.number().int().min(1).default(10),
  jobs: z
    .strictObject({
      runningMax: z.number().int().min(1).max(64).default(4),
      /** Ended jobs that are remembered. */
      keptMax: z.number().int().min(1).max(10_000).default(100),
      /** A larger result is not kept. */
      resultMaxBytes: z
        .number()
        .int()
        .min(1024)
        .default(4 * 1024 * 1024),
    })
    .prefault({}),
})

export type AdminConfig = z.infer<typeof adminSchema>
export type AdminToken = AdminConfig['tokens'][number]
export type OidcConfig = NonNullable<AdminConfig['oidc']>

/** What the settings of the admin API lack, or say twice. */
export const adminProblems = (
  { host, tokens, oidc, console: { address } }: AdminConfig,
  isLoopback: (host: string) => boolean,
): readonly string[] => {
  const twice = tokens.find(({ name }, index) => tokens.findIndex((other) => other.name === name) < index)
  return [
    ...(isLoopback(host) || tokens.length > 0 || oidc !== undefined
      ? []
      : [
          `admin.host: the admin API would listen on ${host} without a way to sign in: set admin.tokens (\`streamvane admin token create\`) or admin.oidc, or bind it to 127.0.0.1`,
        ]),
    ...(twice === undefined
      ? []
      : [`admin.tokens: two tokens have the name ${twice.name}: the audit log needs one each`]),
    ...(oidc === undefined || oidc.tenantClaim !== undefined || oidc.tenants !== undefined
      ? []
      : ['admin.oidc: say for which tenants its tokens are good: tenantClaim, or tenants']),
    ...(oidc === undefined || oidc.issuer.startsWith('https:') || isLoopback(new URL(oidc.issuer).hostname)
      ? []
      : ['admin.oidc.issuer: keys that are fetched over plain HTTP can be replaced on the way: give an https address']),
    ...(oidc?.signIn === undefined || address !== undefined
      ? []
      : [
          'admin.console.address: people who sign in at the issuer are sent back to it: say where browsers reach the console',
        ]),
    ...(address === undefined || address.startsWith('https:') || isLoopback(new URL(address).hostname)
      ? []
      : ['admin.console.address: beyond loopback browsers keep a session only by HTTPS: give an https address']),
  ]
}
