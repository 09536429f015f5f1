import { WebSocket, type RawData } from 'ws'
import { PING } from '../../genesys/notifications/frames.js'

export type SocketEvents = Readonly<{
  /** A text frame, byte for byte. */
  onFrame: (bytes: Buffer) => void
  /** The socket is gone; told once, also after `close`. */
  onClosed: (reason: string) => void
}>

export type Socket = Readonly<{
  close: () => void
  /** Breaks it off without the closing handshake: of a server that does not answer. */
  terminate: () => void
  ping: () => void
  pause: () => void
  resume: () => void
}>

const HANDSHAKE_MS = 20_000
/** A notification has some kilobytes; snapshots of long conversations have more. */
const FRAME_BYTES_MAX = 32 * 1024 * 1024

/** Opens the socket of a channel. Rejects if it does not open; the address, which is a secret, is in no message. */
export const openSocket = (connectUri: string, { onFrame, onClosed }: SocketEvents): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(connectUri, {
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: FRAME_BYTES_MAX,
      perMessageDeflate: false,
    })
    let isOpen = false
    let reason = 'closed'
    socket.on('open', () => {
      isOpen = true
      resolve({
        close: () => socket.close(1000),
        terminate: () => socket.terminate(),
        ping: () => {
          if (socket.readyState === WebSocket.OPEN) socket.send(PING)
        },
        pause: () => socket.pause(),
        resume: () => socket.resume(),
      })
    })
    socket.on('message', (data: RawData) => onFrame(bytesOf(data)))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message.replaceAll(connectUri, '…')
    })
    socket.on('close', (code, text) => {
      const said = text.length > 0 ? `closed with ${code}, ${text.toString('utf8')}` : `closed with ${code}`
      if (isOpen) onClosed(reason === 'closed' ? said : `${said} (${reason})`)
      else reject(new Error(`the socket does not open: ${reason === 'closed' ? said : reason}`))
    })
  })

const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
