import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { configCommand } from '../../../src/cli/config/config.js'
import { inProcess } from '../../support/in-process.js'
import { scratchFolder } from '../../support/streamvane.js'

afterEach(() => vi.unstubAllEnvs())

const BASE = `
tenant: acme
ingress: { port: 8081, token: { env: BASE_TOKEN } }
egress: { kafka: { brokers: [kafka-1:9092, kafka-2:9092], format: json, topics: { queue: rows.queue } } }
profile: { zone: Europe/Berlin }
`
const PROD = `
ingress: { token: { env: PROD_TOKEN } }
egress: { kafka: { brokers: [kafka-prod:9092] } }
`

const environments = async () => {
  const folder = await scratchFolder()
  vi.stubEnv('BASE_TOKEN', 'base-token-base-token')
  vi.stubEnv('PROD_TOKEN', 'prod-token-prod-token')
  const [base, prod] = [join(folder, 'base.yaml'), join(folder, 'prod.yaml')]
  await Promise.all([writeFile(base, BASE), writeFile(prod, PROD)])
  const check = (...args: readonly string[]) => inProcess(configCommand(), ['check', ...args])
  return { folder, base, prod, check }
}

test('config check --origin names of each value the file, the variable, the flag or the default', async () => {
  const { base, prod, check } = await environments()
  vi.stubEnv('STREAMVANE_CLOCK__EVERY_MS', '5000')
  const files = ['--config', base, '--config', prod]
  const { code, stdout } = await check(...files, '--origin', '--json', '--log-level', 'warn')
  expect(code).toBe(0)
  const { configuration, origins } = JSON.parse(stdout) as {
    configuration: { egress: { kafka: { brokers: unknown } } }
    origins: Record<string, string>
  }
  expect(configuration.egress.kafka.brokers).toEqual(['kafka-prod:9092'])
  expect(origins).toMatchObject({
    tenant: base,
    'profile.zone': base,
    'egress.kafka.topics.queue': base,
    'egress.kafka.brokers': prod,
    'ingress.token': prod,
    'clock.everyMs': 'STREAMVANE_CLOCK__EVERY_MS',
    logLevel: '--log-level',
    'ingress.host': 'default',
    'profile.rollUps': 'default',
  })
})

test('what config check --origin prints is the configuration with comments: it loads to the same, and shows no secret', async () => {
  const { folder, base, prod, check } = await environments()
  const files = ['--config', base, '--config', prod]
  const { stdout } = await check(...files, '--origin')
  expect(stdout).toContain(`tenant: acme # ${base}\n`)
  expect(stdout).toContain('  # default\n  rollUps: []\n')
  expect(stdout).not.toContain('prod-token')
  const printed = join(folder, 'printed.yaml')
  await writeFile(printed, stdout.replace(/token: "\*\*\*"/, 'token: { env: PROD_TOKEN }'))
  const [again, before] = [await check('--config', printed, '--json'), await check(...files, '--json')]
  expect(again.code).toBe(0)
  expect(again.stdout).toBe(before.stdout)
})

test('STREAMVANE_CONFIG names several files with commas between them, and --config replaces it', async () => {
  const { base, prod, check } = await environments()
  vi.stubEnv('STREAMVANE_CONFIG', `${base}, ${prod}`)
  const brokers = async (...args: readonly string[]): Promise<unknown> =>
    (JSON.parse((await check('--json', ...args)).stdout) as { egress: { kafka: { brokers: unknown } } }).egress.kafka
      .brokers
  expect(await brokers()).toEqual(['kafka-prod:9092'])
  expect(await brokers('--config', base)).toEqual(['kafka-1:9092', 'kafka-2:9092'])
})
