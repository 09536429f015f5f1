import * as client from 'openid-client'
import type { OidcConfig } from '../../../app/config/admin-schema.js'
import { oidcCheck } from '../../admin/access/oidc.js'
import type { Principal } from '../../admin/access/roles.js'
import type { SignInFailure } from '../shapes.js'

/** What a browser keeps between leaving for the issuer and coming back. */
export type Leaving = Readonly<{ state: string; nonce: string; verifier: string }>

/** The message says why, for the log. */
export class IssuerSignInFailed extends Error {
  override readonly name = 'IssuerSignInFailed'
  readonly failure: SignInFailure

  constructor(failure: SignInFailure, why: string) {
    super(why)
    this.failure = failure
  }
}

/** Sign-in of people at an OpenID Connect issuer: authorization code with PKCE, state and nonce. */
export type Issuer = Readonly<{
  /** Where to send the browser, and what it has to bring back. Throws `IssuerSignInFailed`. */
  leave: () => Promise<Readonly<{ to: URL; leaving: Leaving }>>
  /** Who has come back, by the query that the issuer sent along. Throws `IssuerSignInFailed`. */
  arrive: (query: string, leaving: Leaving) => Promise<Principal>
}>

/** @param returnTo The address to which the issuer sends people back. */
export const issuerOf = (
  settings: OidcConfig & Readonly<{ signIn: NonNullable<OidcConfig['signIn']> }>,
  returnTo: string,
  now: () => number,
): Issuer => {
  const { issuer, signIn, clockSkewS, timeoutMs } = settings
  const verified = oidcCheck({ ...settings, audience: signIn.clientId }, now)
  // Discovered at each sign-in: they are rare, and the issuer may have moved its endpoints.
  const discovered = async (): Promise<client.Configuration> => {
    const secret = signIn.clientSecret?.read()
    try {
      return await client.discovery(
        new URL(issuer),
        signIn.clientId,
        { [client.clockTolerance]: clockSkewS },
        secret === undefined ? client.None() : client.ClientSecretPost(secret),
        {
          timeout: timeoutMs / 1_000,
          // The configuration allows plain HTTP for an issuer of this machine only.
          // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to stand out
          ...(issuer.startsWith('http:') && { execute: [client.allowInsecureRequests] }),
        },
      )
    } catch (cause) {
      throw new IssuerSignInFailed('away', messageOf(cause))
    }
  }
  return {
    leave: async () => {
      const leaving = {
        ...{ state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() },
      }
      const to = client.buildAuthorizationUrl(await discovered(), {
        ...{ redirect_uri: returnTo, scope: signIn.scopes.join(' '), state: leaving.state, nonce: leaving.nonce },
        ...{ code_challenge: await client.calculatePKCECodeChallenge(leaving.verifier), code_challenge_method: 'S256' },
      })
      return { to, leaving }
    },
    arrive: async (query, { state, nonce, verifier }) => {
      const tokens = await client
        .authorizationCodeGrant(await discovered(), new URL(`${returnTo}?${query}`), {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
        })
        .catch(async (cause: unknown) => {
          // A code is taken once; with a secret that was rotated in its vault the next sign-in succeeds.
          await signIn.clientSecret?.held?.refused()
          throw new IssuerSignInFailed(failureOf(cause), messageOf(cause))
        })
      const verdict = await verified(tokens.id_token ?? '')
      if (verdict.kind === 'good') return { ...verdict.principal, until: now() + signIn.sessionMaxS * 1_000 }
      throw new IssuerSignInFailed(verdict.kind === 'refused' ? 'not-accepted' : 'away', verdict.why)
    },
  }
}

const failureOf = (cause: unknown): SignInFailure => {
  if (cause instanceof client.AuthorizationResponseError) return 'denied'
  // What fetch itself throws, and a limit of time.
  return cause instanceof TypeError || isTimeout(cause) ? 'away' : 'not-accepted'
}

const isTimeout = (cause: unknown): boolean =>
  cause instanceof Error && (cause.name === 'TimeoutError' || (cause as { code?: string }).code === 'OAUTH_TIMEOUT')

/** The message with that of its cause, which says more. Neither holds codes or tokens. */
const messageOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message
}
