import { SecretUnreadable } from '../../../credentials/secret.js'
import type { Config } from '../schema.js'
import { secretsOf } from './secrets.js'

/** Pauses before a vault is asked again at the start: the identity of a pod may take some seconds to be known. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000]

/**
 * Resolves once every secret in a vault was read. Those that were not are asked for again for half a minute, unless
 * `signal` is aborted. Throws `SecretUnreadable` with each that is missing then: where it stands, who asked, and what
 * helps.
 */
export const assertSecretsRead = async (
  config: Config,
  { signal, pause }: Readonly<{ signal: AbortSignal; pause: (ms: number, signal: AbortSignal) => Promise<void> }>,
): Promise<void> => {
  const held = secretsOf(config).flatMap(({ path, secret }) =>
    secret.held === undefined ? [] : [{ path, from: secret.from, held: secret.held }],
  )
  const unread = () =>
    held.flatMap(({ path, from, held: value }) => {
      const state = value.state()
      return state.kind === 'unread' ? [{ path, from, value, why: state.why }] : []
    })
  for (const ms of PAUSES_MS) {
    if (unread().length === 0 || signal.aborted) break
    await pause(ms, signal)
    await Promise.all(unread().map(({ value }) => value.renew()))
  }
  const missing = unread().map(({ path, from, why }) => `${path}: ${from}: ${why}`)
  if (missing.length > 0)
    throw new SecretUnreadable(
      `${missing.length === 1 ? 'a secret' : `${missing.length} secrets`} cannot be read:\n  ${missing.join('\n  ')}`,
    )
}
