import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * A relay between a client and a broker that sees the acknowledgements go by, and can cut the connections. It reads
 * frames of AMQP 0-9-1 (its specification, 2.3.5), so what it counts is what the broker was really sent.
 */
export type WireTap = Readonly<{
  port: number
  /** Delivery tags that were acknowledged on the present connections, through the highest one. */
  acknowledged: () => number
  /** Resolves once `count` were acknowledged. */
  hasAcknowledged: (count: number) => Promise<void>
  /** Ends all connections without a word. */
  cut: () => void
  close: () => Promise<void>
}>

const METHOD_FRAME = 1
const [BASIC, ACK] = [60, 80]
const PROTOCOL_HEADER_BYTES = 8

export const wireTap = async (brokerPort: number): Promise<WireTap> => {
  let acknowledged = 0
  let watchers: (() => void)[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const broker = connect(brokerPort, '127.0.0.1')
    acknowledged = 0
    const readFrame = frameReader((tag) => {
      acknowledged = Math.max(acknowledged, tag)
      watchers.splice(0).forEach((watch) => watch())
    })
    client.on('data', readFrame)
    client.pipe(broker)
    broker.pipe(client)
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        broker.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  return {
    port: (server.address() as AddressInfo).port,
    acknowledged: () => acknowledged,
    hasAcknowledged: async (count) => {
      while (acknowledged < count) await new Promise<void>((resolve) => (watchers = [...watchers, resolve]))
    },
    cut,
    close: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Reads what a client sends and tells the tag of each `basic.ack`. */
const frameReader = (onAck: (tag: number) => void): ((chunk: Buffer) => void) => {
  let rest = Buffer.alloc(0)
  let isOpen = false
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    if (!isOpen && rest.length >= PROTOCOL_HEADER_BYTES) {
      rest = rest.subarray(PROTOCOL_HEADER_BYTES)
      isOpen = true
    }
    while (isOpen && rest.length >= 7) {
      const bytes = 7 + rest.readUInt32BE(3) + 1
      if (rest.length < bytes) return
      const isAck = rest[0] === METHOD_FRAME && rest.readUInt16BE(7) === BASIC && rest.readUInt16BE(9) === ACK
      if (isAck) onAck(Number(rest.readBigUInt64BE(11)))
      rest = rest.subarray(bytes)
    }
  }
}
