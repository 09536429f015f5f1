import { reconnectingSource, type Link, type ReconnectingOptions } from '../reconnecting.js'
import type { Source } from '../source.js'
import { refusals, type ConnectionTrouble, type Refusals } from './refusals.js'

/**
 * A queue as a source. `read` reads one connection, as `ReconnectingOptions.connect` says; `troubleOf` says what its
 * errors mean.
 */
export const queueSource = (
  name: string,
  { logger, now, backoff }: Pick<ReconnectingOptions, 'logger' | 'now' | 'backoff'>,
  read: (link: Link, refused: Refusals) => Promise<void>,
  troubleOf: (cause: unknown) => ConnectionTrouble,
): Source => {
  const refused = refusals(now)
  return reconnectingSource({
    ...{ name, logger },
    ...(now !== undefined && { now }),
    ...(backoff !== undefined && { backoff }),
    connect: async (link) => {
      try {
        await read(link, refused)
      } catch (cause) {
        throw refused.errorFor(troubleOf(cause), cause)
      }
    },
  })
}
