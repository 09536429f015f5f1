import * as E from 'fp-ts/lib/Either.js'
import { connect as connectTo } from 'amqplib'
import { expect, test } from 'vitest'
import { atLeastOnceSink } from '../../../src/egress/at-least-once/sink.js'
import { rabbitmqDestination, type RabbitmqSinkOptions } from '../../../src/egress/rabbitmq/destination.js'
import { recordIdentity } from '../../../src/egress/record-identity.js'
import { recordJson } from '../../../src/egress/record-values.js'
import { failureText } from '../../../src/egress/sink.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { connect, revisionsByKey, write } from '../../contracts/sink.contract.js'
import { memoryProgress } from '../../egress/at-least-once/memory-delivery.js'
import { batchAt, manyRowsAt, MANY_QUEUES, recordsAt } from '../../egress/batches.js'
import { sinkOptionsOf } from '../../support/rabbitmq/address.js'
import { describeRabbitmq, type Rabbitmq } from '../../support/rabbitmq/broker.js'
import { readMessages, rowsRead } from '../../support/rabbitmq/message-reader.js'

const sinkAt = (
  broker: Rabbitmq,
  exchange: string,
  changes: Partial<RabbitmqSinkOptions> = {},
  progress = memoryProgress(memoryLog()),
) =>
  atLeastOnceSink({
    name: 'queue',
    destination: rabbitmqDestination(sinkOptionsOf(broker, exchange, changes)),
    progress,
    everyMs: 0,
  })

describeRabbitmq('a sink on a real RabbitMQ', (broker) => {
  test('a message is persistent, holds the JSON and headers of the Kafka record, and has the record as its id', async () => {
    const reader = await readMessages(broker().url, 'messages')
    const sink = sinkAt(broker(), 'messages')
    await connect(sink)
    expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
    const read = await reader.all()
    const { records } = batchAt(1)
    expect(read.map(({ id }) => id)).toEqual(records.map(recordIdentity))
    expect(read.map(({ body }) => body)).toEqual(recordsAt(1).map((record) => JSON.stringify(recordJson(record))))
    expect(read.map(({ routingKey }) => routingKey)).toEqual([
      'queue.sales.PT15M',
      'queue.support.PT15M',
      'agent.anna.PT15M',
      expect.stringMatching(/^agent-state\.[a-z]+\.PT15M$/),
    ])
    const [first] = read
    expect(first?.properties).toMatchObject({
      deliveryMode: 2,
      contentType: 'application/json',
      type: 'streamvane.kpi.queue.v1',
      appId: 'streamvane',
    })
    expect(first?.headers).toMatchObject({
      ce_id: first?.id,
      ce_type: 'streamvane.kpi.queue.v1',
      'streamvane-row-revision': '1',
      'streamvane-delivery': 'at-least-once',
    })
    await sink.close()
    await reader.close()
  })

  test('a message that no queue is bound for is refused with its routing keys, and is not lost once one is', async () => {
    const sink = sinkAt(broker(), 'unbound')
    await connect(sink)
    const outcome = await write(sink, batchAt(1))
    expect(outcome).toMatchObject({ left: { tag: 'Refused' } })
    if (E.isLeft(outcome)) expect(failureText(outcome.left)).toMatch(/no queue is bound.*queue\.sales\.PT15M.*1 more/)
    const reader = await readMessages(broker().url, 'unbound')
    expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
    expect(await reader.all()).toHaveLength(recordsAt(1).length)
    await sink.close()
    await reader.close()
  })

  test('with mandatory: false the broker drops what nobody takes', async () => {
    const sink = sinkAt(broker(), 'optional', { mandatory: false })
    await connect(sink)
    expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
    await sink.close()
  })

  test('a queue that is full stops the sink, which goes on without a loss once there is room', async () => {
    const queue = { 'x-max-length': 2, 'x-overflow': 'reject-publish' }
    const reader = await readMessages(broker().url, 'full', undefined, queue)
    const sink = sinkAt(broker(), 'full')
    await connect(sink)
    const outcome = await write(sink, batchAt(1))
    expect(outcome).toMatchObject({ left: { tag: 'NotConnected' } })
    if (E.isLeft(outcome)) expect(failureText(outcome.left)).toContain('reject-publish')
    const before = await reader.all()
    await broker().ctl('delete_queue', reader.queue)
    const roomy = await readMessages(broker().url, 'full', 'full-roomy')
    expect(await connect(sink)).toEqual(E.right(undefined))
    expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
    expect(before.length).toBeGreaterThan(0)
    expect((await roomy.all()).map(({ id }) => id)).toEqual(recordsAt(1).map(recordIdentity))
    await sink.close()
    await reader.close()
    await roomy.close()
  })

  test('a memory alarm of the broker holds the batch back, which is delivered once when the alarm is over', async () => {
    const reader = await readMessages(broker().url, 'alarm')
    const sink = sinkAt(broker(), 'alarm')
    await connect(sink)
    await broker().ctl('set_vm_memory_high_watermark', '0.0000001')
    let isDone = false
    const writing = write(sink, manyRowsAt(1)).finally(() => (isDone = true))
    await until(async () => /\bblocked\b/.test(await broker().ctl('list_connections', 'state')))
    expect(isDone).toBe(false)
    await broker().ctl('set_vm_memory_high_watermark', '0.6')
    expect(await writing).toEqual(E.right(undefined))
    expect((await reader.all()).map(({ id }) => id)).toEqual(manyRowsAt(1).records.map(recordIdentity))
    await sink.close()
    await reader.close()
  })

  test('a memory alarm that lasts is told as the reason why the destination is not connected', async () => {
    const sink = sinkAt(broker(), 'long-alarm', { confirmTimeoutMs: 300, mandatory: false })
    await connect(sink)
    await broker().ctl('set_vm_memory_high_watermark', '0.0000001')
    const outcome = await write(sink, manyRowsAt(1))
    await broker().ctl('set_vm_memory_high_watermark', '0.6')
    expect(outcome).toMatchObject({ left: { tag: 'NotConnected' } })
    if (E.isLeft(outcome)) expect(failureText(outcome.left)).toMatch(/takes no messages now: low on memory/)
    await sink.close()
  })

  test('a stream that the sink declares keeps all rows in order, and a consumer reads them from the beginning', async () => {
    const stream = {
      name: 'rows-stream',
      type: 'stream',
      bindings: ['queue.#'],
      arguments: { 'x-max-age': '7D' },
    } as const
    const sink = sinkAt(broker(), 'streamed', { queues: [stream], mandatory: false })
    await connect(sink)
    for (const n of [1, 2, 3]) expect(await write(sink, manyRowsAt(n))).toEqual(E.right(undefined))
    const connection = await connectTo(broker().url)
    const channel = await connection.createChannel()
    await channel.prefetch(100)
    const read: string[] = []
    await new Promise<void>((resolve) => {
      const options = { arguments: { 'x-stream-offset': 'first' } }
      void channel.consume(
        'rows-stream',
        (message) => {
          if (message === null) return
          read.push(String(message.properties.messageId))
          channel.ack(message)
          if (read.length === 3 * MANY_QUEUES) resolve()
        },
        options,
      )
    })
    expect(read).toEqual([1, 2, 3].flatMap((n) => manyRowsAt(n).records.map(recordIdentity)))
    await connection.close()
    await sink.close()
  })

  test('killed with SIGKILL in the middle of a batch, the broker has every row after its restart, in order by key', async () => {
    const reader = await readMessages(broker().url, 'killed')
    const progress = memoryProgress(memoryLog())
    const sink = sinkAt(broker(), 'killed', {}, progress)
    await connect(sink)
    expect(await write(sink, manyRowsAt(1))).toEqual(E.right(undefined))
    const writing = write(sink, manyRowsAt(2))
    await broker().kill()
    expect(await writing).toMatchObject({ left: { tag: 'NotConnected' } })
    expect(await connect(sink)).toMatchObject({ left: { tag: 'NotConnected' } })
    await broker().start()
    expect(await connect(sink)).toEqual(E.right(manyRowsAt(1).progress))
    for (const n of [2, 3]) expect(await write(sink, manyRowsAt(n))).toEqual(E.right(undefined))
    await sink.close()
    await reader.close()

    const again = await readMessages(broker().url, 'killed')
    const messages = await again.all()
    const first = new Map<string, string>()
    for (const { id, body } of messages) {
      expect(first.get(id) ?? body).toBe(body)
      first.set(id, body)
    }
    const once = [...first.keys()].map((id) => messages.find((message) => message.id === id))
    const byKey = revisionsByKey(rowsRead(once.filter((message) => message !== undefined)))
    expect(Object.keys(byKey)).toHaveLength(MANY_QUEUES)
    for (const revisions of Object.values(byKey)) expect(revisions).toEqual([1, 2, 3])
    await again.close()
  })
})

const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50))
}
