import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { newToken } from '../../../src/http/admin/access/tokens.js'
import { certificateOf } from '../../../src/http/feeds/certificate.js'
import { startFeedServer } from '../../../src/http/feeds/server.js'
import { makeCertificates } from '../../support/eventstoredb/certificates.js'
import { feedConfig, feedLog } from '../../support/feed-log.js'
import { silent } from '../../support/pipeline.js'

const setup = () => {
  const made = makeCertificates()
  if (made === undefined) throw new Error('this test needs the command openssl')
  const folder = mkdtempSync(join(tmpdir(), 'streamvane-feeds-'))
  onTestFinished(() => {
    made.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const [certificateFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  const put = ({ certificate, key }: (typeof made)['server']): void => {
    writeFileSync(certificateFile, certificate)
    writeFileSync(keyFile, key)
  }
  put(made.server)
  const ssl = { certificateFile, privateKey: Secret.file(keyFile) }
  return { made, put, ssl, certificateFile }
}

/** The certificate that a listener shows, and the status and body of its answer. */
const asked = (port: number, ca: Buffer, headers: Readonly<Record<string, string>> = {}) =>
  new Promise<Readonly<{ shown: Buffer; status: number | undefined }>>((resolve, reject) => {
    const options = {
      port,
      host: '127.0.0.1',
      path: '/feeds',
      ca,
      headers,
      agent: false,
      checkServerIdentity: () => undefined,
    }
    get(options, (response) => {
      const shown = response.socket instanceof TLSSocket ? response.socket.getPeerCertificate().raw : Buffer.alloc(0)
      response.resume().once('end', () => resolve({ shown, status: response.statusCode }))
    }).once('error', reject)
  })

const derOf = (pem: Buffer): Buffer => Buffer.from(pem.toString().replace(/-----[^-]+-----|\s/g, ''), 'base64')

const feeds = [
  { name: 'wfm', family: 'queue', layouts: [{ version: 1, columns: [{ name: 'start', value: 'interval.start' }] }] },
]

test('feeds are served over TLS, to tokens alone', async () => {
  const { made, ssl } = setup()
  const token = newToken()
  const log = await feedLog()
  const config = feedConfig(feeds, {
    feeds: { server: { port: 0, ssl, tokens: [{ name: 'planner', feeds: ['wfm'], sha256: token.sha256 }] } },
  })
  const server = await startFeedServer(
    { ...config.feeds.server!, ssl },
    {
      ...{ config, logs: log.logs, logger: silent, version: '0', now: Date.now },
    },
  )
  onTestFinished(() => server.close())
  expect(server.url).toMatch(/^https:/)
  const port = Number(new URL(server.url).port)
  expect(await asked(port, made.ca)).toEqual({ shown: derOf(made.server.certificate), status: 401 })
  expect(await asked(port, made.ca, { authorization: `Bearer ${token.token}` })).toMatchObject({ status: 200 })
  await expect(asked(port, made.user.certificate)).rejects.toThrow(/certificate/)
})

test('a renewed certificate is shown without a restart; half of a renewal is told, and the old one serves on', async () => {
  const { made, put, ssl, certificateFile } = setup()
  const certificate = certificateOf(ssl, 10)
  const server = createServer(certificate.read(), (_, response) => response.end())
  const said: string[] = []
  const say = (line: unknown): void => void said.push(String(line))
  certificate.follow(server, { info: say, error: say } as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  writeFileSync(certificateFile, made.elsewhere.certificate) // its key is still the other one
  await expect.poll(() => said).toHaveLength(1)
  expect(said[0]).toMatch(/feeds\.server\.ssl cannot be used.*the one before is used on/)
  expect((await asked(port, made.ca)).shown).toEqual(derOf(made.server.certificate))
  put(made.elsewhere)
  await expect.poll(() => said.at(-1)).toBe('feeds: the certificate was renewed')
  expect((await asked(port, made.ca)).shown).toEqual(derOf(made.elsewhere.certificate))
})
