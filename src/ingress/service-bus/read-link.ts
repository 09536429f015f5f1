import type { Delivery } from 'rhea'
import type { RequestResponse } from '../../azure/request-response.js'
import { withinLimit } from '../../log/within-limit.js'
import { batchOf, deliverUntilTaken } from '../queues/deliver-until-taken.js'
import type { Link } from '../reconnecting.js'
import type { EntityLink } from './entity-link.js'
import type { HeldMessage } from './held-messages.js'
import { renewLocks, renewSession } from './locks.js'
import type { ServiceBusOptions } from './options.js'

export type LinkReading = Readonly<{
  management: RequestResponse
  source: Link
  /** Takes nothing more. */
  stop: AbortSignal
  /** Ends the reading when nothing came for this long: a session gives way to the next one. */
  idleMs?: number | undefined
}>

const RENEW_EVERY_MS = 250
const DRAIN_MAX_MS = 2_000

/**
 * Reads messages of a link until it is told to stop, has been idle, or is lost: a batch is delivered, and its messages
 * are completed once it is durable. What has no bytes to store goes to the dead-letter queue of the entity, with the
 * reason. At the end, messages that were not delivered are given back.
 */
export const readLink = async (
  entityLink: EntityLink,
  options: ServiceBusOptions,
  { management, source, stop, idleMs }: LinkReading,
): Promise<void> => {
  const { link, held, lost } = entityLink
  // `AbortSignal.any` of signals that live as long as the source would leave something behind with each session and batch.
  const over = new AbortController()
  const end = (): void => over.abort()
  let isLost = false
  void lost.then(() => {
    isLost = true
    end()
  })
  stop.addEventListener('abort', end)
  if (stop.aborted) end()
  const ended = over.signal
  const renewing = setInterval(() => renew(entityLink, management), RENEW_EVERY_MS)
  try {
    link.add_credit(options.prefetch)
    while (!ended.aborted) {
      const take = (signal: AbortSignal) => held.take(options.batchMax, signal)
      const messages = await (idleMs === undefined
        ? take(ended)
        : withinLimit(ended, idleMs, ({ signal }) => take(signal)))
      if (messages.length === 0) break
      if (!(await store(messages, entityLink, options, source, ended))) break
      link.add_credit(messages.length)
      source.waiting({ seconds: held.waitedSeconds(messages, Date.now()) })
    }
    if (!isLost) await giveBack(entityLink)
  } finally {
    stop.removeEventListener('abort', end)
    clearInterval(renewing)
    link.close()
    link.session.close()
  }
}

/** `false`: the log did not take them before the end; they are given back. */
const store = async (
  messages: readonly HeldMessage[],
  { held, lost }: EntityLink,
  options: ServiceBusOptions,
  source: Link,
  stop: AbortSignal,
): Promise<boolean> => {
  const unreadable = messages.filter(({ body }) => 'unreadable' in body)
  if (unreadable.length > 0) await held.settle(unreadable, deadLetter, lost)
  const readable = messages.filter(({ body }) => 'bytes' in body)
  if (readable.length === 0) return true
  const bodies = readable.map(({ body }) => ('bytes' in body ? body.bytes : new Uint8Array()))
  const batch = batchOf(bodies, `service-bus:${options.name}`)
  const isStored = await deliverUntilTaken(source.deliver, batch, stop, options.backoff)
  await held.settle(readable, isStored ? complete : abandon, lost)
  return isStored
}

const complete = ({ delivery }: HeldMessage): void => delivery.accept()
const abandon = ({ delivery }: HeldMessage): void => delivery.modified({ undeliverable_here: false })

/** What Service Bus shows as the reason of a dead letter (…/service-bus-dead-letter-queues). */
const deadLetter = ({ delivery, body }: HeldMessage): void =>
  delivery.reject({
    condition: 'com.microsoft:dead-letter',
    description: 'unreadable body',
    info: {
      DeadLetterReason: 'UnreadableBody',
      DeadLetterErrorDescription: 'unreadable' in body ? body.unreadable : '',
    },
  })

/** Takes back the credit first: what the broker would still send would stay locked until its lock expires. */
const giveBack = async ({ link, held, lost }: EntityLink): Promise<void> => {
  const drained = new Promise<void>((resolve) => link.once('receiver_drained', () => resolve()))
  link.drain_credit()
  await Promise.race([drained, lost, new Promise((resolve) => setTimeout(resolve, DRAIN_MAX_MS).unref())])
  const rest = held.untaken()
  if (rest.length > 0) await held.settle(rest, abandon, lost)
}

/** Renews what is due. A renewal that fails costs a duplicate, which the log drops, and nothing else. */
const renew = ({ held, sessionId }: EntityLink, management: RequestResponse): void => {
  const due = held.due(performance.now())
  if (due.length === 0) return
  for (const delivery of due) held.renewed(delivery, Infinity) // not asked for twice at a time
  const renewed: Promise<ReadonlyMap<Delivery, number | undefined>> =
    sessionId === undefined
      ? renewLocks(management, due)
      : renewSession(management, sessionId).then((until) => new Map(due.map((delivery) => [delivery, until])))
  void renewed.then(
    (until) => until.forEach((at, delivery) => held.renewed(delivery, at)),
    () => due.forEach((delivery) => held.renewed(delivery, 0)),
  )
}
