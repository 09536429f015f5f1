import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { transactionState } from './transaction-state.js'

const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)])

/** A topic with this number of partitions. */
const topic = (name: string, partitions: number): Buffer =>
  Buffer.concat([text(name), Buffer.from([partitions + 1]), Buffer.alloc(4 * partitions), Buffer.from([0])])

/** An answer to DescribeTransactions 0, as the protocol guide of Kafka lays it out. */
const answerOf = (error: number, state: string, topics: readonly Buffer[]): Buffer => {
  const body = Buffer.concat([
    Buffer.alloc(4 + 1 + 4), // correlation id, tagged fields, throttle time
    Buffer.from([2, 0, error]),
    text('some.id'),
    text(state),
    Buffer.alloc(4 + 8 + 8 + 2), // time-out, begin, producer id, epoch
    Buffer.from([topics.length + 1]),
    ...topics,
    Buffer.from([0, 0]),
  ])
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

/** A broker that gives this answer, a few bytes at a time. */
const brokerThatSays = async (answer: Buffer): Promise<string> => {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(answer.subarray(0, 3))
      setImmediate(() => socket.write(answer.subarray(3)))
    })
    socket.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('an open transaction is read with all topics that have joined it, whatever their partitions', async () => {
  const answer = answerOf(0, 'Ongoing', [topic('progress', 1), topic('queue', 3), topic('agent', 2)])
  expect(await transactionState(await brokerThatSays(answer), 'some.id')).toEqual({
    state: 'Ongoing',
    topics: ['progress', 'queue', 'agent'],
  })
})

test('a transactional id that the broker does not know has no state', async () => {
  const UNKNOWN = 105
  expect(await transactionState(await brokerThatSays(answerOf(UNKNOWN, '', [])), 'some.id')).toBeUndefined()
})
