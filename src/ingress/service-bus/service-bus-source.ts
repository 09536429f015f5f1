import { asError, openAmqp, type AmqpConnection } from '../../azure/amqp-connection.js'
import { authorize } from '../../azure/cbs.js'
import { openRequestResponse } from '../../azure/request-response.js'
import { queueSource } from '../queues/queue-source.js'
import type { Refusals } from '../queues/refusals.js'
import type { Link } from '../reconnecting.js'
import type { Source } from '../source.js'
import { openEntityLink } from './entity-link.js'
import { serviceBusTrouble } from './failures.js'
import type { ServiceBusOptions } from './options.js'
import { readLink, type LinkReading } from './read-link.js'

const SESSION_WAIT_MS = 30_000
const SESSION_IDLE_MS = 2_000

/**
 * A queue of Azure Service Bus, or a subscription of a topic, as a source. Messages are locked (peek-lock) while they
 * are stored, and completed once that is durable. Locks are renewed while the log does not take them.
 */
export const serviceBusSource = (options: ServiceBusOptions): Source =>
  queueSource(
    `service-bus:${options.name}`,
    options,
    (link, refused) => readOnce(options, link, refused),
    (cause) => serviceBusTrouble(cause, options),
  )

/** One connection, from its opening until it is lost (then it rejects) or the source is closed. */
const readOnce = async (options: ServiceBusOptions, source: Link, refused: Refusals): Promise<void> => {
  const { endpoint, entity, tokens, sessions } = options
  const connection = await openAmqp(endpoint)
  try {
    const address = `sb://${endpoint.host}/${entity}`
    await authorize(connection, [address, `${address}/$management`], tokens)
    const management = await openRequestResponse(connection, `${entity}/$management`)
    const stop = new AbortController()
    const reading: LinkReading = { management, source, stop: stop.signal }
    const reader =
      sessions === undefined
        ? await readEntity(connection, options, reading)
        : readSessions(connection, options, sessions, reading)
    void reader.ready.then(() => {
      refused.connected()
      source.connected()
    })
    const lost = await Promise.race([
      aborted(source.signal),
      Promise.race([connection.lost, reader.failed]).then((cause) => ({ cause })),
    ])
    stop.abort()
    await reader.done
    if (lost !== undefined) throw asError(lost.cause)
  } finally {
    await connection.close()
  }
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })

/**
 * `ready` resolves once the broker has let us read; `failed` with the reason when nothing more comes; `done` once nothing
 * is being read. None rejects.
 */
type Reader = Readonly<{ ready: Promise<void>; failed: Promise<unknown>; done: Promise<unknown> }>

const readEntity = async (
  connection: AmqpConnection,
  options: ServiceBusOptions,
  reading: LinkReading,
): Promise<Reader> => {
  const link = await openEntityLink(connection, options.entity)
  const done = readLink(link, options, reading)
  return readerOf(Promise.resolve(), [done], [link.lost])
}

/** Each of `count` readers takes the next session that has messages, reads it until it is empty, and takes another. */
const readSessions = (
  connection: AmqpConnection,
  options: ServiceBusOptions,
  count: number,
  reading: LinkReading,
): Reader => {
  const { stop } = reading
  const stopped = aborted(stop)
  let isReady = (): void => undefined
  const ready = new Promise<void>((resolve) => (isReady = resolve))
  const readNext = async (): Promise<void> => {
    while (!stop.aborted) {
      const opening = openEntityLink(connection, options.entity, SESSION_WAIT_MS).catch((cause: unknown) => {
        if (isNoSession(cause)) return undefined
        throw cause
      })
      const link = await Promise.race([opening, stopped])
      if (!stop.aborted) isReady()
      if (link !== undefined) await readLink(link, options, { ...reading, idleMs: SESSION_IDLE_MS })
    }
  }
  return readerOf(
    ready,
    Array.from({ length: count }, () => readNext()),
    [],
  )
}

/** Nobody sent to a session that is not being read. */
const isNoSession = (cause: unknown): boolean =>
  (cause as { condition?: unknown } | null)?.condition === 'com.microsoft:timeout'

const readerOf = (
  ready: Promise<void>,
  readings: readonly Promise<void>[],
  lost: readonly Promise<unknown>[],
): Reader => {
  const failures = readings.map(
    (reading) => new Promise<unknown>((resolve) => void reading.catch((cause: unknown) => resolve(cause))),
  )
  return { ready, failed: Promise.race([...failures, ...lost]), done: Promise.allSettled(readings) }
}
