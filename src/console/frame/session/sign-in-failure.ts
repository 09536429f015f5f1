import type { SignInFailure } from '../../../http/console/shapes.js'

/** What a person is told whose sign-in at the issuer failed. */
export const signInFailures: Readonly<Record<SignInFailure, string>> = {
  denied:
    'Your identity provider did not sign you in. Try again, or ask its administrator whether you may use Streamvane.',
  'not-accepted':
    'The answer of your identity provider was not accepted. An operator finds the reason in the log of this process.',
  away: 'Your identity provider could not be reached from this process. Try again in a moment.',
  overdue: 'Signing in took too long, or was begun in another browser. Sign in again.',
  'no-role':
    'Your identity provider knows you, but gives you no role here. Ask its administrator for the role viewer, operator or auditor.',
}

/** Why a sign-in at the issuer failed, as the query of the address says. */
export const signInFailureOf = (search: string): SignInFailure | undefined => {
  const said = new URLSearchParams(search).get('sign-in') ?? ''
  return Object.hasOwn(signInFailures, said) ? (said as SignInFailure) : undefined
}
