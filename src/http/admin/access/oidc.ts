import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { AdminRole, OidcConfig } from '../../../app/config/admin-schema.js'
import { adminRoles } from '../../../app/config/admin-schema.js'
import type { Principal } from './roles.js'

/**
 * - `refused`: the token is not good; `why` is for our log, not for the sender
 * - `issuer-away`: the issuer's keys could not be had, so nobody knows whether it is good
 */
export type TokenVerdict =
  | Readonly<{ kind: 'good'; principal: Principal }>
  | Readonly<{ kind: 'refused'; why: string }>
  | Readonly<{ kind: 'issuer-away'; why: string }>

/** A discovery that failed is not tried again before this. */
const DISCOVERY_PAUSE_MS = 5_000

/**
 * Verifies bearer tokens of an OpenID Connect issuer: signature by a key of its key set and an allowed algorithm,
 * issuer, audience, expiry, not-before. Keys are found by discovery when the first token comes, cached, and fetched
 * again when a token names an unknown key, so that the issuer may rotate them.
 */
export const oidcCheck = (settings: OidcConfig, now: () => number): ((token: string) => Promise<TokenVerdict>) => {
  const keys = discoveredKeys(settings, now)
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, await keys(), {
        ...{ issuer: settings.issuer, audience: settings.audience, algorithms: [...settings.algorithms] },
        ...{ clockTolerance: settings.clockSkewS, requiredClaims: ['exp', 'sub'], currentDate: new Date(now()) },
      })
      return { kind: 'good', principal: principalOf(payload, settings) }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      return isOfToken(cause) ? { kind: 'refused', why } : { kind: 'issuer-away', why }
    }
  }
}

/** What jose says of the token itself; all else is about fetching keys. */
const isOfToken = (cause: unknown): boolean =>
  cause instanceof errors.JOSEError &&
  !(cause instanceof errors.JWKSTimeout) &&
  !(cause instanceof errors.JWKSInvalid) &&
  cause.code !== 'ERR_JOSE_GENERIC'

class DiscoveryFailed extends Error {
  override readonly name = 'DiscoveryFailed'
}

const discoveredKeys = (settings: OidcConfig, now: () => number): (() => Promise<JWTVerifyGetKey>) => {
  let found: Promise<JWTVerifyGetKey> | undefined
  let failedAt: number | undefined
  let failure: unknown
  return async () => {
    if (failedAt !== undefined && now() - failedAt < DISCOVERY_PAUSE_MS) throw failure
    found ??= keysOf(settings)
    try {
      return await found
    } catch (cause) {
      found = undefined
      failedAt = now()
      failure = cause
      throw cause
    }
  }
}

const keysOf = async (settings: OidcConfig): Promise<JWTVerifyGetKey> => {
  const { issuer, timeoutMs } = settings
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' })
  if (!response.ok) throw new DiscoveryFailed(`${address} answers ${response.status}`)
  const document = (await response.json()) as Readonly<{ issuer?: unknown; jwks_uri?: unknown }>
  if (document.issuer !== issuer)
    throw new DiscoveryFailed(`${address} speaks for ${String(document.issuer)}, not for ${issuer} (admin.oidc.issuer)`)
  const place =
    typeof document.jwks_uri === 'string' && URL.canParse(document.jwks_uri) ? new URL(document.jwks_uri) : undefined
  if (place === undefined || (place.protocol !== 'https:' && new URL(issuer).protocol === 'https:'))
    throw new DiscoveryFailed(`${address} names no jwks_uri with https`)
  return createRemoteJWKSet(place, {
    timeoutDuration: timeoutMs,
    cooldownDuration: settings.keysCooldownS * 1_000,
    cacheMaxAge: settings.keysMaxAgeS * 1_000,
  })
}

const principalOf = (payload: JWTPayload, settings: OidcConfig): Principal => {
  const { roleClaim, roles, tenantClaim, tenants = [] } = settings
  const named = textsAt(payload, roleClaim)
  return {
    kind: 'oidc',
    name: payload.sub ?? '',
    roles: adminRoles.filter((role) => named.some((name) => roleOf(name, roles) === role)),
    tenants: tenantClaim === undefined ? tenants : textsAt(payload, tenantClaim),
    ...(payload.exp !== undefined && { until: payload.exp * 1_000 }),
  }
}

const roleOf = (name: string, roles: OidcConfig['roles']): AdminRole | undefined =>
  roles === undefined ? adminRoles.find((role) => role === name) : Object.hasOwn(roles, name) ? roles[name] : undefined

/** The text, or the texts of the list, at a claim; a name with dots that is no claim itself is a path. */
const textsAt = (payload: JWTPayload, claim: string): readonly string[] => {
  const value = Object.hasOwn(payload, claim) ? payload[claim] : claim.split('.').reduce<unknown>(memberOf, payload)
  if (typeof value === 'string') return value.split(' ').filter((text) => text !== '')
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
