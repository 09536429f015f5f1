import { createHmac } from 'node:crypto'
import { readConnectionString } from './connection-string.js'
import type { Secret } from './secret.js'
import { tokenSource, type Token, type TokenSource } from './token-source.js'

/** How long a signature is valid: short enough that a key that was revoked is soon out of use. */
const LIFE_MS = 3_600_000

/**
 * Tokens for a resource of Azure Service Bus or Event Hubs (`sb://<namespace>.servicebus.windows.net/<entity>`), signed
 * with the key of a connection string. The secret is read again for each, so that a key that was replaced takes effect.
 */
export const sharedAccessTokens = (
  connectionString: Secret,
  resource: string,
  product: 'Event Hubs' | 'Service Bus',
  now: () => number = Date.now,
): TokenSource =>
  tokenSource(async () => {
    const { keyName, key } = readConnectionString(connectionString.read(), product)
    return sharedAccessSignature(resource, keyName, key, now() + LIFE_MS)
  }, now)

/**
 * `SharedAccessSignature sr=…&sig=…&se=…&skn=…`: the address and the expiry, signed by HMAC-SHA256
 * (learn.microsoft.com/azure/service-bus-messaging/service-bus-sas). `expiresAt` is in ms since 1970.
 */
export const sharedAccessSignature = (resource: string, keyName: string, key: string, expiresAt: number): Token => {
  const address = encodeURIComponent(resource)
  const expiry = Math.ceil(expiresAt / 1_000)
  const signature = createHmac('sha256', key).update(`${address}\n${expiry}`).digest('base64')
  const value = `SharedAccessSignature sr=${address}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${encodeURIComponent(keyName)}`
  return { value, expiresAt }
}
