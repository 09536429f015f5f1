import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/app/config/load.js'
import { assertRunnable, runProblems } from '../../../src/app/config/runnable.js'
import { ConfigError } from '../../../src/app/config/schema.js'

test('an ingress that other machines reach needs a token; without the ingress it does not matter', () => {
  const open = loadConfig({ flags: { ingress: { host: '0.0.0.0' } } })
  expect(() => assertRunnable(open, ['ingress', 'projector'])).toThrow(ConfigError)
  expect(runProblems(open, ['ingress'])).toEqual([expect.stringMatching(/^ingress\.token: .* 0\.0\.0\.0 without/)])
  expect(runProblems(open, ['projector', 'egress'])).toEqual([])
  const token = loadConfig({ flags: { ingress: { host: '0.0.0.0', token: 'a-token-of-some-length' } } })
  expect(runProblems(token, ['ingress'])).toEqual([])
})

test('a certificate file that cannot be read is named with its key', () => {
  const eventstoredb = { connectionString: 'esdb://h', tlsCaFile: '/nowhere/ca.pem' }
  const config = loadConfig({ flags: { log: { kind: 'eventstoredb', eventstoredb } } })
  expect(runProblems(config, [])).toEqual([expect.stringMatching(/^log\.eventstoredb\.tlsCaFile: .*nowhere/)])
})

test('the stages points and merge need EventStoreDB, points a broker too, and neither runs beside a projector', () => {
  const embedded = loadConfig({ flags: {} })
  expect(runProblems(embedded, ['merge'])).toEqual([
    expect.stringMatching(/^log\.kind: .*eventstoredb, or run the stage projector/),
  ])
  expect(runProblems(embedded, ['points'])).toHaveLength(2)
  const flags = { log: { kind: 'eventstoredb', eventstoredb: { connectionString: 'esdb://h' } } }
  const server = loadConfig({ flags })
  expect(runProblems(server, ['merge'])).toEqual([])
  expect(runProblems(server, ['points'])).toEqual([expect.stringMatching(/^egress\.kafka\.brokers: .*KAFKA_BROKERS/)])
  expect(runProblems(server, ['merge', 'projector'])).toEqual([expect.stringMatching(/^--only: .*one or the other/)])
  const whole = loadConfig({ flags: { ...flags, egress: { kafka: { brokers: ['k:9092'], format: 'json' } } } })
  expect(runProblems(whole, ['points', 'merge', 'egress'])).toEqual([])
})
