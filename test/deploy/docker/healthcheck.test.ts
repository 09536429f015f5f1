import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startHealthServer } from '../../../src/http/health-server.js'
import { certificateFor, certificatesOfFile, tlsFiles, tlsSettings } from '../../support/tls/files.js'

const made = certificatesOfFile()
const SCRIPT = join(import.meta.dirname, '../../../deploy/docker/healthcheck.mjs')

/** The exit code of the health check, and what it says. */
const checked = async (env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [SCRIPT], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let says = ''
  child.stderr.on('data', (part) => (says += String(part)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, says }
}

const started = async (mode?: 'required') => {
  const files = tlsFiles(made, made.elsewhere) // for another address
  const clients = { clientCaFile: files.caFile, clientCertificates: 'required' } as const
  const certificate = mode === undefined ? undefined : certificateFor('health', tlsSettings(files, clients))
  const health = () => ({ ready: true, stages: {}, log: { kind: 'well' } }) as const
  const server = await startHealthServer({ host: '127.0.0.1', port: 0, health, isDraining: () => false, certificate })
  onTestFinished(() => server.close())
  return { STREAMVANE_HEALTH__PORT: new URL(server.url).port }
}

test('the health check of the image holds over plain HTTP, and over TLS whatever the certificate names', async () => {
  expect(await checked(await started())).toEqual({ code: 0, says: '' })
  expect(await checked(await started('required'))).toEqual({ code: 0, says: '' })
})

test('the health check of the image fails where nothing listens, and says where it asked', async () => {
  const { STREAMVANE_HEALTH__PORT: port } = await started()
  expect(await checked({ STREAMVANE_HEALTHCHECK_URL: `http://127.0.0.1:${port}/nothing` })).toEqual({
    code: 1,
    says: `http://127.0.0.1:${port}/nothing answers 404\n`,
  })
  expect(await checked({ STREAMVANE_HEALTH__PORT: '1' })).toMatchObject({
    code: 1,
    says: expect.stringContaining('127.0.0.1:1/livez') as string,
  })
})
