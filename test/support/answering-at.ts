import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Makes a server (`host:port`) answer at another port of this machine, until this is closed or the test ends. */
export const answeringAt = async (port: number, server: string): Promise<Readonly<{ close: () => Promise<void> }>> => {
  const [host = '', target = ''] = server.split(':')
  const sockets = new Set<Socket>()
  const listening = createServer((socket) => {
    const behind = connect({ host, port: Number(target) })
    for (const each of [socket, behind]) {
      sockets.add(each)
      each.on('error', () => {})
    }
    socket.pipe(behind).pipe(socket)
  })
  await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (listening.listening) await new Promise((resolve) => listening.close(resolve))
  }
  onTestFinished(close)
  return { close }
}
