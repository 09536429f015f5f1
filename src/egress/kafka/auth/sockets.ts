import { connect as connectPlain, isIP, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import { tlsMaterial, type TlsSettings } from '../../../credentials/tls.js'
import { PlaintextToTls } from '../../../credentials/connection-faults.js'

const KEEP_ALIVE_DELAY_MS = 60_000

/**
 * Makes the sockets of kafkajs. Certificates and keys are read anew for each connection, so a certificate that was
 * renewed is used by the next one. A plain socket whose peer answers with a TLS record is ended with `PlaintextToTls`;
 * kafkajs would take the record for the length of an answer and wait for it.
 */
export const kafkaSockets =
  (tls: TlsSettings | undefined): ISocketFactory =>
  ({ host, port, onConnect }): Socket => {
    const socket = tls === undefined ? connectPlain({ host, port }, onConnect) : tlsSocket(tls, host, port, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS)
    if (tls === undefined) refuseTlsRecords(socket)
    return socket
  }

/** A key or certificate that cannot be used is an error of the socket: kafkajs drops the code of one that is thrown. */
const tlsSocket = (tls: TlsSettings, host: string, port: number, onConnect: () => void): Socket => {
  try {
    return connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...tlsMaterial(tls) }, onConnect)
  } catch (cause) {
    const failed = new Socket()
    process.nextTick(() => failed.destroy(cause as Error))
    return failed
  }
}

/** An alert of TLS begins with 21 and the major version 3; as the length of a Kafka answer it would be 352 MB. */
const TLS_ALERT = 0x15
const TLS_MAJOR_VERSION = 0x03

const refuseTlsRecords = (socket: Socket): void => {
  socket.once('data', (first: Buffer) => {
    if (first[0] === TLS_ALERT && first[1] === TLS_MAJOR_VERSION) socket.destroy(new PlaintextToTls())
  })
}
