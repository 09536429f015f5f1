import type { Delivery, EventContext } from 'rhea'
import { asError, type AmqpConnection } from '../../azure/amqp-connection.js'
import { openSender } from '../../azure/open-link.js'
import { BATCH_FORMAT, encodedBatch } from './event.js'
import type { EventBatch } from './waves.js'

/** A link to an event hub. */
export type BatchSender = Readonly<{
  /** Bytes of a message that the event hub takes; 0: it does not say. */
  bytesMax: number
  /**
   * Sends a batch; resolves once it is stored. Rejects with the error of AMQP that turned it down, or that ended the
   * link: then nobody knows whether it is stored.
   */
  send: (batch: EventBatch) => Promise<void>
  lost: Promise<unknown>
}>

type Waiting = Readonly<{ resolve: () => void; reject: (cause: unknown) => void }>

export const openBatchSender = async (connection: AmqpConnection, eventHub: string): Promise<BatchSender> => {
  const { link, lost } = await openSender(connection, { target: { address: eventHub } })
  const waiting = new Map<Delivery, Waiting>()
  const settle = ({ delivery }: EventContext, outcome: (waiting: Waiting) => void): void => {
    const one = delivery === undefined ? undefined : waiting.get(delivery)
    if (delivery === undefined || one === undefined) return
    waiting.delete(delivery)
    outcome(one)
  }
  link.on('accepted', (context: EventContext) => settle(context, ({ resolve }) => resolve()))
  link.on('rejected', (context: EventContext) => settle(context, ({ reject }) => reject(rejection(context))))
  for (const outcome of ['released', 'modified'])
    link.on(outcome, (context: EventContext) => settle(context, ({ reject }) => reject(new Error(`it was ${outcome}`))))
  const over = lost.then((cause): never => {
    throw asError(cause)
  })
  over.catch(() => undefined)

  /** Sends once there is credit; `stored` resolves when the event hub has the batch. */
  const sendNow = async ({ partitionKey, events }: EventBatch): Promise<Readonly<{ stored: Promise<void> }>> => {
    while (!link.sendable())
      await Promise.race([over, new Promise<void>((resolve) => link.once('sendable', () => resolve()))])
    const stored = new Promise<void>((resolve, reject) => {
      const delivery = link.send(encodedBatch(partitionKey, events), undefined, BATCH_FORMAT)
      waiting.set(delivery, { resolve, reject })
    })
    return { stored }
  }
  // One batch waits for credit at a time, or each credit would wake all of them.
  let turn: Promise<unknown> = Promise.resolve()
  return {
    bytesMax: link.max_message_size,
    lost,
    send: async (batch) => {
      const sending = turn.then(() => sendNow(batch))
      turn = sending.catch(() => undefined)
      const { stored } = await sending
      await Promise.race([stored, over])
    },
  }
}

/** What the broker says with a rejection. */
const rejection = ({ delivery }: EventContext): Error => {
  const state = delivery?.remote_state as Readonly<{ error?: unknown }> | undefined
  return asError(state?.error)
}
