import type { Logger } from 'pino'
import { backoffMs, pause } from '../../log/backoff.js'
import { LogUnavailable, NoLog } from '../../log/event-log.js'
import { watchGenerations, type Paused } from './generations.js'
import type { Logs } from './logs/logs.js'

export type PauseWatch = Readonly<{
  tenant: string
  logs: Pick<Logs, 'control'>
  /** The stage, as the log names it. */
  what: string
  signal: AbortSignal
  logger: Logger
  /** Is told whether the projection is paused, at the start and after each change. */
  told: (paused: Paused | undefined) => void
}>

const RETRY = { firstMs: 250, maxMs: 10_000 }

/**
 * Watches whether operators have paused the projection: the log says it, so that every process that projects holds, and
 * holds after a restart too. Resolves once it is known, before anything is projected; where there is no log yet, nothing
 * is paused. Goes on until the signal aborts. While the log is away, what was known last holds.
 */
export const watchPause = (watch: PauseWatch): Promise<void> => {
  const { signal } = watch
  return new Promise((resolve) => {
    void follow(watch, resolve).catch((cause: unknown) => {
      if (!signal.aborted) watch.logger.error({ err: cause }, `${watch.what}: pausing is not watched any more`)
      resolve()
    })
  })
}

const follow = async ({ tenant, logs, what, signal, logger, told }: PauseWatch, known: () => void): Promise<void> => {
  let last: Paused | undefined
  for (let attempts = 0; !signal.aborted; attempts++) {
    try {
      for await (const { paused } of watchGenerations(await logs.control('reader'), tenant, signal)) {
        attempts = 0
        if (paused?.at !== last?.at) {
          logger.info(paused ?? {}, `${what}: the projection was ${paused === undefined ? 'resumed' : 'paused'}`)
          last = paused
          told(paused)
        }
        known()
      }
    } catch (cause) {
      if (!(cause instanceof LogUnavailable)) throw cause
      if (cause instanceof NoLog) known()
    }
    await pause(backoffMs(RETRY, attempts), signal)
  }
  known()
}

/** Since when, by whom and why, in words. */
export const pausedText = ({ at, by, why }: Paused): string =>
  `since ${at}${by === undefined ? '' : ` by ${by}`}${why === undefined ? '' : `: ${why}`}`
