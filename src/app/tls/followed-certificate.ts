import type { Logger } from 'pino'
import { ConfigError } from '../config/schema.js'
import type { Endpoint, EndpointTls } from '../config/tls-schema.js'
import { isSame, readCertificate, type ServerCertificate } from './certificate.js'

/** How the certificate of an endpoint is. Instants are in epoch ms. */
export type CertificateState = Readonly<{
  endpoint: Endpoint
  notAfter: number
  /** Since when its files hold something that cannot be used; the certificate before is shown meanwhile. */
  notRenewedSince?: number | undefined
}>

export type FollowOptions = Readonly<{
  endpoint: Endpoint
  settings: EndpointTls
  /** Where the settings stand, for messages. */
  key: string
  logger: Pick<Logger, 'info' | 'error'>
  now: () => number
  lookEveryMs?: number
}>

const LOOK_EVERY_MS = 10_000

/**
 * The certificate of an endpoint, which is taken anew whenever its files change.
 *
 * - *in use*: what the files hold. A look that finds something else that can be used takes it, and tells `onRenewed`
 * - *not renewed*: two looks in a row found what cannot be used: no pair, or one that has expired or is not valid yet. The
 *   certificate before is shown on. One look alone may fall between the two files of a renewal
 *
 * Files are compared by what they hold. Kubernetes exchanges the folder that its links lead to, and others rename a file
 * over the old one: no event of a file system tells both.
 */
export class FollowedCertificate {
  readonly endpoint: Endpoint
  readonly settings: EndpointTls
  private readonly options: FollowOptions
  private readonly listeners = new Set<(certificate: ServerCertificate) => void>()
  private readonly timer: NodeJS.Timeout
  private inUse: ServerCertificate
  private failedBefore = false
  private told: string | undefined
  private notRenewedSince: number | undefined

  /** Throws `ConfigError` where the files cannot be used. One that has expired is shown, and told: so events still come. */
  constructor(options: FollowOptions) {
    this.options = options
    this.endpoint = options.endpoint
    this.settings = options.settings
    this.inUse = readCertificate(options.settings, options.key)
    if (isOutOfTime(this.inUse, options.now()) !== undefined)
      options.logger.error(
        { endpoint: this.endpoint, ...periodOf(this.inUse) },
        'tls: the certificate is not valid now: clients will refuse it',
      )
    this.timer = setInterval(() => this.look(), options.lookEveryMs ?? LOOK_EVERY_MS).unref()
  }

  get used(): ServerCertificate {
    return this.inUse
  }

  state(): CertificateState {
    const { endpoint, notRenewedSince } = this
    return { endpoint, notAfter: this.inUse.notAfter, ...(notRenewedSince !== undefined && { notRenewedSince }) }
  }

  /** Calls `listener` with each certificate that is taken from now on. Returns what ends that. */
  onRenewed(listener: (certificate: ServerCertificate) => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  close(): void {
    clearInterval(this.timer)
  }

  private look(): void {
    const { settings, key, logger, now } = this.options
    try {
      const found = readCertificate(settings, key)
      if (!isSame(found, this.inUse)) {
        const why = isOutOfTime(found, now())
        if (why !== undefined) throw new ConfigError(`${key}: the new certificate ${why}`)
        this.inUse = found
        for (const listener of this.listeners) listener(found)
        logger.info({ endpoint: this.endpoint, ...periodOf(found) }, 'tls: the certificate was renewed')
      }
      this.failedBefore = false
      this.told = undefined
      this.notRenewedSince = undefined
    } catch (cause) {
      if (this.failedBefore) this.tell((cause as Error).message, now())
      this.failedBefore = true
    }
  }

  private tell(message: string, now: number): void {
    this.notRenewedSince ??= now
    if (message !== this.told)
      this.options.logger.error({ endpoint: this.endpoint }, `${message}; the certificate before is shown on`)
    this.told = message
  }
}

const isOutOfTime = ({ notBefore, notAfter }: ServerCertificate, now: number): string | undefined => {
  if (now > notAfter) return `expired at ${new Date(notAfter).toISOString()}`
  return now < notBefore ? `is not valid before ${new Date(notBefore).toISOString()}` : undefined
}

const periodOf = ({ notBefore, notAfter }: ServerCertificate): Readonly<Record<string, string>> => ({
  notBefore: new Date(notBefore).toISOString(),
  notAfter: new Date(notAfter).toISOString(),
})
