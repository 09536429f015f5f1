import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import type { Endpoint, EndpointTls } from '../../../src/app/config/tls-schema.js'
import { FollowedCertificate } from '../../../src/app/tls/followed-certificate.js'
import { Secret } from '../../../src/credentials/secret.js'
import { silent } from '../pipeline.js'
import { makeCertificates, type Certificates, type Certified } from '../eventstoredb/certificates.js'

/** Certificates for the tests of one file. */
export const certificatesOfFile = (): Certificates => {
  const made = makeCertificates()
  if (made === undefined) throw new Error('this test needs the command openssl')
  afterAll(() => made.remove())
  return made
}

export type TlsFiles = Readonly<{ folder: string; certificateFile: string; keyFile: string; caFile: string }>

/** A folder with a certificate, its key and the authority of clients, removed after the tests of the file. */
export const tlsFiles = ({ ca }: Pick<Certificates, 'ca'>, { certificate, key }: Certified): TlsFiles => {
  const folder = mkdtempSync(join(tmpdir(), 'streamvane-tls-files-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const files = {
    ...{ folder, certificateFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') },
    caFile: join(folder, 'ca.crt'),
  }
  writeFileSync(files.certificateFile, certificate)
  writeFileSync(files.keyFile, key)
  writeFileSync(files.caFile, ca)
  return files
}

/** Settings of an endpoint with these files. */
export const tlsSettings = (files: TlsFiles, more: Partial<EndpointTls> = {}): EndpointTls => ({
  ...{ certificateFile: files.certificateFile, privateKey: Secret.file(files.keyFile) },
  ...{ minVersion: 'TLSv1.2', clientCertificates: 'none', hstsMaxAgeS: 300 },
  ...more,
})

/** The certificate of an endpoint, followed until the test ends. */
export const certificateFor = (
  endpoint: Endpoint,
  settings: EndpointTls,
  lookEveryMs?: number,
): FollowedCertificate => {
  const certificate = new FollowedCertificate({
    ...{ endpoint, settings, key: 'tls', logger: silent, now: Date.now },
    ...(lookEveryMs !== undefined && { lookEveryMs }),
  })
  onTestFinished(() => certificate.close())
  return certificate
}

/** The bytes of the first certificate in PEM form. */
export const derOf = (pem: Buffer): Buffer =>
  Buffer.from(/-----BEGIN CERTIFICATE-----([^-]+)/.exec(pem.toString())?.[1] ?? '', 'base64')
