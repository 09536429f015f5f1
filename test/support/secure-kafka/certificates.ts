/** Test support: authorities and certificates in PEM form, made with the `openssl` command. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Issued = Readonly<{ certificateFile: string; keyFile: string; bundleFile: string }>

type Wanted = Readonly<{
  /** As `CN=…`. */
  subject: string
  /** As in subjectAltName. Default this machine. */
  names?: string
  /** Negative: it has expired. */
  days?: number
  /** Of the key. Default none. */
  passphrase?: string
}>

export type Authority = Readonly<{ caFile: string; issue: (name: string, wanted: Wanted) => Issued }>

/** An authority whose files are in `dir`. A bundle is the key and the certificate in one file, as Kafka wants it. */
export const makeAuthority = (dir: string, authority: string): Authority => {
  const openssl = (...args: readonly string[]): void => void execFileSync(OPENSSL, args, { cwd: dir, stdio: 'pipe' })
  const path = (file: string): string => join(dir, file)
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const [ca, caKey] = [`${authority}.pem`, `${authority}.key`]
  openssl('req', '-x509', ...ec, '-nodes', '-keyout', caKey, '-out', ca, '-days', '2', '-subj', `/CN=${authority}`)
  const issue: Authority['issue'] = (name, { subject, names = LOCAL, days = 2, passphrase }) => {
    const [key, request, certificate, bundle] = [`${name}.key`, `${name}.csr`, `${name}.pem`, `${name}.bundle.pem`]
    const sealed = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`]
    openssl('req', ...ec, ...sealed, '-keyout', key, '-out', request, '-subj', `/${subject}`)
    writeFileSync(path(`${name}.ext`), `subjectAltName=${names}\n`)
    const by = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', String(days), '-extfile', `${name}.ext`]
    openssl('x509', '-req', '-in', request, ...by, '-out', certificate)
    writeFileSync(path(bundle), [key, certificate].map((file) => readFileSync(path(file), 'utf8')).join(''))
    return { certificateFile: path(certificate), keyFile: path(key), bundleFile: path(bundle) }
  }
  return { caFile: path(ca), issue }
}

const OPENSSL = 'openssl'
const LOCAL = 'IP:127.0.0.1,DNS:localhost'
