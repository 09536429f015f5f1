import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { SignInWays } from '../../../http/console/shapes.js'
import { Field } from '../../components/field.js'
import { ProblemBox } from '../../components/problem-box.js'
import type { Failure } from '../asking/answers.js'
import { useConsole, type Session } from '../console.js'
import { signInFailures } from './sign-in-failure.js'

const greeting = (because: Extract<Session, { kind: 'nobody' }>['because']): string => {
  switch (because) {
    case 'none':
      return 'Sign in with a token of the admin API: one of the configuration, or of your identity provider.'
    case 'code':
      return 'The one-time code of this address was used before, or is older than a minute. Sign in with a token, or start again where the address was printed.'
    case 'ended':
      return 'The session has ended. Sign in again to go on where you were.'
    case 'left':
      return 'You are signed out.'
    default:
      return signInFailures[because]
  }
}

/** Exchanges a token for a session. The token is not kept by the page. */
export const SignIn = ({
  because,
}: Readonly<{ because: Extract<Session, { kind: 'nobody' }>['because'] }>): JSX.Element => {
  const { signIn, api } = useConsole()
  const [issuer, setIssuer] = useState<string | null>(null)
  useEffect(() => {
    void api
      .call<SignInWays>('GET', '/session/ways')
      .then((answer) => setIssuer(answer.ok ? answer.value.issuer : null))
  }, [api])
  const [failure, setFailure] = useState<Failure>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token')
    if (typeof token !== 'string' || token.trim() === '') return
    setBusy(true)
    const answer = await signIn({ token: token.trim() })
    setBusy(false)
    setFailure(answer.ok ? undefined : answer.failure)
  }
  return (
    <main id="main" class="sign-in" tabIndex={-1}>
      <h1>Streamvane</h1>
      <p role="status">{greeting(because)}</p>
      {issuer !== null && (
        <p>
          <a
            class="button primary"
            href={`/v1/session/issuer?${new URLSearchParams({ to: hereWithQuery() }).toString()}`}
          >
            Sign in at {new URL(issuer).host}
          </a>
        </p>
      )}
      <form onSubmit={(event) => void submit(event)}>
        <Field label="Token" hint="It is exchanged for a session, and not stored in this browser.">
          {(ids) => <input {...ids} name="token" type="password" autocomplete="off" spellcheck={false} required />}
        </Field>
        {failure !== undefined && <SignInFailure failure={failure} />}
        <button type="submit" class={issuer === null ? 'primary' : undefined} disabled={isBusy}>
          {isBusy ? 'Signing in …' : issuer === null ? 'Sign in' : 'Sign in with the token'}
        </button>
      </form>
      <p class="quiet">
        On this machine <code>streamvane run --console</code> and <code>streamvane console</code> print an address that
        signs in without a token.
      </p>
    </main>
  )
}

/** The page that was asked for; it opens after the sign-in. */
const hereWithQuery = (): string => `${location.pathname}${location.search}`

/** A refused token is said to be one: "the session has ended" would mislead whoever has none yet. */
const SignInFailure = ({ failure }: Readonly<{ failure: Failure }>): JSX.Element =>
  failure.kind === 'signed-out' ? (
    <ProblemBox
      failure={{
        kind: 'problem',
        problem: failure.problem ?? { title: 'no valid token', detail: 'the token is unknown, expired or mistyped' },
      }}
    />
  ) : (
    <ProblemBox failure={failure} />
  )
