import { connect, credentials, type ChannelModel } from 'amqplib'
import { tlsMaterial } from '../credentials/tls.js'
import type { RabbitmqAddress } from './options.js'

/**
 * A connection to a broker. It does not connect again by itself: the one who uses it does, in the pauses of the
 * pipeline, because a new connection means to read the progress again, or to expect redeliveries.
 */
export type RabbitmqLink = Readonly<{
  model: ChannelModel
  /** `host:port` of the broker that answered. */
  broker: string
  /** As the cluster calls itself; the same at each of its brokers. */
  cluster: string
  /** Resolves with the reason once the connection is gone. */
  lost: Promise<Error>
  /** Why the broker takes no messages now (a memory or disk alarm); `undefined`: it does. */
  blocked: () => string | undefined
  /** Resolves once the broker said goodbye, or `CLOSE_LIMIT_MS` later. */
  close: () => Promise<void>
}>

const CLOSE_LIMIT_MS = 2_000

/** Connects to the first broker that answers. Rejects with the error of the last one, or the first refusal of one. */
export const openRabbitmq = async (address: RabbitmqAddress, preferred?: string): Promise<RabbitmqLink> => {
  const order = [...address.brokers].sort((a, b) => Number(b === preferred) - Number(a === preferred))
  let last: unknown
  for (const broker of order)
    try {
      return watched(await connectTo(address, broker), broker)
    } catch (cause) {
      last = cause
    }
  throw last
}

const connectTo = async (address: RabbitmqAddress, broker: string): Promise<ChannelModel> => {
  const { vhost, login, tls, heartbeatS, connectTimeoutMs, connectionName } = address
  const { hostname, port } = new URL(`amqp://${broker}`)
  const place = {
    protocol: tls === undefined ? 'amqp' : 'amqps',
    // An address of IPv6 stands in brackets.
    hostname: hostname.replace(/^\[|\]$/g, ''),
    ...(port !== '' && { port: Number(port) }),
    vhost,
    heartbeat: heartbeatS,
  }
  return connect(place, {
    ...(tls !== undefined && tlsMaterial(tls)),
    credentials:
      login.kind === 'plain' ? credentials.plain(login.username, login.password.read()) : credentials.external(),
    timeout: connectTimeoutMs,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: connectionName, product: 'Streamvane' },
  })
}

/**
 * The outcome of what was asked of a broker, or an error once it has not answered for `limitMs`. amqplib waits for ever,
 * and a broker that has just started may leave a question unanswered for good: RabbitMQ 3.10 does with `basic.consume`
 * on a quorum queue that has no leader yet.
 */
export const answeredWithin = async <A>(limitMs: number, what: string, asking: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the broker did not answer ${what} for ${limitMs / 1_000} s`)), limitMs)
  })
  asking.catch(() => undefined)
  try {
    return await Promise.race([asking, late])
  } finally {
    clearTimeout(timer)
  }
}

const watched = (model: ChannelModel, broker: string): RabbitmqLink => {
  let blocked: string | undefined
  let problem: Error | undefined
  model.on('blocked', (reason: string) => (blocked = reason))
  model.on('unblocked', () => (blocked = undefined))
  // Without a listener an `error` would end the process; `close` follows it.
  model.on('error', (cause: Error) => (problem = cause))
  const lost = new Promise<Error>((resolve) =>
    model.once('close', (cause?: Error) => resolve(problem ?? cause ?? new Error('the connection was closed'))),
  )
  return {
    model,
    broker,
    cluster: String((model.connection.serverProperties as Readonly<Record<string, unknown>>)['cluster_name']),
    lost,
    blocked: () => blocked,
    close: async () => {
      let timer: NodeJS.Timeout | undefined
      const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_LIMIT_MS)))
      await Promise.race([model.close().catch(() => undefined), lost, limit])
      clearTimeout(timer)
    },
  }
}
