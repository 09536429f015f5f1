import { AuthenticationRefused, connectionFault } from '../../credentials/connection-faults.js'
import { SecretUnreadable } from '../../credentials/secret.js'
import type { SinkFailure } from '../sink.js'
import type { EventHubsOptions } from './options.js'

/**
 * What an error of a connection, a link, a token or a batch means
 * (learn.microsoft.com/azure/event-hubs/event-hubs-amqp-troubleshoot, …/event-hubs-quotas).
 */
export const eventHubsFailure = (
  cause: unknown,
  { endpoint, eventHub, tokens, settings }: EventHubsOptions,
): SinkFailure => {
  const { condition, message } = (cause ?? {}) as { condition?: string; message?: string }
  const said = message ?? String(cause)
  const place = `${eventHub} at ${endpoint.host}`
  const credentials = tokens.kind === 'entra-id' ? `${settings}.entraId` : `${settings}.eventHubsConnectionString`
  const refused = (reason: string): SinkFailure => ({ tag: 'Refused', reason })
  if (cause instanceof AuthenticationRefused || condition === 'amqp:unauthorized-access')
    return refused(
      `Event Hubs refuses the credentials for ${place} (${said}): check ${credentials}, and that it has the right to send`,
    )
  if (cause instanceof SecretUnreadable) return refused(`${said}: check ${credentials}`)
  if (condition === 'amqp:not-found' || condition === 'com.microsoft:entity-disabled')
    return refused(
      `there is no ${place}, or it is disabled (${said}): create it, or name another one as ${settings}.eventHub`,
    )
  if (condition === 'amqp:link:message-size-exceeded')
    return refused(`${place} takes smaller batches only (${said}): write a smaller ${settings}.bytesMax`)
  const fault = connectionFault(cause, `${settings}.caFile`)
  if (fault?.refused === true) return refused(`${place}: ${fault.words}`)
  const words = `${place}: ${fault?.words ?? said}${condition === undefined ? '' : ` (${condition})`}`
  return { tag: 'NotConnected', cause: new Error(words, { cause }) }
}

/** The event hub takes no more for now: the throughput that was bought is used up. */
export const isBusy = (cause: unknown): boolean =>
  (cause as { condition?: unknown } | null)?.condition === 'com.microsoft:server-busy'
