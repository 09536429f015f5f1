import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { AdminToken } from '../../../app/config/admin-schema.js'
import type { Principal } from './roles.js'

const PREFIX = 'svadm_'

/**
 * A new token: 256 random bits behind a prefix by which scanners of repositories know it. Its hash is one SHA-256:
 * slow hashes (scrypt) make guessing of passwords costly, and 256 random bits cannot be guessed at any speed.
 */
export const newToken = (prefix = PREFIX): Readonly<{ token: string; sha256: string }> => {
  const token = `${prefix}${randomBytes(32).toString('base64url')}`
  return { token, sha256: sha256(token).toString('hex') }
}

type Known = Readonly<{
  digest: Buffer
  expires: number | undefined
  certificate: string | undefined
  principal: Principal
}>

/**
 * The principal of a configured token; `undefined` for an unknown or an expired one, and for one whose certificate is not
 * that of the client. `names`: those in the client's certificate, which was checked.
 */
export const tokenCheck = (
  tokens: readonly AdminToken[],
  local: Readonly<{ token: string; tenant: string }>,
  now: () => number,
): ((token: string, names?: readonly string[]) => Principal | undefined) => {
  const localPrincipal: Principal = {
    ...{ kind: 'local', name: 'local', roles: ['operator', 'auditor'], tenants: [local.tenant] },
  }
  const known: readonly Known[] = [
    { digest: sha256(local.token), expires: undefined, certificate: undefined, principal: localPrincipal },
    ...tokens.map(({ name, roles, tenants, sha256: hash, expires, certificate }): Known => {
      const until = expires === undefined ? undefined : Date.parse(expires)
      const principal: Principal = { kind: 'token', name, roles, tenants, ...(until !== undefined && { until }) }
      return { digest: Buffer.from(hash, 'hex'), expires: until, certificate, principal }
    }),
  ]
  return (token, names = []) => {
    const digest = sha256(token)
    let found: Known | undefined
    // All are compared, each in constant time, so that the time tells neither which one matches nor how far.
    for (const each of known) if (timingSafeEqual(each.digest, digest)) found = each
    if (found === undefined || (found.expires !== undefined && found.expires <= now())) return undefined
    return found.certificate === undefined || names.includes(found.certificate) ? found.principal : undefined
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
