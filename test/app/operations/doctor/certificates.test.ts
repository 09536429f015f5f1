import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../../src/app/config/load.js'
import type { Patient } from '../../../../src/app/operations/doctor/check.js'
import { checkCertificates } from '../../../../src/app/operations/doctor/check-certificates.js'
import { DAY_MS } from '../../../../src/domain/interval.js'
import { certificatesOfFile, tlsFiles } from '../../../support/tls/files.js'

const made = certificatesOfFile()

const examined = async (settings: object, days = 0) => {
  const config = loadConfig({ flags: { ...settings } })
  const checks = await checkCertificates({ config, now: () => Date.now() + days * DAY_MS } as Patient)
  return checks.map(({ what, state, says, mend }) => `${what}: ${state}: ${says} → ${mend ?? ''}`)
}

test('the doctor tells of each certificate how long it is valid, and what cannot be used', async () => {
  const files = tlsFiles(made, made.server)
  const tls = { certificateFile: files.certificateFile, privateKey: { file: files.keyFile } }
  const settings = { ingress: { tls }, admin: { tls } }
  expect(await examined({})).toEqual([expect.stringMatching(/^certificates: ok: no endpoint speaks TLS/)])
  expect(await examined(settings, 0.5)).toEqual([
    expect.stringMatching(
      /^ingress: warning: .*tls\.crt: IP Address:127\.0\.0\.1, DNS:localhost: it expires in 1 days/,
    ),
    expect.stringMatching(/^admin: warning: /),
  ])
  expect(await examined({ ingress: { tls } }, 5)).toEqual([expect.stringMatching(/failure: .*it expired at/)])
  expect(await examined({ ingress: { tls } }, -5)).toEqual([expect.stringMatching(/failure: .*not valid before/)])
  writeFileSync(files.keyFile, made.user.key)
  expect(await examined({ ingress: { tls } })).toEqual([
    expect.stringMatching(/failure: ingress\.tls: .*is not that of the private key.* → ingress\.tls\.certificateFile/),
  ])
})
