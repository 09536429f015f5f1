import { rabbitmqAccess } from '../../rabbitmq/access.js'
import { answeredWithin } from '../../rabbitmq/connection.js'
import type { RabbitmqSourceOptions } from './options.js'

/** Asks for the depth of the queue, and takes no message. Rejects with what is wrong, in words. */
export const lookAtRabbitmq = async ({
  address,
  queue,
  declare,
  settings,
}: Pick<RabbitmqSourceOptions, 'address' | 'queue' | 'declare' | 'settings'>): Promise<string> => {
  const access = rabbitmqAccess(address, `${settings}.ssl`)
  try {
    const rabbit = await access.open()
    try {
      const channel = await answeredWithin(address.connectTimeoutMs, 'for a channel', rabbit.model.createChannel())
      channel.on('error', () => undefined) // the broker closes it where the queue is missing; the call tells
      const asked = channel.checkQueue(queue)
      const { messageCount } = await answeredWithin(address.connectTimeoutMs, `for the queue ${queue}`, asked)
      return `reachable, ${messageCount} messages wait`
    } finally {
      await rabbit.close()
    }
  } catch (cause) {
    const failure = access.failure(cause)
    const words = failure.tag === 'Refused' ? failure.reason : (failure.cause as Error).message
    if ((cause as { code?: unknown }).code === 404 && declare !== undefined)
      return `reachable; the source makes the queue`
    throw new Error(words, { cause })
  }
}
