import type { Logger } from 'pino'
import { pause } from '../../log/backoff.js'
import { LogUnavailable } from '../../log/event-log.js'
import { watchGenerations } from './generations.js'
import type { Logs } from './logs/logs.js'

const AGAIN_MS = 5_000

/**
 * Closes what this process still reads of a generation that is retired, also by another process: files that are open
 * keep their disk. Ends when the signal aborts.
 */
export const closeRetired = async (
  logs: Pick<Logs, 'control' | 'closeKpi'>,
  tenant: string,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> => {
  const closed = new Set<string>()
  while (!signal.aborted)
    try {
      for await (const { retired } of watchGenerations(await logs.control('reader'), tenant, signal))
        for (const name of Object.keys(retired)) {
          if (closed.has(name)) continue
          closed.add(name)
          await logs.closeKpi(name)
        }
    } catch (cause) {
      if (!(cause instanceof LogUnavailable)) {
        if (!signal.aborted) logger.error({ err: cause }, 'retired generations are not closed any more')
        return
      }
      await pause(AGAIN_MS, signal)
    }
}
