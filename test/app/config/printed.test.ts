import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { limitText } from '../../../src/app/config/feeds/feed-schema.js'
import { loadConfig, redacted } from '../../../src/app/config/load.js'
import { periodMs, periodText } from '../../../src/app/config/period.js'
import { lawRuns } from '../../support/law-runs.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamvane-printed-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const loaded = (tree: object) => {
  const file = join(folder, 'streamvane.yaml')
  writeFileSync(file, stringify(tree))
  return loadConfig({ file, env: { SECRET: 'whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0' } })
}

const period = fc.integer({ min: 1, max: 7 * 86_400 }).map((seconds) => periodText(seconds * 1_000))
const limit = fc.oneof(
  fc.integer({ min: 0, max: 999 }),
  fc.integer({ min: 0, max: 9_999 }).map((hundredths) => `${hundredths / 100}%`),
)

/** Every setting whose value is not what was written: periods, zones, tolerances, days of a profile. */
const anyTree = fc.record({
  tenant: fc.constantFrom('acme', 'other'),
  profile: fc.record({ zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata') }),
  genesys: fc.record({
    region: fc.constant('mypurecloud.de'),
    clientId: fc.constant('client'),
    clientSecret: fc.constant({ env: 'SECRET' }),
    sync: fc.record({ every: period }),
    reconcile: fc.record({ days: fc.constant([1, 3]), delay: period }),
  }),
  egress: fc.record({
    sinks: fc.record({ every: period, names: fc.constantFrom('topic', 'off') }).map(({ every, names }) => [
      { name: 'one', use: 'kafka', brokers: ['b:9092'], format: 'json', mode: { every }, names },
      { name: 'two', use: 'files', mode: 'at-close', formats: ['jsonl'] },
      {
        ...{ name: 'three', use: 'postgresql', host: 'db', database: 'd', username: 'u' },
        serverLimits: { statementMs: 5_000, idleInTransactionMs: 60_000 },
      },
    ]),
  }),
  feeds: fc
    .record({
      cutOff: period,
      every: period,
      limit,
      zone: fc.constantFrom('UTC', 'Europe/Berlin'),
      zeros: fc.boolean(),
    })
    .map(({ cutOff, every, limit: tolerated, zone, zeros }) => ({
      list: [
        {
          ...{ name: 'wfm', family: 'queue', zone, zeros, cutOff },
          ...(zeros && { filter: { queueId: ['q'], mediaType: ['voice'] } }),
          corrections: { every, days: 3, tolerances: { offered: tolerated } },
          layouts: [
            {
              version: 1,
              columns: [
                { name: 'start', value: 'interval.start' },
                { name: 'offered', value: 'nOffered.count' },
              ],
            },
          ],
        },
      ],
    })),
})

const withoutSecrets = (config: object): unknown => JSON.parse(JSON.stringify(redacted(config as never)))

test('law: what config check prints loads to the same configuration, secrets aside', () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      const config = loaded(tree)
      const printed = redacted(config) as { genesys: { clientSecret: unknown } }
      printed.genesys.clientSecret = { env: 'SECRET' }
      const again = loaded(printed)
      expect(withoutSecrets(again)).toEqual(withoutSecrets(config))
      expect(again.feeds).toEqual(config.feeds)
      expect(again.profile).toEqual(config.profile)
      expect(again.egress).toEqual(config.egress)
    }),
    lawRuns(60),
  )
})

test('law: a period and a limit are written so that they are read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 * 86_400 }), fc.nat(100_000), (seconds, hundredths) => {
      expect(periodMs(periodText(seconds * 1_000))).toBe(seconds * 1_000)
      const share = hundredths / 100 / 100
      expect(Number(String(limitText({ share })).slice(0, -1)) / 100).toBe(share)
    }),
    lawRuns(200),
  )
})

test('of the address of a webhook only the host is printed', () => {
  const config = loaded({
    egress: {
      sinks: [
        {
          ...{ name: 'hook', use: 'webhooks', url: 'https://hooks.example/services/T0/HIDDEN?sig=ALSO' },
          signingKeys: { env: 'SECRET' },
        },
      ],
    },
  })
  expect(JSON.stringify(redacted(config))).toContain('"url":"https://hooks.example/***"')
  expect(JSON.stringify(redacted(config))).not.toMatch(/HIDDEN|ALSO/)
})
