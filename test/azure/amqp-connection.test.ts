import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import rhea, { type EventContext } from 'rhea'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { openAmqp } from '../../src/azure/amqp-connection.js'
import { standInServiceBus } from '../support/service-bus/server.js'

/** The port of a server, whose sockets are closed with the test. */
const listening = async (server: Server): Promise<number> => {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket.on('error', () => undefined)))
  onTestFinished(async () => {
    sockets.forEach((socket) => socket.destroy())
    await once(server.close(), 'close')
  })
  if (!server.listening) await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const open = (port: number) => openAmqp({ host: '127.0.0.1', port, tls: false })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

test('a connection that was closed leaves no timer that would keep the process alive', async () => {
  const bus = await standInServiceBus({})
  onTestFinished(() => bus.close())
  const connection = await open(bus.port)
  expect(vi.getTimerCount()).toBeGreaterThan(0)
  await connection.close()
  while (bus.connections() > 0) await new Promise((resolve) => setImmediate(resolve))
  expect(vi.getTimerCount()).toBe(0)
})

test('a broker that takes a connection and says nothing is given up after 30 seconds', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  const port = await listening(server)
  const refused = expect(open(port)).rejects.toThrow('127.0.0.1 does not answer within 30 s')
  await once(server, 'connection')
  vi.advanceTimersByTime(30_000)
  await refused
  expect(vi.getTimerCount()).toBe(0)
})

test('a connection is closed even if the broker does not answer that it is', async () => {
  const container = rhea.create_container()
  container.on('connection_open', ({ connection }: EventContext) => (connection['socket'] as Socket).pause())
  const server = container.listen({ port: 0, host: '127.0.0.1' } as never) as unknown as Server
  const connection = await open(await listening(server))
  const closed = connection.close()
  vi.advanceTimersByTime(5_000)
  await closed
  expect(await connection.lost).toMatchObject({ message: expect.stringContaining('does not answer') as string })
})
