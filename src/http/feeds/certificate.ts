import { readFileSync } from 'node:fs'
import type { Server } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { FeedServerSettings } from '../../app/config/feeds/feed-schema.js'
import { ConfigError } from '../../app/config/schema.js'

type Material = Readonly<{ cert: string; key: string; passphrase?: string }>

/** The certificate of a listener. */
export type Certificate = Readonly<{
  /** As it is in its files now. Throws `ConfigError` where it cannot be used. */
  read: () => Material
  /** Gives a server what its files hold, whenever that changes, until the server closes. */
  follow: (server: Server, logger: Pick<Logger, 'info' | 'error'>) => void
}>

const LOOK_EVERY_MS = 10_000

/** Files are compared by what they hold: where they are links into a folder that is exchanged, no event tells. */
export const certificateOf = (
  { certificateFile, privateKey, privateKeyPassphrase }: NonNullable<FeedServerSettings['ssl']>,
  lookEveryMs = LOOK_EVERY_MS,
): Certificate => {
  const read = (): Material => {
    try {
      const material = {
        cert: readFileSync(certificateFile, 'utf8'),
        key: privateKey.read(),
        ...(privateKeyPassphrase !== undefined && { passphrase: privateKeyPassphrase.read() }),
      }
      createSecureContext(material) // a key of another certificate is refused here
      return material
    } catch (cause) {
      throw new ConfigError(`feeds.server.ssl cannot be used: ${(cause as Error).message}`)
    }
  }
  return {
    read,
    follow: (server, logger) => {
      let used = JSON.stringify(read())
      let told: string | undefined
      const look = (): void => {
        try {
          const now = read()
          told = undefined
          if (JSON.stringify(now) === used) return
          server.setSecureContext(now)
          used = JSON.stringify(now)
          logger.info('feeds: the certificate was renewed')
        } catch (cause) {
          // Half of a renewal is written: the old certificate serves on.
          const { message } = cause as Error
          if (message !== told) logger.error(`${message}; the one before is used on`)
          told = message
        }
      }
      const timer = setInterval(look, lookEveryMs).unref()
      server.once('close', () => clearInterval(timer))
    },
  }
}
