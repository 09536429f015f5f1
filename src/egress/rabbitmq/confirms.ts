import type { ConfirmChannel, Message as ReturnedMessage } from 'amqplib'
import type { RabbitmqLink } from '../../rabbitmq/connection.js'
import type { Message } from './message.js'

type Publication = Readonly<{
  channel: ConfirmChannel
  exchange: string
  mandatory: boolean
  confirmTimeoutMs: number
  messages: readonly Message[]
  /** Resolves with the reason once channel or connection is gone. */
  ended: Promise<Error>
  link: Pick<RabbitmqLink, 'blocked'>
  signal: AbortSignal
}>

/** A queue that the message went to did not take it. */
class NotTaken extends Error {
  override readonly name = 'NotTaken'
  constructor() {
    super('a queue did not take a message: it is full (overflow: reject-publish), or has lost its majority')
  }
}

/**
 * Publishes messages in order and resolves once the broker has confirmed all of them, with those that it returned
 * because no queue is bound for them. Rejects where the channel ends, a message is not taken, no confirmation comes for
 * `confirmTimeoutMs`, or at `signal`. Messages that were sent by then may be published or not.
 */
export const publishConfirmed = async (
  publication: Publication,
): Promise<Readonly<{ returned: readonly Message[] }>> => {
  const { channel, exchange, mandatory, messages, ended, signal, confirmTimeoutMs, link } = publication
  let timer: NodeJS.Timeout | undefined
  let stop: (reason: Error) => void = () => {}
  const stopped = new Promise<never>((_, reject) => (stop = reject))
  stopped.catch(() => undefined)
  void ended.then(stop)
  const onAbort = (): void => stop(new Error('it is being stopped'))
  const awaitNext = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => stop(new Error(silence(link.blocked(), confirmTimeoutMs))), confirmTimeoutMs)
  }
  const returnedIds = new Set<unknown>()
  const onReturn = ({ properties }: ReturnedMessage): void => void returnedIds.add(properties.messageId)

  let outstanding = messages.length
  let finish: () => void = () => {}
  const confirmed = new Promise<void>((resolve) => (finish = resolve))
  const onConfirm = (cause: unknown): void => {
    // That the channel was closed is told to each outstanding message; why, by `ended`.
    if (cause instanceof Error) return /nacked/.test(cause.message) ? stop(new NotTaken()) : undefined
    outstanding -= 1
    if (outstanding === 0) finish()
    else awaitNext()
  }

  channel.on('return', onReturn)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    awaitNext()
    if (messages.length === 0) finish()
    for (const { routingKey, body, properties } of messages)
      if (!channel.publish(exchange, routingKey, body, { ...properties, mandatory }, onConfirm))
        await Promise.race([drained(channel), stopped])
    await Promise.race([confirmed, stopped])
    // The broker returns a message before it confirms it.
    return { returned: messages.filter(({ properties }) => returnedIds.has(properties.messageId)) }
  } finally {
    clearTimeout(timer)
    channel.off('return', onReturn)
    signal.removeEventListener('abort', onAbort)
  }
}

const drained = (channel: ConfirmChannel): Promise<void> => new Promise((resolve) => channel.once('drain', resolve))

const silence = (blocked: string | undefined, ms: number): string =>
  blocked === undefined
    ? `the broker confirmed nothing for ${ms / 1_000} s: a queue may have lost the majority of its nodes`
    : `the broker takes no messages now: ${blocked} (an alarm of the broker; \`rabbitmq-diagnostics alarms\`)`
