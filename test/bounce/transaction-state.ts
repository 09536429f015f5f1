import { once } from 'node:events'
import { connect } from 'node:net'

/** What the broker says of a transactional id. */
export type TransactionState = Readonly<{
  /** `Ongoing`: partitions have joined and neither commit nor abort was asked for. */
  state: string
  /** Topics of the partitions that have joined. */
  topics: readonly string[]
}>

const DESCRIBE_TRANSACTIONS = 65
const ANSWER_LIMIT_MS = 10_000

/**
 * Asks the broker for the state of a transaction (DescribeTransactions, version 0; Kafka 3.0 and later). Written byte by
 * byte, because no Node client knows the request, and the state after a SIGKILL is the proof that it came while a
 * transaction was open. The broker must be the coordinator, as a single node is.
 *
 * @returns undefined if the broker does not know the id yet.
 */
export const transactionState = async (
  broker: string,
  transactionalId: string,
): Promise<TransactionState | undefined> => {
  const [host = '', port = ''] = broker.split(':')
  const socket = connect({ host, port: Number(port) })
  socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error(`${broker} did not describe the transaction`)))
  try {
    socket.write(describeRequest(transactionalId))
    let answer = Buffer.alloc(0)
    while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      answer = Buffer.concat([answer, chunk])
    }
    return readAnswer(answer.subarray(4))
  } finally {
    socket.destroy()
  }
}

const describeRequest = (transactionalId: string): Buffer => {
  const header = Buffer.alloc(11) // key, version, correlation id, no client id, no tagged fields
  header.writeInt16BE(DESCRIBE_TRANSACTIONS, 0)
  header.writeInt16BE(-1, 8)
  const id = Buffer.from(transactionalId)
  if (id.length > 126) throw new RangeError('the transactional id is too long for this request')
  const body = Buffer.concat([Buffer.from([2, id.length + 1]), id, Buffer.from([0])])
  const size = Buffer.alloc(4)
  size.writeInt32BE(header.length + body.length)
  return Buffer.concat([size, header, body])
}

/** What follows the size: correlation id, tagged fields, throttle time, then one state. */
const readAnswer = (bytes: Buffer): TransactionState | undefined => {
  let at = 4 + 1 + 4
  const unsigned = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const text = (): string => {
    const length = unsigned() - 1
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  unsigned() // one state
  const error = bytes.readInt16BE(at)
  at += 2
  text() // the transactional id
  const state = text()
  at += 4 + 8 + 8 + 2 // time-out, begin, producer id, epoch
  if (error !== 0) return undefined
  const topics = Array.from({ length: unsigned() - 1 }, () => {
    const topic = text()
    const partitions = unsigned() - 1
    at += 4 * partitions
    unsigned() // tagged fields
    return topic
  })
  return { state, topics }
}
