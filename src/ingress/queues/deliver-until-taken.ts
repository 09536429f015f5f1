import { backoffMs, pause, type Backoff } from '../../log/backoff.js'
import { eventsIn } from '../wrappings/wrapping.js'
import type { Batch, Deliver } from '../source.js'

const BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000 }

/**
 * Delivers a batch of messages, again and again while the log does not take it: `true` once it is stored. The messages
 * are held meanwhile, and the caller renews their locks. Giving them back each time would be simpler, but a queue
 * counts how often it gave a message out, and ten times is all that Service Bus allows before it sets the message aside
 * (SQS: what the redrive policy says): a log that is away for a quarter of an hour would empty the queue into its
 * dead-letter queue.
 */
export const deliverUntilTaken = async (
  deliver: Deliver,
  batch: Batch,
  /** Ends the attempts: the source is closing, or the messages are no longer ours. */
  stop: AbortSignal,
  backoff: Backoff = BACKOFF,
): Promise<boolean> => {
  for (let attempt = 0; ; attempt++) {
    try {
      await deliver(batch)
      return true
    } catch {
      if (!stop.aborted) await pause(backoffMs(backoff, attempt), stop)
      if (stop.aborted) return false
    }
  }
}

/** What messages hold: each one event, or several as an array, one a line or one after the other. */
export const batchOf = (bodies: readonly Uint8Array[], origin: string): Batch => ({
  raws: bodies.flatMap((body) => eventsIn(Buffer.from(body.buffer, body.byteOffset, body.byteLength))),
  origin,
})
