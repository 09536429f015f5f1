import { AuthenticationRefused, connectionFault } from '../../credentials/connection-faults.js'
import { SecretUnreadable } from '../../credentials/secret.js'
import type { ConnectionTrouble } from '../queues/refusals.js'
import type { ServiceBusOptions } from './options.js'

/**
 * What an error of a connection, a link or a token means, in words that name the setting
 * (learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-troubleshoot).
 */
export const serviceBusTrouble = (
  cause: unknown,
  { endpoint, entity, sessions, tokens }: ServiceBusOptions,
): ConnectionTrouble => {
  const { condition, message } = (cause ?? {}) as { condition?: string; message?: string }
  const said = message ?? String(cause)
  const place = `${entity} at ${endpoint.host}`
  const credentials = tokens.kind === 'entra-id' ? 'entraId' : 'serviceBusConnectionString'
  if (cause instanceof AuthenticationRefused || condition === 'amqp:unauthorized-access')
    return {
      refused: true,
      words: `Service Bus refuses the credentials for ${place} (${said}): check ${credentials}, and that it has the right to listen`,
    }
  if (cause instanceof SecretUnreadable) return { refused: true, words: `${said}: check ${credentials}` }
  if (condition === 'amqp:not-found' || condition === 'com.microsoft:entity-disabled')
    return {
      refused: true,
      words: `there is no ${place}, or it is disabled (${said}): check queue, or topic and subscription`,
    }
  if (condition === 'amqp:not-allowed' && sessions === undefined)
    return {
      refused: true,
      words: `${place} has sessions (${said}): say how many are read at a time as sessions`,
    }
  if (condition === 'amqp:invalid-field' && sessions !== undefined)
    return { refused: true, words: `${place} has no sessions (${said}): remove sessions` }
  const fault = connectionFault(cause, 'tls')
  if (fault !== undefined) return { refused: fault.refused, words: `${place}: ${fault.words}` }
  return { refused: false, words: `${place}: ${said}${condition === undefined ? '' : ` (${condition})`}` }
}
