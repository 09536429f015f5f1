import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { compareConfigs, type ConfigDifference } from '../../../../src/app/config/environments/compare.js'
import { consequenceOf, settingsWithConsequence } from '../../../../src/app/config/environments/consequences.js'
import { loadForComparison } from '../../../../src/app/config/load.js'
import { profileSchema } from '../../../../src/app/config/profile/profile-schema.js'
import { configSchema } from '../../../../src/app/config/schema.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamvane-compare-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const loaded = (name: string, ...trees: readonly object[]) =>
  loadForComparison(
    trees.map((tree, place) => {
      const file = join(folder, `${name}-${place}.yaml`)
      writeFileSync(file, stringify(tree))
      return file
    }),
  )

const compared = (old: object, now: object): readonly ConfigDifference[] =>
  compareConfigs(loaded('old', old), loaded('new', now))

test('a difference is told by path with both values, and those that change figures come first', () => {
  const old = { ingress: { port: 1 }, profile: { graceMs: 60_000, zone: 'UTC' } }
  const now = { ingress: { port: 2 }, profile: { zone: 'Europe/Berlin' }, admin: false }
  expect(compared(old, now).map(({ effect, path, old, new: value }) => [effect, path, old, value])).toEqual([
    ['figures', 'profile.zone', 'UTC', 'Europe/Berlin'],
    ['figures', 'profile.graceMs', 60_000, 300_000],
    ['plumbing', 'ingress.port', 1, 2],
    ['plumbing', 'admin', undefined, false],
  ])
})

test('a value that one file writes and that is the default of the other is no difference', () => {
  expect(compared({ ingress: { port: 8080 }, profile: { zone: 'UTC' } }, {})).toEqual([])
})

test('entries of a list are compared by name; other lists, and columns in another order, as a whole', () => {
  const feed = (...columns: readonly string[]) => ({
    name: 'wfm',
    family: 'queue',
    layouts: [
      {
        version: 1,
        columns: [
          { name: 'start', value: 'interval.start' },
          ...columns.map((name) => ({ name, value: `${name}.count` })),
        ],
      },
    ],
  })
  const kafka = { name: 'kafka', use: 'kafka', format: 'json' }
  const differences = compared(
    {
      egress: { sinks: [{ ...kafka, brokers: ['a:1'] }] },
      feeds: { list: [feed('nOffered', 'nTransferred')] },
    },
    {
      egress: {
        sinks: [
          { name: 'archive', use: 'files' },
          { ...kafka, brokers: ['b:1'] },
        ],
      },
      feeds: { list: [feed('nTransferred', 'nOffered')] },
    },
  )
  expect(differences.map(({ effect, path }) => `${effect} ${path}`)).toEqual([
    'figures feeds.list[wfm].layouts',
    'plumbing egress.sinks[kafka].brokers',
    'plumbing egress.sinks[archive]',
  ])
})

test('of secrets and of hidden parts of addresses only is told that they differ, and none needs to be there', () => {
  const hook = (path: string) => ({
    ...{ name: 'hook', use: 'webhooks', url: `https://hooks.example/${path}`, signingKeys: { env: 'NOT_SET' } },
  })
  const differences = compared(
    { ingress: { token: 'literal-token-of-dev' }, egress: { sinks: [hook('SECRET-PATH-1')] } },
    { ingress: { token: { file: '/not/there' } }, egress: { sinks: [hook('SECRET-PATH-2')] } },
  )
  expect(differences.map(({ path, hidden, old, new: now }) => ({ path, hidden, old, now }))).toEqual([
    { path: 'ingress.token', hidden: true, old: '***', now: '***' },
    {
      path: 'egress.sinks[hook].url',
      hidden: true,
      old: 'https://hooks.example/***',
      now: 'https://hooks.example/***',
    },
  ])
  expect(JSON.stringify(differences)).not.toMatch(/SECRET-PATH|literal-token|not\/there|NOT_SET/)
})

test('equal references to secrets are no difference, in a connection string of Event Hubs either', () => {
  const hubs = (name: string) => ({
    egress: { kafka: { preset: 'event-hubs', eventHubsConnectionString: { env: name }, format: 'json' } },
  })
  expect(compared(hubs('HUBS'), hubs('HUBS'))).toEqual([])
  expect(compared(hubs('HUBS'), hubs('OTHER')).map(({ path }) => path)).toEqual([
    'egress.kafka.eventHubsConnectionString',
    'egress.kafka.sasl.password',
  ])
})

test('files are laid over each other before they are compared', () => {
  const base = { tenant: 'acme', ingress: { port: 1 } }
  expect(
    compareConfigs(loaded('dev', base, { ingress: { port: 2 } }), loaded('prod', base, { ingress: { port: 2 } })),
  ).toEqual([])
})

test('every setting of the configuration and of a profile is known to change figures, or to be plumbing', () => {
  const settings = [
    ...Object.keys(configSchema.shape),
    ...Object.keys(profileSchema.shape).map((key) => `profile.${key}`),
  ]
  for (const setting of settings) expect(consequenceOf(setting.split('.')).what).not.toBe('not known')
  const top = new Set(settings)
  const below = settingsWithConsequence.filter(
    (name) => name.split('.').length < 3 && !/^(clock|projector|feeds)\./.test(name),
  )
  expect(below.filter((name) => !top.has(name))).toEqual([])
  expect(consequenceOf(['a-new-setting']).effect).toBe('figures')
})
