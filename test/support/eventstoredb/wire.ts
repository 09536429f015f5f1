/** Test support: a TCP proxy in front of a server that counts connections and adds a delay. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'

export type Wire = Readonly<{
  connectionString: string
  /** Connections opened so far, and those that are open. */
  opened: () => number
  open: () => number
  /** Resolves once none is open. */
  quiet: () => Promise<void>
  close: () => void
}>

/** Bytes of either side arrive at the other `delayMs` later, in order. */
export const wireTo = async (
  { connectionString }: Readonly<{ connectionString: string }>,
  delayMs = 0,
): Promise<Wire> => {
  const { port, hostname } = new URL(connectionString.replace('esdb:', 'http:'))
  const sockets = new Set<Socket>()
  let opened = 0
  let waiting: (() => void)[] = []
  const pass = (from: Socket, to: Socket): void => {
    const later = (act: () => void): void => void (delayMs > 0 ? setTimeout(act, delayMs) : act())
    from.on('data', (bytes) => later(() => to.write(bytes)))
    from.on('close', () => later(() => to.destroy()))
    from.on('error', () => undefined)
  }
  const server = createServer((near) => {
    opened += 1
    sockets.add(near)
    const far = connect(Number(port), hostname)
    for (const each of [near, far]) each.setNoDelay(true)
    pass(near, far)
    pass(far, near)
    near.on('close', () => {
      sockets.delete(near)
      if (sockets.size > 0) return
      for (const each of waiting) each()
      waiting = []
    })
  })
  server.listen(0, hostname)
  await once(server, 'listening')
  return {
    connectionString: connectionString.replace(`:${port}`, `:${(server.address() as AddressInfo).port}`),
    opened: () => opened,
    open: () => sockets.size,
    quiet: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve))),
    close: () => {
      server.close()
      for (const each of sockets) each.destroy()
    },
  }
}
