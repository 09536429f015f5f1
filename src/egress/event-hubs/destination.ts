import * as E from 'fp-ts/lib/Either.js'
import { openAmqp, type AmqpConnection } from '../../azure/amqp-connection.js'
import { authorize } from '../../azure/cbs.js'
import { backoffMs, pause, type Backoff } from '../../log/backoff.js'
import type { Destination } from '../at-least-once/destination.js'
import { isRow, type SinkFailure, type SinkRecord } from '../sink.js'
import { openBatchSender, type BatchSender } from './batch-sender.js'
import { encodedEvent, type EncodedEvent } from './event.js'
import { eventHubsFailure, isBusy } from './failures.js'
import type { EventHubsOptions } from './options.js'
import { wavesOf, type EventBatch } from './waves.js'

type Open = Readonly<{ connection: AmqpConnection; sender: BatchSender }>

/** Microsoft advises to wait ten seconds; the first pauses are shorter, because the quota is counted by the second. */
const BUSY: Backoff = { firstMs: 1_000, maxMs: 10_000 }
const BUSY_ATTEMPTS_MAX = 6

/**
 * An event hub, by AMQP 1.0. Records are sent in batches of one partition key, many of them at the same time but never
 * two of one key, and count as delivered once the event hub has accepted all. While it says that it is busy, what it
 * turned down is sent again after a pause.
 */
export const eventHubsDestination = (options: EventHubsOptions): Destination => {
  const { endpoint, eventHub, tokens, key, markers } = options
  let open: Open | undefined

  const close = async (): Promise<void> => {
    const was = open
    open = undefined
    await was?.connection.close()
  }
  const failed = (cause: unknown): E.Either<SinkFailure, never> => E.left(eventHubsFailure(cause, options))

  return {
    place: `Event Hubs ${endpoint.host}/${eventHub}`,
    open: () => async () => {
      await close()
      try {
        const connection = await openAmqp(endpoint)
        try {
          await authorize(connection, [`sb://${endpoint.host}/${eventHub}`], tokens)
          open = { connection, sender: await openBatchSender(connection, eventHub) }
        } finally {
          if (open === undefined) await connection.close()
        }
        return E.right(undefined)
      } catch (cause) {
        return failed(cause)
      }
    },
    deliver: (records, signal) => async () => {
      if (open === undefined) return E.left({ tag: 'NotConnected', cause: new Error('not connected') })
      const { sender } = open
      const bytesMax = sender.bytesMax > 0 ? Math.min(options.bytesMax, sender.bytesMax) : options.bytesMax
      const waves = wavesOf(eventsOf(markers ? records : records.filter(isRow), key), bytesMax)
      if ('identity' in waves) return E.left(tooLarge(waves, bytesMax, options))
      try {
        for (const wave of waves) await sendWave(wave, sender, options, signal)
        return E.right(undefined)
      } catch (cause) {
        return failed(cause)
      }
    },
    close,
  }
}

const eventsOf = (records: readonly SinkRecord[], key: EventHubsOptions['key']): readonly EncodedEvent[] =>
  records.map((record) => encodedEvent(record, key)).filter((event) => event !== undefined)

/** Sends the batches of a wave until all are stored. Rejects with the first error that is not a matter of patience. */
const sendWave = async (
  wave: readonly EventBatch[],
  sender: BatchSender,
  { busyBackoff = BUSY }: EventHubsOptions,
  signal: AbortSignal,
): Promise<void> => {
  let left = wave
  for (let attempt = 0; ; attempt++) {
    const outcomes = await Promise.allSettled(left.map((batch) => sender.send(batch)))
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown)
    if (failures.length === 0) return
    const lasting = failures.find((cause) => !isBusy(cause))
    if (lasting !== undefined || attempt === BUSY_ATTEMPTS_MAX || signal.aborted) throw lasting ?? failures[0]
    left = left.filter((_, index) => outcomes[index]?.status === 'rejected')
    await pause(backoffMs(busyBackoff, attempt), signal)
  }
}

const tooLarge = (
  { identity, bytes }: EncodedEvent,
  bytesMax: number,
  { settings }: EventHubsOptions,
): SinkFailure => ({
  tag: 'Refused',
  reason: `the event ${identity} has ${bytes.length} bytes, and the event hub takes ${bytesMax} in a batch: ${settings}.bytesMax, or a tier that takes more`,
})
