import { connect as connectSocket } from 'node:net'
import type { KafkaSinkOptions } from '../../../src/egress/kafka/options.js'

type SocketFactory = NonNullable<KafkaSinkOptions['socketFactory']>

/** What happens to the next request that ends a transaction. `held` is sent once `until` resolves. */
export type Mishap = 'cut before' | 'cut after' | Readonly<{ kind: 'held'; seen: () => void; until: Promise<void> }>

const END_TRANSACTION = 26

/** Sockets on which one commit meets a mishap: `arm` says which. */
export const tamperedSockets = (): {
  socketFactory: SocketFactory
  arm: (mishap: Mishap) => void
  met: () => number
} => {
  let armed: Mishap | undefined
  let met = 0
  const socketFactory: SocketFactory = ({ host, port, onConnect }) => {
    const socket = connectSocket({ host, port }, onConnect)
    const send = socket.write.bind(socket) as (...args: unknown[]) => boolean
    socket.write = (bytes: Buffer, ...rest: unknown[]) => {
      const mishap = armed
      if (mishap === undefined || !endsTransaction(bytes)) return send(bytes, ...rest)
      armed = undefined
      met += 1
      if (mishap === 'cut before') socket.destroy(reset())
      else if (mishap === 'cut after') send(bytes, () => socket.destroy(reset()))
      else {
        mishap.seen()
        void mishap.until.then(() => send(bytes, ...rest))
      }
      return true
    }
    return socket
  }
  return {
    socketFactory,
    arm: (mishap) => {
      armed = mishap
    },
    met: () => met,
  }
}

/** A request begins with its length (int32) and its kind (int16). */
const endsTransaction = (bytes: unknown): boolean =>
  Buffer.isBuffer(bytes) && bytes.length > 6 && bytes.readInt16BE(4) === END_TRANSACTION

const reset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
