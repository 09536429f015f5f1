import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Connection, EventContext } from 'rhea'
import { tlsMaterial, type TlsSettings } from '../credentials/tls.js'

/** Where Service Bus or Event Hubs speak AMQP 1.0. */
export type AmqpEndpoint = Readonly<{
  /** `<namespace>.servicebus.windows.net` */
  host: string
  /** Default 5671, or 5672 without TLS. */
  port?: number | undefined
  /** `false`: a plain connection, as the emulator on this machine wants it. */
  tls: TlsSettings | false
}>

/** An open connection. `lost` resolves with the reason once it is gone, and never rejects. */
export type AmqpConnection = Readonly<{
  rhea: Connection
  lost: Promise<unknown>
  close: () => Promise<void>
}>

/** The broker sends something at least this often, else the connection counts as dead. */
const IDLE_MS = 60_000
const CONNECT_MAX_MS = 30_000
const CLOSE_MAX_MS = 5_000

/**
 * Connects without credentials (SASL ANONYMOUS): the right to an entity is then shown by a token (cbs.ts). It does not
 * reconnect by itself, because every link would have to be authorized again first. Rejects if the connection cannot be
 * opened.
 */
export const openAmqp = async (endpoint: AmqpEndpoint): Promise<AmqpConnection> => {
  const { host, tls, port = tls === false ? 5672 : 5671 } = endpoint
  const { default: rhea } = await import('rhea') // few installations read from Azure
  const connection = rhea.create_container().create_connection({
    ...{ host, port, hostname: host, username: 'anonymous', reconnect: false },
    ...{ idle_time_out: IDLE_MS, tcp_no_delay: true },
    ...(tls === false ? {} : { transport: 'tls' as const, servername: host, ...tlsMaterial(tls) }),
  })
  const lost = new Promise<unknown>((resolve) => {
    const end = ({ error }: EventContext): void => resolve(error ?? new Error(`${host} closed the connection`))
    connection.on('connection_error', end)
    connection.on('connection_close', end)
    connection.on('disconnected', end)
    // Frames that rhea cannot read, and errors that nobody listens to, would end the process.
    connection.on('protocol_error', resolve)
    connection.on('error', resolve)
    connection.on('session_error', ({ session }: EventContext) => resolve(session?.error))
  })
  // rhea hears of the end of a socket by `end` and `error` only. A socket that is destroyed without an error never counts
  // as lost, and the timer of its idle connection keeps the process alive for two more minutes.
  const destroy = (reason: string): void => {
    ;(connection['socket'] as Socket | undefined)?.destroy(new Error(reason))
  }
  connection.connect()
  const timeout = setTimeout(
    () => destroy(`${host} does not answer within ${CONNECT_MAX_MS / 1_000} s`),
    CONNECT_MAX_MS,
  )
  try {
    const opened = once(connection, 'connection_open').then(() => undefined)
    const failed = await Promise.race([opened, lost.then((cause) => ({ cause }))])
    if (failed !== undefined) throw asError(failed.cause)
  } catch (cause) {
    destroy('the connection was not opened')
    throw cause
  } finally {
    clearTimeout(timeout)
  }
  return { rhea: connection, lost, close: () => closed(connection, lost, destroy) }
}

const closed = async (
  connection: Connection,
  lost: Promise<unknown>,
  destroy: (reason: string) => void,
): Promise<void> => {
  const timeout = setTimeout(() => destroy('the broker does not answer that the connection is closed'), CLOSE_MAX_MS)
  connection.close()
  await lost
  clearTimeout(timeout)
  destroy('the connection is closed')
}

/** An error of AMQP as one of JavaScript: its condition is kept as `condition`, which `amqpFault` reads. */
export const asError = (cause: unknown): Error => {
  if (cause instanceof Error) return cause
  const { condition, description } = (cause ?? {}) as { condition?: string; description?: string }
  return Object.assign(new Error(description ?? condition ?? 'the peer gave no reason'), { condition })
}
