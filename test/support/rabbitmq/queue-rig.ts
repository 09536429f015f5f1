import { connect, type Channel } from 'amqplib'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import type { RabbitmqSourceOptions } from '../../../src/ingress/rabbitmq/options.js'
import { rabbitmqSource } from '../../../src/ingress/rabbitmq/source.js'
import type { Source } from '../../../src/ingress/source.js'
import { addressOf } from './address.js'
import type { Rabbitmq } from './broker.js'
import { wireTap, type WireTap } from './wire-tap.js'

/** A queue of a test, and its source. */
export type QueueRig = Readonly<{
  queue: string
  source: (changes?: Partial<RabbitmqSourceOptions>) => Source
  send: (...bodies: readonly (Buffer | string)[]) => Promise<void>
  /** What the source sends to the broker goes through here. */
  tap: WireTap
  /** Messages that wait in the queue; those that a consumer holds are not among them. */
  ready: () => Promise<number>
  channel: () => Channel
}>

let rigs = 0

/** Declares a queue; its connection ends with the test. */
export const queueRig = async (
  broker: Rabbitmq,
  args: Readonly<Record<string, unknown>> = { 'x-queue-type': 'quorum' },
): Promise<QueueRig> => {
  const queue = `events-${(rigs += 1)}`
  const connection = await connect(broker.url)
  connection.on('error', () => undefined)
  const channel = await connection.createConfirmChannel()
  channel.on('error', () => undefined)
  await channel.assertQueue(queue, { durable: true, arguments: args })
  onTestFinished(() => connection.close().catch(() => undefined))
  const tap = await wireTap(broker.port)
  onTestFinished(tap.close)
  return {
    queue,
    channel: () => channel,
    source: (changes = {}) =>
      rabbitmqSource({
        name: 'rabbit',
        address: addressOf(broker, { brokers: [`127.0.0.1:${tap.port}`], connectTimeoutMs: 3_000 }),
        queue,
        prefetch: 100,
        batchMax: 50,
        deliveriesMax: 15,
        depthEveryMs: 50,
        settings: 'sources.rabbit',
        logger: pino({ level: 'silent' }),
        backoff: { firstMs: 20, maxMs: 200 },
        ...changes,
      }),
    send: async (...bodies) => {
      for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body), { persistent: true })
      await channel.waitForConfirms()
    },
    tap,
    ready: async () => (await channel.checkQueue(queue)).messageCount,
  }
}
