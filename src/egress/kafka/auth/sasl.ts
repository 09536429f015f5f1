import kafkajs from 'kafkajs'
import type { Authenticator, AuthenticationProviderArgs, KafkaConfig } from 'kafkajs'
import { kafkajsScram, protocolErrorName } from '../kafkajs-internals.js'
import type { Secret } from '../../../credentials/secret.js'
import { AuthenticationRefused } from '../../../credentials/connection-faults.js'
import { lengthPrefixed, oauthBearerExchange } from './oauth-bearer.js'
import type { TokenSource } from '../../../credentials/token-source.js'

/** How this process authenticates to the broker. */
export type SaslSettings =
  | Readonly<{ mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: Secret }>
  | Readonly<{ mechanism: 'oauthbearer'; tokens: TokenSource; extensions?: Readonly<Record<string, string>> }>

/**
 * `sasl` of a kafkajs client. Each authentication, of a new connection or again of one whose session ends, takes the
 * credentials as they are then.
 *
 * *Never accepted* → (accepted) → *accepted* → (refused) → *refused since*. What the broker refuses is read again at
 * once; if it is another value by then, kafkajs connects again with it. Credentials that were accepted before by this
 * process, and are refused now, are being rotated perhaps: for `ROTATION_MS` the refusal counts as a lost connection.
 * Otherwise it is told as a refusal.
 */
export const kafkaSasl = (settings: SaslSettings, now: () => number = Date.now): NonNullable<KafkaConfig['sasl']> => {
  let wasAccepted = false
  let refusedSince: number | undefined

  /** The error that kafkajs gets: it connects again after a `KafkaJSConnectionError`, and gives up after a refusal. */
  const refusal = (cause: unknown, changed: boolean): Error => {
    const words = messageOf(cause)
    if (changed) return new kafkajs.KafkaJSConnectionError(`${words}; the credentials have changed meanwhile`)
    if (wasAccepted) {
      refusedSince ??= now()
      if (now() - refusedSince < ROTATION_MS)
        return new kafkajs.KafkaJSConnectionError(
          `${words}; the broker accepted them before, so they may be in rotation and are tried again`,
        )
    }
    return new AuthenticationRefused(words, { cause })
  }

  const authenticate = async (args: AuthenticationProviderArgs): Promise<void> => {
    let attempt: Attempt | undefined
    try {
      attempt = await begun(settings, args)
      await attempt.exchange()
    } catch (cause) {
      throw isRefusal(cause) ? refusal(cause, (await attempt?.changed()) ?? false) : cause
    }
    wasAccepted = true
    refusedSince = undefined
  }
  return {
    mechanism: settings.mechanism,
    authenticationProvider: (args): Authenticator => ({ authenticate: () => authenticate(args) }),
  }
}

/** As long as Kubernetes may take to bring a changed secret into a pod. */
const ROTATION_MS = 120_000

type Attempt = Readonly<{
  exchange: () => Promise<void>
  /** Whether the credentials are other ones by now. */
  changed: () => Promise<boolean>
}>

/** An exchange with the credentials of this moment. */
const begun = async (settings: SaslSettings, args: AuthenticationProviderArgs): Promise<Attempt> => {
  if (settings.mechanism === 'oauthbearer') {
    const { tokens, extensions = {} } = settings
    const token = await tokens.current()
    return {
      exchange: () => oauthBearerExchange(args, token, extensions),
      changed: async () => tokens.discard(token),
    }
  }
  const { mechanism, username } = settings
  const password = settings.password.read()
  return {
    exchange: () =>
      mechanism === 'plain'
        ? plainExchange(args, username, password)
        : scramExchange(mechanism, { username, password }, args),
    changed: async () => (await settings.password.readAgain()) !== password,
  }
}

/** RFC 4616. */
const plainExchange = async (
  { saslAuthenticate }: AuthenticationProviderArgs,
  username: string,
  password: string,
): Promise<void> => {
  await saslAuthenticate({ request: { encode: () => lengthPrefixed(`\0${username}\0${password}`) } })
}

/** kafkajs tells every failure of a SCRAM exchange as a refusal, also a connection that was lost in it. */
const scramExchange = async (
  mechanism: 'scram-sha-256' | 'scram-sha-512',
  credentials: Readonly<{ username: string; password: string }>,
  args: AuthenticationProviderArgs,
): Promise<void> => {
  let failure: unknown
  const saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'] = async (message) => {
    try {
      return await args.saslAuthenticate(message)
    } catch (cause) {
      failure = cause
      throw cause
    }
  }
  try {
    await kafkajsScram(mechanism, credentials, { ...args, saslAuthenticate }).authenticate()
  } catch (cause) {
    throw failure ?? cause
  }
}

const isRefusal = (cause: unknown): boolean =>
  cause instanceof AuthenticationRefused || protocolErrorName(cause) === 'SASL_AUTHENTICATION_FAILED'

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
