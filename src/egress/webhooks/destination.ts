import * as E from 'fp-ts/lib/Either.js'
import { SecretUnreadable } from '../../credentials/secret.js'
import { unreachable } from '../../domain/unreachable.js'
import { Accepted } from '../at-least-once/accepted.js'
import type { Destination } from '../at-least-once/destination.js'
import { hasValue, type SinkFailure, type SinkRecord, type ValuedRecord } from '../sink.js'
import { endpointPlace, openEndpoint, type Endpoint, type Outcome } from './endpoint.js'
import { messagesOf, oneByOne, stepsOf, type Message } from './messages.js'
import type { WebhookOptions } from './options.js'
import { SigningKeyUnusable } from './signature.js'

/**
 * An endpoint that takes webhooks. Rows of a queue, an agent and so on are sent one after the other, those of others at
 * the same time. A message that fails holds up its lane; the other lanes go on, unless the endpoint itself is away or
 * overloaded. Then the delivery fails, and comes again after a pause: what was accepted meanwhile is not sent again.
 */
export const webhookDestination = (options: WebhookOptions, now: () => number = Date.now): Destination => {
  const { batch, parallel, refused, onBadRow, attemptsMax = Infinity } = options
  const place = endpointPlace(options.url)
  let endpoint: Endpoint | undefined
  const accepted = new Accepted<ValuedRecord>()
  /** How often messages were answered with a failure, by id; of the delivery that has not come to its end. */
  const failures = new Map<string, number>()
  let deadLettered = 0

  const close = async (): Promise<void> => {
    const was = endpoint
    endpoint = undefined
    await was?.close()
  }

  /** Resolves with what keeps the message from being done with; `undefined`: nothing does. */
  const send = async (to: Endpoint, message: Message, signal: AbortSignal): Promise<Outcome | undefined> => {
    const outcome = await to.post(message, signal)
    switch (outcome.kind) {
      case 'delivered':
        accepted.add(message.records)
        return undefined
      case 'refused':
        return setAside(to, message, outcome, signal)
      case 'gone':
        return outcome
      case 'failed': {
        if (!outcome.hasStatus || outcome.isOverloaded) return outcome
        const times = (failures.get(message.id) ?? 0) + 1
        failures.set(message.id, times)
        return times < attemptsMax ? outcome : setAside(to, message, outcome, signal)
      }
      default:
        return unreachable(outcome)
    }
  }

  /** Of a batch, each record is sent on its own first: the others are not to suffer for one. */
  const setAside = async (
    to: Endpoint,
    message: Message,
    outcome: Outcome & Readonly<{ reason: string }>,
    signal: AbortSignal,
  ): Promise<Outcome | undefined> => {
    const [record, ...others] = message.records
    if (record === undefined) return undefined
    if (others.length > 0) {
      for (const single of oneByOne(message, batch)) {
        const end = await send(to, single, signal)
        if (end !== undefined) return end
      }
      return undefined
    }
    if (onBadRow === 'stop') return { kind: 'refused', reason: outcome.reason }
    await refused.put(record, outcome.reason)
    accepted.add([record])
    deadLettered += 1
    return undefined
  }

  const deliver = async (
    to: Endpoint,
    records: readonly ValuedRecord[],
    signal: AbortSignal,
  ): Promise<Outcome | undefined> => {
    for (const lanes of stepsOf(accepted.left(records), parallel)) {
      let isHalted = false
      const lane = async (ofLane: readonly ValuedRecord[]): Promise<Outcome | undefined> => {
        for (const message of messagesOf(ofLane, batch)) {
          if (isHalted) return undefined
          const end = await send(to, message, signal)
          if (end === undefined) continue
          isHalted = end.kind !== 'failed' || end.isOverloaded
          return end
        }
        return undefined
      }
      const ends = await Promise.all(lanes.map(lane))
      const end = worstOf(ends)
      if (end !== undefined) return end
    }
    accepted.clear()
    failures.clear()
    return undefined
  }

  return {
    place,
    open: () => async () => {
      await close()
      try {
        endpoint = openEndpoint(options, now)
        return E.right(undefined)
      } catch (cause) {
        if (cause instanceof SecretUnreadable || cause instanceof SigningKeyUnusable)
          return E.left({ tag: 'Refused', reason: `${place}: ${cause.message}` })
        throw cause
      }
    },
    deliver: (records, signal) => async () => {
      if (endpoint === undefined) return E.left({ tag: 'NotConnected', cause: new Error('not connected') })
      const end = await deliver(endpoint, records.filter(isSent), signal)
      return end === undefined ? E.right(undefined) : E.left(failureOf(end))
    },
    deadLettered: () => deadLettered,
    close,
  }
}

/** Tombstones are for what keeps a latest state. */
const isSent = (record: SinkRecord): record is ValuedRecord => hasValue(record)

/** Of the ends of several lanes the one that says most: what stops the sink, then what asks for the longest pause. */
const worstOf = (ends: readonly (Outcome | undefined)[]): Outcome | undefined => {
  const left = ends.filter((end) => end !== undefined)
  const pauseOf = (end: Outcome): number => (end.kind === 'failed' ? (end.retryAfterMs ?? -1) : Infinity)
  return left.sort((a, b) => pauseOf(b) - pauseOf(a))[0]
}

const failureOf = (end: Outcome): SinkFailure => {
  switch (end.kind) {
    case 'failed':
      return {
        tag: 'NotConnected',
        cause: new Error(end.reason),
        ...(end.retryAfterMs !== undefined && { retryAfterMs: end.retryAfterMs }),
      }
    case 'gone':
      return {
        tag: 'Refused',
        reason: `${end.reason}; the receiver wants no more webhooks, so nothing is sent to it: take this sink out of egress.sinks, or start again once the receiver takes them`,
      }
    case 'refused':
      return { tag: 'Refused', reason: `${end.reason}; onBadRow: dead-letter sets such records aside` }
    case 'delivered':
      throw new Error('a delivery is no failure')
    default:
      return unreachable(end)
  }
}
