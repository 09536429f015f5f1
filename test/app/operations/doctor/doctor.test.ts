import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig, openConfig } from '../../../../src/app/config/load.js'
import { checkSecrets } from '../../../../src/app/operations/doctor/check-secrets.js'
import type { Area, Check, Patient } from '../../../../src/app/operations/doctor/check.js'
import { examine } from '../../../../src/app/operations/doctor/doctor.js'
import { embeddedLogs } from '../../../../src/app/pipeline/logs/logs.js'
import { appendTick } from '../../../../src/ingress/clock.js'
import { azureStandIn } from '../../../support/vaults/azure.js'

const NOW = Date.UTC(2026, 0, 5, 12)

const patient = async (settings: Readonly<Record<string, unknown>> = {}) => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-doctor-'))
  const config = loadConfig({ env: {}, flags: { data, ...settings } })
  const logs = embeddedLogs(data, 'test')
  onTestFinished(async () => {
    await logs.close()
    await rm(data, { recursive: true, force: true })
  })
  const examined = async (...only: readonly Area[]): Promise<readonly Check[]> => {
    const checks: Check[] = []
    const whole = { config, logs, logger: pino({ level: 'silent' }), version: 'test', now: () => NOW }
    for await (const check of examine(whole, only)) checks.push(check)
    return checks
  }
  return { data, logs, examined }
}

test('a folder in which nothing was done yet has warnings that name the next command, and no failure', async () => {
  const { examined } = await patient()
  const checks = await examined(
    'log',
    'clock',
    'facts',
    'snapshots',
    'index',
    'disk',
    'lag',
    'broker',
    'registry',
    'eventstoredb',
  )
  expect(checks.filter(({ state }) => state === 'failure')).toEqual([])
  expect(checks.find(({ area }) => area === 'log')).toMatchObject({
    state: 'warning',
    mend: expect.stringContaining('streamvane import') as string,
  })
})

test('a clock that runs ahead of the machine is a failure, and one that stands still a warning', async () => {
  const { logs, examined } = await patient()
  await appendTick(await logs.raw('writer'), 'default', NOW - 3 * 3_600_000)
  expect(await examined('clock')).toMatchObject([{ state: 'warning', mend: 'streamvane clock show' }])
  await appendTick(await logs.raw('writer'), 'default', NOW + 3 * 3_600_000)
  expect(await examined('clock')).toMatchObject([
    { state: 'failure', mend: 'streamvane clock take-back' },
    { state: 'warning', says: expect.stringContaining('1 of the last') as string },
  ])
})

test('a damaged part of the log is a failure that names the restore, and the other areas are looked at all the same', async () => {
  const { data, logs, examined } = await patient()
  await appendTick(await logs.raw('writer'), 'default', NOW)
  await logs.close()
  await writeFile(join(data, 'log', 'raw', 'data.mdb'), Buffer.alloc(8_192, 7))
  const checks = await examined('log', 'disk')
  expect(checks.find(({ area }) => area === 'log')).toMatchObject({ state: 'failure', mend: 'streamvane restore' })
  expect(checks.some(({ area }) => area === 'disk')).toBe(true)
})

test('what lets others read or listen is said, with the setting that closes it', async () => {
  const { data, logs, examined } = await patient({
    ingress: { host: '0.0.0.0' },
    egress: { kafka: { brokers: ['kafka.example:9092'], format: 'json' } },
  })
  await appendTick(await logs.raw('writer'), 'default', NOW)
  await chmod(join(data, 'log'), 0o755)
  const checks = await examined('configuration')
  expect(checks.map(({ state, mend }) => [state, mend])).toEqual([
    ['failure', 'streamvane config check'],
    ['warning', 'egress.kafka.ssl: true'],
    ['warning', `chmod o-rwx ${join(data, 'log')}`],
  ])
})

test('a broker that is away is a failure of its own area', async () => {
  const { examined } = await patient({ egress: { kafka: { brokers: ['127.0.0.1:1'], format: 'json' } } })
  expect(await examined('broker')).toMatchObject([{ area: 'broker', state: 'failure' }])
})

test('each secret is reported: the version of one in a vault and since when there is it, and why one cannot be read', async () => {
  const azure = await azureStandIn()
  onTestFinished(() => azure.close())
  azure.vault.set('token', 'planted-token-of-the-ingress')
  const of = (name: string): string => `keyvault:${azure.url}/secrets/${name}`
  const config = await openConfig({
    env: { ...azure.env, STREAMVANE_INGRESS__TOKEN: of('token'), STREAMVANE_TELEMETRY__METRICS__TOKEN: of('nowhere') },
  })
  const checks = await checkSecrets({ config, now: () => Date.parse('2026-03-08T12:00:00Z') } as Patient)
  expect(checks).toEqual([
    { area: 'secrets', what: 'ingress.token', state: 'ok', says: `${of('token')}: version v1, made 7 d ago` },
    expect.objectContaining({
      ...{ area: 'secrets', what: 'telemetry.metrics.token', state: 'failure' },
      says: expect.stringContaining('make the secret nowhere') as string,
      mend: 'streamvane config check --resolve',
    }),
  ])
  expect(JSON.stringify(checks)).not.toMatch(/planted/)
})
