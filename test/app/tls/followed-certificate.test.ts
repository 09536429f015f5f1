import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { EndpointTls } from '../../../src/app/config/tls-schema.js'
import { FollowedCertificate } from '../../../src/app/tls/followed-certificate.js'
import { Secret } from '../../../src/credentials/secret.js'
import { DAY_MS } from '../../../src/domain/interval.js'
import type { Certified } from '../../support/eventstoredb/certificates.js'
import { certificatesOfFile, derOf, tlsFiles, tlsSettings } from '../../support/tls/files.js'

const made = certificatesOfFile()

/** Looks are made by hand. */
const followed = (settings: EndpointTls, now = Date.now) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  // At once: what follows may throw, and the timers of other tests are in the same process.
  onTestFinished(() => void vi.useRealTimers())
  const said: string[] = []
  const say = (_: object, line: string): void => void said.push(line)
  const logger = { info: say, error: say } as never
  const certificate = new FollowedCertificate({ endpoint: 'ingress', settings, key: 'tls', logger, now })
  onTestFinished(() => certificate.close())
  const look = (): void => void vi.advanceTimersByTime(10_000)
  return { certificate, said, look, shown: () => certificate.used.leaf.raw }
}

describe('a certificate that is renewed', () => {
  test('by a file that is renamed over the old one is shown at the next look, and told', () => {
    const files = tlsFiles(made, made.server)
    const { certificate, said, look, shown } = followed(tlsSettings(files))
    const taken: Buffer[] = []
    certificate.onRenewed(({ leaf }) => taken.push(leaf.raw))
    look()
    expect(said).toEqual([])
    for (const [file, text] of [
      [files.certificateFile, made.elsewhere.certificate],
      [files.keyFile, made.elsewhere.key],
    ] as const) {
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    }
    look()
    expect(shown()).toEqual(derOf(made.elsewhere.certificate))
    expect(taken).toEqual([derOf(made.elsewhere.certificate)])
    expect(said).toEqual(['tls: the certificate was renewed'])
    look()
    expect(said).toHaveLength(1)
  })

  test('as Kubernetes does it, by a link to another folder, is shown at the next look', () => {
    const { folder } = tlsFiles(made, made.server)
    const version = (name: string, { certificate, key }: Certified): void => {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'tls.crt'), certificate)
      writeFileSync(join(folder, name, 'tls.key'), key)
      symlinkSync(name, join(folder, '..data.new'))
      renameSync(join(folder, '..data.new'), join(folder, '..data'))
    }
    version('..2026_01', made.server)
    const mounted = join(folder, 'mounted')
    mkdirSync(mounted)
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..', '..data', name), join(mounted, name))
    const files = { certificateFile: join(mounted, 'tls.crt'), keyFile: join(mounted, 'tls.key') }
    const { look, shown } = followed(tlsSettings({ folder, caFile: '', ...files }))
    expect(shown()).toEqual(derOf(made.server.certificate))
    version('..2026_02', made.elsewhere)
    look()
    expect(shown()).toEqual(derOf(made.elsewhere.certificate))
  })
})

describe('a renewal that cannot be used', () => {
  const half = () => {
    const files = tlsFiles(made, made.server)
    let now = Date.now()
    const { certificate, said, look, shown } = followed(tlsSettings(files), () => now)
    writeFileSync(files.certificateFile, made.elsewhere.certificate) // its key is still the other one
    return { files, certificate, said, shown, look: () => (look(), (now += 10_000)) }
  }

  test('keeps the certificate of before, and is told once after two looks, with the files', () => {
    const { files, certificate, said, look, shown } = half()
    look()
    expect([said, certificate.state().notRenewedSince]).toEqual([[], undefined])
    look()
    const since = certificate.state().notRenewedSince
    expect(since).toBeTypeOf('number')
    look()
    expect(certificate.state().notRenewedSince).toBe(since)
    expect(shown()).toEqual(derOf(made.server.certificate))
    expect(said).toEqual([
      `tls: the first certificate in ${files.certificateFile} is not that of the private key in ${files.keyFile}; the certificate before is shown on`,
    ])
  })

  test('is over once the other half is there', () => {
    const { files, certificate, said, look, shown } = half()
    look()
    look()
    writeFileSync(files.keyFile, made.elsewhere.key)
    look()
    expect(shown()).toEqual(derOf(made.elsewhere.certificate))
    expect(certificate.state().notRenewedSince).toBeUndefined()
    expect(said.at(-1)).toBe('tls: the certificate was renewed')
  })

  test.each([
    ['a file that is empty', '', /tls: .*holds no certificate in PEM form/],
    ['text that is no certificate', 'hello', /tls: .*holds no certificate in PEM form/],
  ])('%s is told and keeps the certificate of before', (_title, text, told) => {
    const files = tlsFiles(made, made.server)
    const { said, look, shown } = followed(tlsSettings(files))
    writeFileSync(files.certificateFile, text)
    look()
    look()
    expect(said).toEqual([expect.stringMatching(told)])
    expect(shown()).toEqual(derOf(made.server.certificate))
  })

  test('is one that has expired, or is not valid yet', () => {
    for (const [days, told] of [
      [5, /the new certificate expired at/],
      [-5, /the new certificate is not valid before/],
    ] as const) {
      const files = tlsFiles(made, made.server)
      const { said, look, shown } = followed(tlsSettings(files), () => Date.now() + days * DAY_MS)
      expect(said.splice(0)).toEqual(['tls: the certificate is not valid now: clients will refuse it'])
      writeFileSync(files.certificateFile, made.elsewhere.certificate)
      writeFileSync(files.keyFile, made.elsewhere.key)
      look()
      look()
      expect(said).toEqual([expect.stringMatching(told)])
      expect(shown()).toEqual(derOf(made.server.certificate))
    }
  })
})

describe('a pair that cannot be used at the start is refused with the setting', () => {
  test('a key of another type than the certificate, which OpenSSL does not notice', () => {
    const files = tlsFiles(made, made.server)
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(files.keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    expect(() => followed(tlsSettings(files))).toThrow(/^tls: .*is not that of the private key in/)
  })

  test('an encrypted key without or with a wrong passphrase; with the right one it is used', () => {
    const files = tlsFiles(made, made.server)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' } as const
    const key = String(privateKey.export(encrypted))
    const started = (passphrase?: string) => () =>
      followed(
        tlsSettings(files, {
          privateKey: Secret.literal(key),
          ...(passphrase !== undefined && { privateKeyPassphrase: Secret.literal(passphrase) }),
        }),
      )
    const refusal = /no private key in PEM form, or its passphrase is wrong/
    expect(started()).toThrow(refusal)
    expect(started('wrong')).toThrow(refusal)
    expect(started('right')).toThrow(/is not that of the private key/) // it was read: it belongs to no certificate here
  })

  test('files that are missing, and client authorities without a certificate', () => {
    const files = tlsFiles(made, made.server)
    const started = (more: Partial<EndpointTls>) => () => followed(tlsSettings(files, more))
    expect(started({ certificateFile: '/nowhere/tls.crt' })).toThrow(/^tls: certificateFile cannot be read: ENOENT/)
    expect(started({ privateKey: Secret.file('/nowhere/tls.key') })).toThrow(/^tls: privateKey cannot be read/)
    expect(started({ clientCaFile: files.keyFile, clientCertificates: 'required' })).toThrow(/clientCaFile/)
  })

  test('no message holds anything of a key', () => {
    const files = tlsFiles(made, made.server)
    const secret = `-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----`
    const started = () => followed(tlsSettings(files, { privateKey: Secret.literal(secret) }))
    expect(started).toThrow(/privateKey in the configuration/)
    expect(started).not.toThrow(/U0VDUkVU/)
  })
})
