import { readFileSync } from 'node:fs'
import { SecretUnreadable, type Secret } from './secret.js'

/** How the peer's certificate is verified and how this process shows who it is. Certificates are files in PEM form. */
export type TlsSettings = Readonly<{
  /** Authorities that are trusted, in place of those that Node.js brings. */
  caFile?: string | undefined
  clientCertificateFile?: string | undefined
  clientKey?: Secret | undefined
  clientKeyPassphrase?: Secret | undefined
  /** Name that the peer's certificate must hold, where it is not the name of the address. */
  serverName?: string | undefined
}>

export type TlsMaterial = Readonly<{
  ca?: Buffer
  cert?: Buffer
  key?: string
  passphrase?: string
  servername?: string
}>

/** The material as it is in its files now. Throws `SecretUnreadable` with the name of a file that cannot be read. */
export const tlsMaterial = (settings: TlsSettings): TlsMaterial => {
  const { caFile, clientCertificateFile, clientKey, clientKeyPassphrase, serverName } = settings
  return {
    ...(caFile !== undefined && { ca: readPem(caFile) }),
    ...(clientCertificateFile !== undefined && { cert: readPem(clientCertificateFile) }),
    ...(clientKey !== undefined && { key: clientKey.read() }),
    ...(clientKeyPassphrase !== undefined && { passphrase: clientKeyPassphrase.read() }),
    ...(serverName !== undefined && { servername: serverName }),
  }
}

const readPem = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new SecretUnreadable(`cannot read ${file} (${(cause as NodeJS.ErrnoException).code})`)
  }
}
