import type { EventContext, Receiver, ReceiverOptions, Sender, SenderOptions } from 'rhea'
import { asError, type AmqpConnection } from './amqp-connection.js'

/** A link that was opened. `lost` resolves with the reason once it is detached or its connection is gone. */
export type OpenLink<Link> = Readonly<{ link: Link; lost: Promise<unknown> }>

/**
 * Opens a link to receive, in a session of AMQP of its own: of the deliveries of a session that are settled in one turn,
 * rhea sends the outcome of the first for the second as well, so that one link would settle for another. Rejects if the
 * broker refuses the link, with the condition of AMQP that it gives.
 */
export const openReceiver = (
  { rhea, lost }: AmqpConnection,
  options: ReceiverOptions,
  onMessage: (context: EventContext) => void,
): Promise<OpenLink<Receiver>> => {
  const session = rhea.create_session()
  session.begin()
  const receiver = session.open_receiver(options)
  receiver.on('message', onMessage)
  return opened(receiver, 'receiver', () => receiver.source, lost)
}

/** Opens a link to send. Rejects as `openReceiver` does. */
export const openSender = ({ rhea, lost }: AmqpConnection, options: SenderOptions): Promise<OpenLink<Sender>> => {
  const sender = rhea.open_sender(options)
  return opened(sender, 'sender', () => sender.target, lost)
}

/**
 * A broker that refuses a link first answers its attach, without a terminus, and then detaches it with the reason
 * (AMQP 1.0, 2.6.3).
 */
const opened = async <Link extends Sender | Receiver>(
  link: Link,
  role: 'sender' | 'receiver',
  terminus: () => Readonly<{ address?: unknown }> | undefined,
  connectionLost: Promise<unknown>,
): Promise<OpenLink<Link>> => {
  const detached = new Promise<unknown>((resolve) => {
    const end = (): void => resolve(link.error ?? new Error('the broker detached the link'))
    link.on(`${role}_error`, end)
    link.on(`${role}_close`, end)
  })
  const lost = Promise.race([detached, connectionLost])
  const open = new Promise<undefined>((resolve) => {
    link.on(`${role}_open`, () => {
      if (typeof terminus()?.address === 'string') resolve(undefined)
    })
  })
  const failed = await Promise.race([open, lost.then((cause) => ({ cause }))])
  if (failed !== undefined) throw asError(failed.cause)
  return { link, lost }
}
