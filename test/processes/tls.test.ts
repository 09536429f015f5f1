import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { running, scratchFolder, streamvane } from '../support/streamvane.js'
import { certificatesOfFile, tlsFiles } from '../support/tls/files.js'
import { askedByTls } from '../support/tls/handshake.js'

const made = certificatesOfFile()

test('a run that speaks TLS is found by status, steered by commands of its folder and from outside, and renews its certificate', async () => {
  const folder = await scratchFolder()
  const files = tlsFiles(made, made.server)
  const config = join(folder, 'streamvane.yaml')
  const created = await streamvane(['admin', 'token', 'create', '--name', 'jane', '--role', 'viewer', '--json'])
  const { token, entry } = JSON.parse(created.stdout) as { token: string; entry: object }
  const [certificateFile, keyFile] = [files.certificateFile, files.keyFile]
  writeFileSync(
    config,
    stringify({
      tls: { certificateFile, privateKey: { file: keyFile } },
      admin: { port: 0, tokens: [entry] },
    }),
  )
  const env = { STREAMVANE_DATA: join(folder, 'data'), STREAMVANE_CONFIG: config }
  const run = running(['run', '--port', '0', '--console'], env)
  const admin = (JSON.parse(await run.said('admin: listening')) as { url: string }).url
  expect(admin).toMatch(/^https:/)
  expect(await run.said('console: open')).toMatch(/open https:/)
  const ingress = (JSON.parse(await run.said('ingress: listening')) as { url: string }).url
  expect(await askedByTls(`${ingress}/livez`, { ca: made.ca })).toMatchObject({ status: 200 })

  const local = await streamvane(['admin', 'call', 'listStages'], { env })
  expect(local, local.stderr).toMatchObject({ code: 0 })
  const port = new URL(ingress).port
  const status = await streamvane(['status', '--json'], { env: { ...env, STREAMVANE_INGRESS__PORT: port } })
  expect(status.stdout, status.stderr).toContain(`https://127.0.0.1:${port}`)

  writeFileSync(certificateFile, made.elsewhere.certificate)
  writeFileSync(keyFile, made.elsewhere.key)
  await run.said('tls: the certificate was renewed')
  const again = await streamvane(['admin', 'call', 'listStages'], { env })
  expect(again, again.stderr).toMatchObject({ code: 0 })

  const remote = (...more: readonly string[]) =>
    streamvane(['admin', 'call', 'listStages', '--url', admin.replace('127.0.0.1', 'localhost'), ...more], {
      env: { ...env, STREAMVANE_ADMIN_TOKEN: token },
    })
  const trusted = await remote('--ca', made.caFile)
  expect(trusted, trusted.stderr).toMatchObject({ code: 0 })
  expect(await remote()).toMatchObject({ code: 1, stderr: expect.stringContaining('certificate') as string })
  run.kill('SIGTERM')
  expect(await run.ended, run.stderr()).toEqual({ code: 0, signal: null })
}, 240_000)
