import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { Finding } from '../../src/app/operations/hardening/finding.js'
import { jsonLines, running, scratchFolder, streamvane } from '../support/streamvane.js'
import { certificatesOfFile, tlsFiles } from '../support/tls/files.js'

const made = certificatesOfFile()

/** Ports that are free now. */
const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** A run with these settings and variables, and what the check says of it. */
const checked = async (settings: object, env: Readonly<Record<string, string>>, plant = (_data: string) => {}) => {
  const folder = await scratchFolder()
  const [data, config, token] = [join(folder, 'data'), join(folder, 'streamvane.yaml'), join(folder, 'token')]
  writeFileSync(token, 'a-token-of-some-length')
  const [ingress, health, admin] = await freePorts(3)
  const tokenFile = { file: token }
  writeFileSync(
    config,
    stringify({
      ...{ data, telemetry: { metrics: { token: tokenFile } }, health: { port: health } },
      ...{ ingress: { port: ingress, token: tokenFile }, admin: { port: admin, console: { enabled: true } } },
      ...settings,
    }),
  )
  const run = running(['run', '--config', config], env)
  await run.said('ingress: listening')
  plant(data)
  const doctor = await streamvane(['doctor', '--hardening', '--json', '--config', config, '--ca', made.caFile])
  run.kill('SIGTERM')
  await run.ended
  const findings = jsonLines<Finding>(doctor.stdout)
  // What the machine of the test brings along: its variables, and that it may be root.
  const amiss = findings
    .filter(({ state }) => state !== 'ok')
    .filter(({ area, what }) => area !== 'environment' || process.env[what] === undefined)
    .filter(({ what }) => what !== 'user' || process.geteuid?.() !== 0)
    .map(({ area, what, state }) => `${area}: ${what}: ${state}`)
  return { doctor, findings, amiss }
}

describe.skipIf(process.platform !== 'linux')('streamvane doctor --hardening', () => {
  test('of a sound process finds nothing but the certificate of two days, and asks every endpoint', async () => {
    const files = tlsFiles(made, made.server)
    chmodSync(files.keyFile, 0o600)
    const { certificateFile, keyFile } = files
    const { doctor, findings, amiss } = await checked({ tls: { certificateFile, privateKey: { file: keyFile } } }, {})
    expect(amiss, doctor.stdout + doctor.stderr).toEqual([
      ...['ingress', 'health', 'admin'].map((endpoint) => `${endpoint}: certificate: warning`),
    ])
    expect(doctor.code).toBe(process.geteuid?.() === 0 ? 5 : 0)
    expect(new Set(findings.map(({ area }) => area))).toEqual(
      new Set(['process', 'environment', 'ports', 'files', 'ingress', 'health', 'admin']),
    )
  }, 240_000)

  test('finds an inspector and its port, a secret among the variables, and files that others reach', async () => {
    const env = { NODE_OPTIONS: '--inspect=127.0.0.1:0', PLANTED_PASSWORD: 'never to be printed' }
    const { doctor, amiss } = await checked({}, env, (data) => {
      chmodSync(data, 0o755)
      chmodSync(join(data, 'log'), 0o755)
    })
    expect(amiss).toEqual([
      'process: inspector: failure',
      'environment: PLANTED_PASSWORD: warning',
      expect.stringMatching(/^ports: \d+: failure$/),
      ...['files: others: failure', 'files: group: warning'],
    ])
    expect(doctor.code).toBe(5)
    expect(doctor.stdout + doctor.stderr).not.toContain('never to be printed')
  }, 240_000)
})
