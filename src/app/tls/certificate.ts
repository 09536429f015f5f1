import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { EndpointTls } from '../config/tls-schema.js'
import { ConfigError } from '../config/schema.js'

/** What an endpoint shows, and how it speaks. */
export type ServerCertificate = Readonly<{
  context: SecureContextOptions
  /** The certificate of the endpoint itself, without those of its authorities. */
  leaf: X509Certificate
  notBefore: number
  /** Epoch ms. */
  notAfter: number
}>

/**
 * Forward secrecy and authenticated encryption alone: the three suites of TLS 1.3 that Node.js has, and of TLS 1.2 those
 * that Mozilla calls intermediate, without DHE. https://wiki.mozilla.org/Security/Server_Side_TLS
 */
export const CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].join(':')

/**
 * The certificate and key as they are in their places now. `key`: where the settings stand, for messages. Throws
 * `ConfigError` where they cannot be used together: no message holds anything of a key.
 */
export const readCertificate = (settings: EndpointTls, key: string): ServerCertificate => {
  const { certificateFile, privateKey, privateKeyPassphrase, clientCaFile, minVersion } = settings
  const unusable = (what: string, cause: unknown): ConfigError =>
    new ConfigError(`${key}: ${what}: ${cause instanceof Error ? cause.message : String(cause)}`)
  const read = <A>(what: string, from: () => A): A => {
    try {
      return from()
    } catch (cause) {
      throw unusable(what, cause)
    }
  }
  const cert = read('certificateFile cannot be read', () => readFileSync(certificateFile, 'utf8'))
  const leaf = read(`${certificateFile} holds no certificate in PEM form`, () => new X509Certificate(cert))
  const secret = read('privateKey cannot be read', () => ({
    key: privateKey.read(),
    ...(privateKeyPassphrase !== undefined && { passphrase: privateKeyPassphrase.read() }),
  }))
  const parsed = read(
    `privateKey in ${privateKey.from} is no private key in PEM form, or its passphrase is wrong`,
    () => createPrivateKey({ ...secret, format: 'pem' }),
  )
  // OpenSSL itself notices only a key of the same type: with an RSA key beside an EC certificate it
  // would start, and serve nobody.
  if (!leaf.checkPrivateKey(parsed))
    throw new ConfigError(
      `${key}: the first certificate in ${certificateFile} is not that of the private key in ${privateKey.from}`,
    )
  const ca =
    clientCaFile === undefined
      ? undefined
      : read('clientCaFile cannot be read', () => {
          const text = readFileSync(clientCaFile, 'utf8')
          new X509Certificate(text) // else nothing tells that it holds none, and every client is refused
          return text
        })
  const context = { cert, ...secret, minVersion, ciphers: CIPHERS, ...(ca !== undefined && { ca }) }
  read('it cannot be used', () => createSecureContext(context))
  return { context, leaf, notBefore: Date.parse(leaf.validFrom), notAfter: Date.parse(leaf.validTo) }
}

/** Whether two readings hold the same. */
export const isSame = ({ context: one }: ServerCertificate, { context: other }: ServerCertificate): boolean =>
  one.cert === other.cert && one.key === other.key && one.ca === other.ca && one.passphrase === other.passphrase
