/** Test support: an authority, a server certificate and a user certificate, made with the `openssl` command. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const OPENSSL = 'openssl'

export type Certified = Readonly<{ certificate: Buffer; key: Buffer }>
export type Certificates = Readonly<{
  dir: string
  caFile: string
  ca: Buffer
  server: Certified
  /** For a server at another address. */
  elsewhere: Certified
  user: Certified
  remove: () => void
}>

/** `undefined` if there is no `openssl`. */
export const makeCertificates = (): Certificates | undefined => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-tls-'))
  const remove = (): void => rmSync(dir, { recursive: true, force: true })
  const openssl = (...args: readonly string[]): void => void execFileSync(OPENSSL, args, { cwd: dir, stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const signed = (name: string, subject: string, names = 'names'): Certified => {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject)
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-out',
      `${name}.pem`,
      '-extfile',
      names,
    )
    return { certificate: readFileSync(join(dir, `${name}.pem`)), key: readFileSync(join(dir, `${name}.key`)) }
  }
  try {
    openssl('version')
  } catch {
    remove()
    return undefined
  }
  writeFileSync(join(dir, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  writeFileSync(join(dir, 'other-names'), 'subjectAltName=IP:127.0.0.2,DNS:127.0.0.1,DNS:localhost\n')
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=an authority for tests',
  )
  const caFile = join(dir, 'ca.pem')
  return {
    dir,
    caFile,
    ca: readFileSync(caFile),
    server: signed('server', '/CN=localhost'),
    elsewhere: signed('elsewhere', '/CN=127.0.0.1', 'other-names'),
    user: signed('user', '/CN=ingress'),
    remove,
  }
}
