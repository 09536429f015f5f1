import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/**
 * A broker that announces some APIs, knows no topics, and answers FindCoordinator with an error and a text: as much of
 * one as a client needs to learn that there are no transactions.
 */
export const standInBroker = async (
  options: Readonly<{
    apis: readonly number[]
    coordinator: Readonly<{ error: number; text: string }>
    /** Requests of these kinds are taken and never answered. */
    silent?: readonly number[]
  }>,
): Promise<Readonly<{ address: string; asked: () => readonly number[]; close: () => Promise<void> }>> => {
  const asked: number[] = []
  const sockets = new Set<Socket>()
  let port = 0
  const answers: Readonly<Record<number, () => Buffer>> = {
    [API_VERSIONS]: () =>
      bytes(
        int16(0),
        int32(options.apis.length),
        ...options.apis.map((key) => bytes(int16(key), int16(0), int16(1))),
        int32(0),
      ),
    [METADATA]: () =>
      // Version 1: brokers, controller, topics.
      bytes(int32(1), int32(1), text('127.0.0.1'), int32(port), int16(-1), int32(1), int32(0)),
    [FIND_COORDINATOR]: () =>
      bytes(int32(0), int16(options.coordinator.error), text(options.coordinator.text), int32(-1), text(''), int32(-1)),
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    let pending = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
        const request = pending.subarray(4, 4 + pending.readInt32BE(0))
        pending = pending.subarray(4 + request.length)
        const api = request.readInt16BE(0)
        asked.push(api)
        if (options.silent?.includes(api) === true) continue
        const answer = answers[api]
        if (answer === undefined) return socket.destroy()
        const body = bytes(request.subarray(4, 8), answer())
        socket.write(bytes(int32(body.length), body))
      }
      return undefined
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ;({ port } = server.address() as AddressInfo)
  return {
    address: `127.0.0.1:${port}`,
    asked: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

const METADATA = 3
const FIND_COORDINATOR = 10
const API_VERSIONS = 18

const bytes = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts)
const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}
const text = (value: string): Buffer => bytes(int16(Buffer.byteLength(value)), Buffer.from(value))
