import { openAmqp } from '../../azure/amqp-connection.js'
import { authorize } from '../../azure/cbs.js'
import { openRequestResponse } from '../../azure/request-response.js'
import { openEntityLink } from './entity-link.js'
import { serviceBusTrouble } from './failures.js'
import type { ServiceBusOptions } from './options.js'

/**
 * Opens what the source opens, and takes no message: the link has no credit. A link to a session would lock it, so of an
 * entity with sessions only the node for management is opened. Rejects with what is wrong, in words.
 */
export const lookAtServiceBus = async (options: ServiceBusOptions): Promise<string> => {
  try {
    return await look(options)
  } catch (cause) {
    throw new Error(serviceBusTrouble(cause, options).words, { cause })
  }
}

const look = async ({ endpoint, entity, tokens, sessions }: ServiceBusOptions): Promise<string> => {
  const connection = await openAmqp(endpoint)
  try {
    const address = `sb://${endpoint.host}/${entity}`
    await authorize(connection, [address, `${address}/$management`], tokens)
    await openRequestResponse(connection, `${entity}/$management`)
    if (sessions === undefined) await openEntityLink(connection, entity)
    return 'reachable, and may be read'
  } finally {
    await connection.close()
  }
}
