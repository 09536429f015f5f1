import type { ConsumeMessage } from 'amqplib'
import { NotIngested } from '../not-ingested.js'
import { batchOf, deliverUntilTaken } from '../queues/deliver-until-taken.js'
import type { Batch, Deliver } from '../source.js'
import type { RabbitmqSourceOptions } from './options.js'

type Options = Pick<RabbitmqSourceOptions, 'name' | 'deliveriesMax' | 'backoff'>

/**
 * Stores messages in their order: `true` once all of them are durable, `false` if `stop` aborted before. A message that
 * nothing helps against becomes a dead letter, so that those behind it are stored: one that was given out
 * `deliveriesMax` times before, and one that cannot be stored by itself although the log is well.
 */
export const storeMessages = async (
  messages: readonly ConsumeMessage[],
  options: Options,
  deliver: Deliver,
  stop: AbortSignal,
): Promise<boolean> => {
  for (const run of runsOf(messages, options.deliveriesMax)) {
    const isTaken = run.isPoison
      ? await taken(deadLetter(run.messages, options, triedWords(options)), options, deliver, stop)
      : await storeRun(run.messages, options, deliver, stop)
    if (!isTaken) return false
  }
  return true
}

type Run = Readonly<{ isPoison: boolean; messages: ConsumeMessage[] }>

/** Neighbours that are treated alike. */
const runsOf = (messages: readonly ConsumeMessage[], deliveriesMax: number): readonly Run[] => {
  const runs: Run[] = []
  for (const message of messages) {
    const isPoison = deliveriesOf(message) >= deliveriesMax
    const last = runs.at(-1)
    if (last?.isPoison === isPoison) last.messages.push(message)
    else runs.push({ isPoison, messages: [message] })
  }
  return runs
}

/** How often a quorum queue has given the message out before; other queues do not count. */
const deliveriesOf = ({ properties }: ConsumeMessage): number => Number(properties.headers?.['x-delivery-count'] ?? 0)

const storeRun = async (
  messages: readonly ConsumeMessage[],
  options: Options,
  deliver: Deliver,
  stop: AbortSignal,
): Promise<boolean> => {
  const fault = await faultOf(batchOf(bodiesOf(messages), originOf(options)), options, deliver, stop)
  if (fault === undefined || typeof fault === 'boolean') return fault ?? true
  if (messages.length === 1) return taken(deadLetter(messages, options, faultWords(fault)), options, deliver, stop)
  for (const message of messages) if (!(await storeRun([message], options, deliver, stop))) return false
  return true
}

/** As often, one after the other, storing a batch may fail for a reason that the log does not state. */
const FAULTS_MAX = 3

/**
 * Delivers a batch until the log takes it: `undefined`; `false` if `stop` aborted before; or what `deliver` threw that
 * is no statement of the log, so that trying again would not help.
 */
const faultOf = async (
  batch: Batch,
  { backoff }: Options,
  deliver: Deliver,
  stop: AbortSignal,
): Promise<undefined | false | Error> => {
  // `AbortSignal.any` of a signal that lives as long as the connection would leave something behind with each batch.
  const attempts = new AbortController()
  const end = (): void => attempts.abort()
  stop.addEventListener('abort', end)
  if (stop.aborted) end()
  let fault: Error | undefined
  let faults = 0
  const watched: Deliver = async (delivered) => {
    try {
      return await deliver(delivered)
    } catch (cause) {
      faults = cause instanceof NotIngested ? 0 : faults + 1
      if (faults >= FAULTS_MAX) {
        fault = cause instanceof Error ? cause : new Error(String(cause))
        end()
      }
      throw cause
    }
  }
  try {
    const isTaken = await deliverUntilTaken(watched, batch, attempts.signal, backoff)
    return isTaken ? undefined : stop.aborted ? false : (fault ?? false)
  } finally {
    stop.removeEventListener('abort', end)
  }
}

const taken = (batch: Batch, { backoff }: Options, deliver: Deliver, stop: AbortSignal): Promise<boolean> =>
  deliverUntilTaken(deliver, batch, stop, backoff)

const deadLetter = (messages: readonly ConsumeMessage[], options: Options, detail: string): Batch => ({
  raws: bodiesOf(messages),
  origin: originOf(options),
  unusable: { reason: 'undecodable', detail },
})

const bodiesOf = (messages: readonly ConsumeMessage[]): readonly Uint8Array[] => messages.map(({ content }) => content)
const originOf = ({ name }: Options): string => `rabbitmq:${name}`

const triedWords = ({ deliveriesMax }: Options): string =>
  `the queue gave this message out ${deliveriesMax} times, and it was never acknowledged: a process that took it ended each time`
const faultWords = (fault: Error): string => `storing this message alone failed: ${fault.message}`
