import type { AdminConfig } from '../../../app/config/admin-schema.js'
import { ProblemError } from '../answers/problem.js'
import { FailedAttempts } from './failed-attempts.js'
import { oidcCheck } from './oidc.js'
import type { Principal } from './roles.js'
import { tokenCheck } from './tokens.js'

export type AuthenticationOptions = Readonly<{
  settings: Pick<AdminConfig, 'tokens' | 'oidc' | 'failedPerMinuteMax'>
  /** The token in the data folder, for commands on this machine. */
  local: Readonly<{ token: string; tenant: string }>
  now: () => number
  /** A token was refused: why, without the token. */
  onRefused: (why: string) => void
}>

/**
 * Who sends an `Authorization` header from an address, with the names in its client certificate. Throws `ProblemError`
 * with 401, 429, or 503.
 */
export type Authenticate = (
  header: string | undefined,
  address: string,
  names?: readonly string[],
) => Promise<Principal>

export const authentication = ({ settings, local, now, onRefused }: AuthenticationOptions): Authenticate => {
  const failed = new FailedAttempts(settings.failedPerMinuteMax, now)
  const byToken = tokenCheck(settings.tokens, local, now)
  const byIssuer = settings.oidc === undefined ? undefined : oidcCheck(settings.oidc, now)

  const refused = (why: string, address: string): ProblemError => {
    failed.failed(address)
    onRefused(why)
    return unauthorized('the token is not valid, or no longer: an operator gives out another')
  }

  return async (header, address, names) => {
    const waitS = failed.waitS(address)
    if (waitS > 0)
      throw new ProblemError(
        'too-many-requests',
        `too many refused tokens from this address; try again in ${waitS} s`,
        {
          headers: { 'retry-after': String(waitS) },
        },
      )
    const token = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1]
    if (token === undefined) throw unauthorized('send a token as Authorization: Bearer <token>')
    const known = byToken(token, names)
    if (known !== undefined) return known
    if (byIssuer === undefined || token.split('.').length !== 3)
      throw refused('an unknown or expired token, or one without its client certificate', address)
    const verdict = await byIssuer(token)
    switch (verdict.kind) {
      case 'good':
        return verdict.principal
      case 'refused':
        throw refused(verdict.why, address)
      case 'issuer-away':
        onRefused(`the keys of ${settings.oidc?.issuer ?? ''} could not be had: ${verdict.why}`)
        throw new ProblemError(
          'not-available',
          'the issuer of this token cannot be asked for its keys now; try again',
          {
            headers: { 'retry-after': '5' },
          },
        )
    }
  }
}

const unauthorized = (detail: string): ProblemError =>
  new ProblemError('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer realm="streamvane-admin"' } })
