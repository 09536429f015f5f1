import { pause } from '../../log/backoff.js'
import { batchOf, deliverUntilTaken } from '../queues/deliver-until-taken.js'
import { queueSource } from '../queues/queue-source.js'
import type { Refusals } from '../queues/refusals.js'
import type { Link } from '../reconnecting.js'
import type { Source } from '../source.js'
import { sqsTrouble } from './failures.js'
import type { SqsOptions } from './options.js'
import { openSqsQueue, type SqsMessage, type SqsQueue } from './queue.js'

/** How often the queue is asked how many messages wait. */
const COUNT_EVERY_MS = 30_000

/**
 * A queue of Amazon SQS as a source, standard or FIFO. Messages are hidden from others while they are stored, and
 * deleted once that is durable. SQS gives the messages of a FIFO group to one request at a time, so their order holds.
 */
export const sqsSource = (options: SqsOptions): Source =>
  queueSource(
    `sqs:${options.name}`,
    options,
    (link, refused) => readOnce(options, link, refused),
    (cause) => sqsTrouble(cause, options),
  )

/** One client, from its opening until a request of it fails (then it rejects) or the source is closed. */
const readOnce = async (options: SqsOptions, link: Link, refused: Refusals): Promise<void> => {
  const queue = openSqsQueue(options)
  const failed = new AbortController()
  const stop = AbortSignal.any([link.signal, failed.signal])
  try {
    link.waiting({ events: await queue.waiting() })
    refused.connected()
    link.connected()
    const work = [
      ...Array.from({ length: options.pollers }, () => poll(queue, options, link, stop)),
      count(queue, link, stop),
    ]
    const ended = await Promise.allSettled(work.map((one) => one.catch((cause: unknown) => end(failed, cause))))
    const failure = ended.find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected' && !link.signal.aborted) throw failure.reason
  } finally {
    queue.close()
  }
}

/** The first failure ends all that this client does. */
const end = (failed: AbortController, cause: unknown): never => {
  failed.abort()
  throw cause
}

const poll = async (queue: SqsQueue, options: SqsOptions, link: Link, stop: AbortSignal): Promise<void> => {
  while (!stop.aborted) {
    const messages = await queue.receive(stop)
    if (messages.length > 0) await store(messages, queue, options, link, stop)
  }
}

const store = async (
  messages: readonly SqsMessage[],
  queue: SqsQueue,
  { name, visibilitySeconds, backoff, logger }: SqsOptions,
  { deliver }: Link,
  stop: AbortSignal,
): Promise<void> => {
  // What cannot be hidden for longer comes again, and the log drops it.
  const hide = (): void => void queue.hide(messages, visibilitySeconds).catch(() => undefined)
  const hiding = setInterval(hide, (visibilitySeconds * 1_000) / 2)
  try {
    const batch = batchOf(
      messages.map(({ body }) => Buffer.from(body)),
      `sqs:${name}`,
    )
    if (!(await deliverUntilTaken(deliver, batch, stop, backoff))) return await queue.hide(messages, 0)
  } finally {
    clearInterval(hiding)
  }
  const left = await queue.remove(messages)
  if (left > 0)
    logger.warn({ source: name, messages: left }, 'ingress: stored messages were not deleted, and come again')
}

const count = async (queue: SqsQueue, link: Link, stop: AbortSignal): Promise<void> => {
  while (!stop.aborted) {
    await pause(COUNT_EVERY_MS, stop)
    if (!stop.aborted) link.waiting({ events: await queue.waiting() })
  }
}
