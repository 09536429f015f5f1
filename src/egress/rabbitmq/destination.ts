import type { ConfirmChannel } from 'amqplib'
import * as E from 'fp-ts/lib/Either.js'
import { declareQueue, type DeclaredQueue } from '../../rabbitmq/declare.js'
import { rabbitmqAccess, type RabbitmqAccess } from '../../rabbitmq/access.js'
import { placeOf, type RabbitmqAddress } from '../../rabbitmq/options.js'
import { answeredWithin, type RabbitmqLink } from '../../rabbitmq/connection.js'
import type { Destination } from '../at-least-once/destination.js'
import { isRow, type SinkFailure, type SinkRecord } from '../sink.js'
import { publishConfirmed } from './confirms.js'
import { messageOf, type Message } from './message.js'

export type RabbitmqSinkOptions = Readonly<{
  address: RabbitmqAddress
  /** A topic exchange. */
  exchange: string
  /** Whether the exchange is declared; otherwise it has to be there. */
  declareExchange: boolean
  /** Queues that are declared and bound, for the consumers that do not do it themselves. */
  queues: readonly (DeclaredQueue & Readonly<{ bindings: readonly string[] }>)[]
  /** Whether a message that no queue is bound for is refused. `false`: the broker drops it. */
  mandatory: boolean
  /** Whether statements that an interval or a generation is complete are published. */
  markers: boolean
  /** How long the sink waits for the next confirmation before it gives the connection up. */
  confirmTimeoutMs: number
}>

type Open = Readonly<{ link: RabbitmqLink; channel: ConfirmChannel; ended: Promise<Error> }>

/**
 * A topic exchange of RabbitMQ. Records are published in order on one channel, persistent, and count as delivered once
 * the broker has confirmed each of them; it confirms when every queue that a message went to has it on disk (a quorum
 * queue or stream: on a majority).
 *
 * A broker that is low on memory or disk stops reading from us. Then confirmations stay away, the batch waits, and the
 * egress reads no further; after `confirmTimeoutMs` it connects again, which says in health why.
 */
export const rabbitmqDestination = (options: RabbitmqSinkOptions): Destination => {
  const { address, exchange, markers } = options
  const access: RabbitmqAccess = rabbitmqAccess(address, 'egress.sinks[].ssl')
  let open: Open | undefined
  let cluster = address.brokers.join(', ')

  const close = async (): Promise<void> => {
    const was = open
    open = undefined
    await was?.link.close()
  }

  return {
    // Brokers come and go, the cluster stays; before the first connection its name is not known.
    get place() {
      return `RabbitMQ ${cluster}, virtual host ${address.vhost}, exchange ${exchange}`
    },
    open: () => async () => {
      await close()
      try {
        const link = await access.open()
        cluster = link.cluster
        try {
          open = await answeredWithin(address.connectTimeoutMs, 'for the exchange', prepared(link, options))
        } finally {
          if (open?.link !== link) await link.close()
        }
        return E.right(undefined)
      } catch (cause) {
        return E.left(access.failure(cause))
      }
    },
    deliver: (records, signal) => async () => {
      if (open === undefined) return E.left({ tag: 'NotConnected', cause: new Error('not connected') })
      const { link, channel, ended } = open
      const messages = messagesOf(markers ? records : records.filter(isRow))
      try {
        const { returned } = await publishConfirmed({ ...options, channel, messages, ended, signal, link })
        return returned.length === 0 ? E.right(undefined) : E.left(unroutable(options, returned))
      } catch (cause) {
        return E.left(access.failure(cause))
      }
    },
    close,
  }
}

const messagesOf = (records: readonly SinkRecord[]): readonly Message[] =>
  records.map(messageOf).filter((message) => message !== undefined)

const prepared = async (link: RabbitmqLink, options: RabbitmqSinkOptions): Promise<Open> => {
  const { exchange, declareExchange, queues } = options
  const channel = await link.model.createConfirmChannel()
  const closed = new Promise<Error>((resolve) => {
    channel.on('error', resolve)
    channel.once('close', () => resolve(new Error('the channel was closed')))
  })
  const ended = Promise.race([closed, link.lost])
  if (declareExchange) await channel.assertExchange(exchange, 'topic', { durable: true })
  else await channel.checkExchange(exchange)
  for (const { bindings, ...queue } of queues) await declareQueue(channel, queue, [{ exchange, patterns: bindings }])
  return { link, channel, ended }
}

const NAMED_MAX = 3

const unroutable = ({ exchange, address }: RabbitmqSinkOptions, returned: readonly Message[]): SinkFailure => {
  const keys = [...new Set(returned.map(({ routingKey }) => routingKey))]
  const named =
    keys.slice(0, NAMED_MAX).join(', ') + (keys.length > NAMED_MAX ? `, and ${keys.length - NAMED_MAX} more` : '')
  return {
    tag: 'Refused',
    reason:
      `${placeOf(address)} returned ${returned.length} messages: no queue is bound to exchange ${exchange} for the ` +
      `routing keys ${named}. Bind one (egress.sinks[].queues, or \`rabbitmqadmin declare binding\`), leave these ` +
      `families or granularities out of the sink, or write mandatory: false to let the broker drop what nobody takes`,
  }
}
