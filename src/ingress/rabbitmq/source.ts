import type { Channel, ConsumeMessage } from 'amqplib'
import { rabbitmqAccess, type RabbitmqAccess } from '../../rabbitmq/access.js'
import { answeredWithin } from '../../rabbitmq/connection.js'
import { declareQueue } from '../../rabbitmq/declare.js'
import { reconnectingSource, type Link } from '../reconnecting.js'
import { SourceRefused, type Source } from '../source.js'
import type { RabbitmqSourceOptions } from './options.js'
import { ReceivedMessages } from './received-messages.js'
import { storeMessages } from './store-messages.js'

/**
 * A queue of RabbitMQ as a source. Messages are delivered in the order of the queue, and acknowledged once they are
 * durable; what was not acknowledged when the connection is lost comes again, and the log drops what it has.
 */
export const rabbitmqSource = (options: RabbitmqSourceOptions): Source => {
  const { name, address, settings, logger, backoff } = options
  const access = rabbitmqAccess(address, `${settings}.ssl`)
  return reconnectingSource({
    name: `rabbitmq:${name}`,
    connect: (link) => consume(options, access, link),
    logger,
    ...(backoff !== undefined && { backoff }),
  })
}

/** One connection, from its beginning to its end. Rejects as `ReconnectingOptions.connect` says. */
const consume = async (options: RabbitmqSourceOptions, access: RabbitmqAccess, link: Link): Promise<void> => {
  try {
    const rabbit = await access.open()
    const lost = new AbortController()
    void rabbit.lost.then((cause) => lost.abort(cause))
    try {
      const limitMs = options.address.connectTimeoutMs
      const channel = await answeredWithin(limitMs, 'for a channel', rabbit.model.createChannel())
      channel.on('error', (cause: Error) => lost.abort(cause))
      channel.on('close', () => lost.abort(new Error('the channel was closed')))
      await read(channel, options, link, lost)
    } finally {
      // What was not acknowledged goes back to the queue, and acknowledgements on their way arrive first.
      await rabbit.close()
    }
  } catch (cause) {
    if (cause instanceof SourceRefused) throw cause
    const failure = access.failure(cause)
    if (failure.tag === 'Refused') throw new SourceRefused(`${options.settings}: ${failure.reason}`, { cause })
    throw failure.cause
  }
}

const read = async (
  channel: Channel,
  options: RabbitmqSourceOptions,
  link: Link,
  lost: AbortController,
): Promise<void> => {
  const { queue, batchMax, address } = options
  const received = new ReceivedMessages()
  const asked = subscribed(channel, options, received, lost)
  const consumerTag = await answeredWithin(address.connectTimeoutMs, `the subscription to ${queue}`, asked)
  link.connected()
  const ended = AbortSignal.any([link.signal, lost.signal])
  const asking = setInterval(() => void tellDepth(channel, queue, received, link), options.depthEveryMs)
  void tellDepth(channel, queue, received, link)
  try {
    for (;;) {
      const messages = await received.take(batchMax, ended)
      if (ended.aborted) break
      const isStored = await storeMessages(messages, options, link.deliver, ended)
      lost.signal.throwIfAborted()
      if (!isStored) break
      channel.ack(messages.at(-1) as ConsumeMessage, true)
    }
    lost.signal.throwIfAborted()
    await channel.cancel(consumerTag)
  } finally {
    clearInterval(asking)
  }
}

/** Asks for the messages of the queue; resolves with the name under which they come. */
const subscribed = async (
  channel: Channel,
  options: RabbitmqSourceOptions,
  received: ReceivedMessages,
  lost: AbortController,
): Promise<string> => {
  const { queue, declare, prefetch } = options
  if (declare === undefined) await channel.checkQueue(queue)
  else await declareQueue(channel, { name: queue, type: declare.type }, declare.bindings)
  await channel.prefetch(prefetch)
  const cancelled = `the broker cancelled the consumer: the queue ${queue} was deleted or moved`
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message === null) lost.abort(new Error(cancelled))
    else if (isOfStream(message)) lost.abort(new SourceRefused(streamWords(options)))
    else received.add(message)
  })
  return consumerTag
}

/** Messages of a stream carry their offset, and acknowledging them keeps no place in it. */
const isOfStream = ({ properties }: ConsumeMessage): boolean => properties.headers?.['x-stream-offset'] !== undefined

const streamWords = ({ settings, queue }: RabbitmqSourceOptions): string =>
  `${settings}.queue: ${queue} is a stream, which does not keep what was acknowledged: bind a quorum queue to the same exchange and name that`

/** The depth is a courtesy: a broker that does not tell it changes nothing. */
const tellDepth = async (channel: Channel, queue: string, received: ReceivedMessages, link: Link): Promise<void> => {
  try {
    const { messageCount } = await channel.checkQueue(queue)
    link.waiting({ events: messageCount + received.waiting })
  } catch {
    link.waiting(undefined)
  }
}
