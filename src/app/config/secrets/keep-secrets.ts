import type { Logger } from 'pino'
import type { HeldState, HeldValue } from '../../../credentials/secret.js'
import type { Config } from '../schema.js'
import { secretsOf } from './secrets.js'

type Held = Readonly<{ from: string; value: HeldValue }>

/** The values that vaults keep, each once, however many settings refer to it. */
const heldIn = (config: Config): readonly Held[] =>
  [
    ...new Map(
      secretsOf(config).flatMap(({ secret: { from, held } }) => (held === undefined ? [] : [[held, from] as const])),
    ),
  ].map(([value, from]) => ({ from, value }))

/** Secrets whose last value is used because their vault does not give them any more: how many, and since when (ISO 8601). */
export type StaleSecrets = Readonly<{ count: number; since: string }>

export const staleSecrets = (config: Config): StaleSecrets | undefined => {
  const since = heldIn(config).flatMap(({ value }) => {
    const state = value.state()
    return state.kind === 'stale' ? [state.failingSince] : []
  })
  return since.length === 0 ? undefined : { count: since.length, since: new Date(Math.min(...since)).toISOString() }
}

export type Keeping = Readonly<{
  /** Whether something does not work that a new secret may mend. */
  isTroubled: () => boolean
  logger: Logger
  signal: AbortSignal
  pause: (ms: number, signal: AbortSignal) => Promise<void>
}>

/** How often secrets are read anew while something does not work: a receiver may refuse what was rotated. */
const TROUBLED_MS = 10_000

/**
 * Reads the secrets in vaults anew every `secrets.refreshMs`, and every ten seconds while `isTroubled`, until `signal` is
 * aborted. One line says when a secret has
 * a new version, when its vault ceases to give it, and when it gives it again. The lines name references and versions.
 */
export const keepSecrets = async (config: Config, { isTroubled, logger, signal, pause }: Keeping): Promise<void> => {
  const held = heldIn(config)
  if (held.length === 0) return
  const told = new Map(held.map(({ value }) => [value, value.state()]))
  let leftMs = config.secrets.refreshMs
  while (!signal.aborted) {
    const stepMs = Math.min(leftMs, TROUBLED_MS)
    await pause(stepMs, signal)
    leftMs -= stepMs
    if (signal.aborted) return
    if (leftMs > 0 && !isTroubled()) continue
    leftMs = config.secrets.refreshMs
    await Promise.all(held.map(({ value }) => value.renew()))
    for (const { from, value } of held) {
      tell(logger, from, told.get(value), value.state())
      told.set(value, value.state())
    }
  }
}

const tell = (logger: Logger, secret: string, before: HeldState | undefined, now: HeldState): void => {
  if (now.kind === 'stale' && before?.kind !== 'stale') {
    const since = new Date(now.failingSince).toISOString()
    logger.warn({ secret, since, reason: now.why }, 'secrets: one cannot be read anew; its last value stays in use')
  }
  if (now.kind === 'current' && before?.kind === 'stale')
    logger.info({ secret, since: new Date(before.failingSince).toISOString() }, 'secrets: one can be read again')
  if (now.kind === 'current' && before !== undefined && before.kind !== 'unread' && before.version !== now.version)
    logger.info({ secret, version: now.version }, 'secrets: one has a new version')
}
