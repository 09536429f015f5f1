import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/app/config/load.js'
import type { Config } from '../../../src/app/config/schema.js'
import { kafkaRoles } from '../../../src/app/kafka-acls/roles.js'
import { sharedBy } from '../../../src/app/tenants/shared.js'
import { scratchFolder, streamvane } from '../../support/streamvane.js'

const configOf = (tenant: string, egress: object, more: object = {}): Config =>
  loadConfig({ flags: { tenant, data: `/data/${tenant}`, egress, ...more } })
const onKafka = (tenant: string, kafka: object = {}, more: object = {}): Config =>
  configOf(tenant, { kafka: { brokers: ['kafka.test:9092'], format: 'json', ...kafka } }, more)
const apart = (tenant: string): Config => onKafka(tenant, { topicPrefix: `${tenant}.` })

describe('two tenants of one deployment', () => {
  test('share nothing once each has a data folder and a topic prefix, also where one name begins the other', () => {
    expect(sharedBy(apart('acme'), apart('acme-eu'))).toEqual([])
    expect(sharedBy(apart('acme-eu'), apart('acme'))).toEqual([])
  })

  test('share their topics on one cluster as long as these have their usual names', () => {
    const shared = sharedBy(onKafka('acme'), onKafka('acme-eu'))
    expect(shared).toContain('topic genesys.queue-metrics: set egress.kafka.topicPrefix, or its name')
    expect(shared).toContain('topic streamvane.progress: set egress.kafka.topicPrefix, or its name')
    expect(sharedBy(onKafka('acme'), onKafka('acme-eu', { brokers: ['elsewhere.test:9092'] }))).toEqual([])
  })

  test.each([
    [
      'a transactional id',
      { topicPrefix: 'acme.' },
      { topicPrefix: 'acme-eu.', transactionalId: 'streamvane.acme.kafka' },
      {},
      'transactional-id streamvane.acme.kafka: set egress.kafka.transactionalId',
    ],
    [
      'the group of the shards, by the id of another tenant',
      { topicPrefix: 'acme.' },
      { topicPrefix: 'acme-eu.' },
      { projector: { shards: { group: 'streamvane.acme.buckets' } } },
      'group streamvane.acme.buckets: set sources.group, or projector.shards.group',
    ],
    [
      'a group that belongs to the consumers of another tenant',
      { topicPrefix: 'acme.' },
      { topicPrefix: 'acme-eu.' },
      { projector: { shards: { group: 'consumers.acme.buckets' } } },
      'group consumers.acme.: set sources.group, or projector.shards.group',
    ],
  ])('share %s that one names as the other has it', (_, kafka, others, more, sentence) => {
    expect(sharedBy(onKafka('acme', kafka), onKafka('acme-eu', others, more))).toEqual([sentence])
  })

  test.each([
    ['the same data folder', { data: '/data/acme' }],
    ['a data folder within that of the other', { data: '/data/acme/eu' }],
  ])('share %s', (_, more) => {
    const none = { sink: 'none' }
    expect(sharedBy(configOf('acme', none), configOf('acme-eu', none, more))).toEqual([
      'the data folder /data/acme: set data',
    ])
    expect(sharedBy(configOf('acme', none), configOf('acme-eu', none))).toEqual([])
  })

  test('share a schema of a database, and objects below one prefix, unless each has its own', () => {
    const sinks = (schema: string, prefix: string) => ({
      sinks: [
        { use: 'postgresql', name: 'sql', host: 'db.test', database: 'kpis', username: 'kpis', schema },
        { use: 's3', name: 'lake', bucket: 'lake', region: 'eu-central-1', prefix },
      ],
    })
    const ours = configOf('acme', sinks('acme', 'tenants/acme'))
    expect(sharedBy(ours, configOf('acme-eu', sinks('acme_eu', 'tenants/acme-eu')))).toEqual([])
    expect(sharedBy(ours, configOf('acme-eu', sinks('acme', 'tenants/acme/eu')))).toEqual([
      'schema acme of database kpis on db.test:5432: set schema of sink sql',
      'objects below tenants/acme in bucket lake of Amazon S3: set prefix of sink lake',
    ])
  })
})

test('a topic prefix stands before the usual name of every topic that is not named', () => {
  const { egress } = onKafka('acme', {
    ...{ topicPrefix: 'acme.', topics: { queue: 'queues' }, markers: 'topic', names: 'topic', onBadRow: 'dead-letter' },
  })
  const apply = kafkaRoles({ ...onKafka('acme'), egress }).find(({ name }) => name === 'apply kafka')!
  expect(new Set(apply.acls.map(({ name }) => name))).toEqual(
    new Set([
      ...['queues', 'acme.genesys.agent-metrics', 'acme.genesys.agent-state', 'acme.genesys.interval-complete'],
      ...['acme.genesys.names', 'acme.streamvane.progress', 'acme.streamvane.dead-letter'],
    ]),
  )
  expect(() => onKafka('acme', { topicPrefix: 'acme' })).toThrow(/topicPrefix: .*with "\." at the end/)
})

test('config check --beside refuses a configuration that shares something with that of another tenant', async () => {
  const dir = await scratchFolder()
  const file = (tenant: string): string => {
    const path = join(dir, `${tenant}.yaml`)
    writeFileSync(path, `tenant: ${tenant}\ndata: ${dir}/data\negress: { sink: none }\n`)
    return path
  }
  const { code, stderr } = await streamvane(['config', 'check', '--config', file('acme'), '--beside', file('acme-eu')])
  expect(code).toBe(4)
  expect(stderr).toContain(`shared with ${dir}/acme-eu.yaml: the data folder ${dir}/data: set data`)
})
