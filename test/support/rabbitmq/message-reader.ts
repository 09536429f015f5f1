import { connect, type GetMessage } from 'amqplib'
import type { Delivered } from '../../contracts/sink.contract.js'

/** A message as a consumer of a queue sees it. */
export type Read = Readonly<{
  id: string
  routingKey: string
  redelivered: boolean
  headers: Readonly<Record<string, unknown>>
  body: string
  properties: GetMessage['properties']
}>

/** Reads a queue in its order. `all` gives everything that was read since, and takes what has come. */
export type MessageReader = Readonly<{ queue: string; all: () => Promise<readonly Read[]>; close: () => Promise<void> }>

/** Declares an exchange and a queue that gets all of it. */
export const readMessages = async (
  url: string,
  exchange: string,
  queue = `${exchange}-all`,
  args: Readonly<Record<string, unknown>> = {},
): Promise<MessageReader> => {
  const connection = await connect(url)
  connection.on('error', () => undefined)
  const channel = await connection.createChannel()
  await channel.assertExchange(exchange, 'topic', { durable: true })
  await channel.assertQueue(queue, { durable: true, arguments: args })
  await channel.bindQueue(queue, exchange, '#')
  const read: Read[] = []
  return {
    queue,
    all: async () => {
      for (;;) {
        const message = await channel.get(queue, { noAck: true })
        if (message === false) return read
        const { properties, fields, content } = message
        read.push({
          id: String(properties.messageId),
          routingKey: fields.routingKey,
          redelivered: fields.redelivered,
          headers: properties.headers ?? {},
          body: content.toString('utf8'),
          properties,
        })
      }
    },
    close: () => connection.close().catch(() => undefined),
  }
}

/** The rows among messages, as the sink contract looks at them. `topic` is the family, the first word. */
export const rowsRead = (messages: readonly Read[]): readonly Delivered[] =>
  messages.flatMap(({ routingKey, headers }) =>
    headers['streamvane-row-revision'] === undefined
      ? []
      : [
          {
            topic: routingKey.split('.')[0] ?? '',
            key: String(headers['ce_subject']),
            revision: Number(headers['streamvane-row-revision']),
            replay: headers['streamvane-replay'] === 'true',
          },
        ],
  )
