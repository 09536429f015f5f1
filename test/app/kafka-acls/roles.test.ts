import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/app/config/load.js'
import {
  byResource,
  confluentCommands,
  kafkaAclsCommands,
  principalOfRole,
  strimziUsers,
} from '../../../src/app/kafka-acls/formats.js'
import { kafkaRoles, type RolesOptions } from '../../../src/app/kafka-acls/roles.js'

const connection = { brokers: ['kafka.test:9092'] }
const configOf = (kafka: object = {}, more: object = {}) =>
  loadConfig({ flags: { tenant: 'acme', egress: { kafka: { ...connection, format: 'json', ...kafka } }, ...more } })
const whole = configOf(
  {
    ...{ markers: 'topic', names: 'topic', onBadRow: 'dead-letter' },
    topics: { queue: ['genesys.queue-metrics', { name: 'genesys.queue-latest', records: 'latest' }] },
  },
  {
    profile: { families: ['queue'] },
    sources: [{ use: 'kafka', name: 'events', ...connection, topics: ['genesys.events'] }],
  },
)
const linesOf = (config: ReturnType<typeof configOf>, role: string, options: RolesOptions = {}): readonly string[] =>
  kafkaRoles(config, options)
    .find(({ name }) => name === role)!
    .acls.map(({ operation, resource, name }) => `${operation} ${resource} ${name}`)

test('the table of rights in docs/kafka.md is that of the code', () => {
  const rows = kafkaRoles(whole).flatMap((role) =>
    byResource(role.acls).map(
      ({ operations, resource, name, pattern, why }) =>
        `| ${role.name} | ${operations.join(', ')} | ${resource} \`${name}${pattern === 'prefixed' ? '*' : ''}\` | ${why} |`,
    ),
  )
  const docs = readFileSync(join(import.meta.dirname, '../../../docs/kafka.md'), 'utf8')
  expect(docs).toContain(['| role | operations | on | because |', '|---|---|---|---|', ...rows].join('\n'))
})

test('a replay has a transactional id of its own, and may only look at that of the egress', () => {
  const named = configOf({ transactionalId: 'kpis' })
  expect(linesOf(named, 'replay kafka').filter((line) => line.includes('transactional-id'))).toEqual([
    'Write transactional-id kpis.replay',
    'Describe transactional-id kpis',
  ])
})

test('each of several sinks has roles of its own, and one that publishes at least once needs no transactional id', () => {
  const { tenant, egress } = configOf()
  const config = loadConfig({
    flags: {
      tenant,
      egress: {
        kafka: { ...connection, format: 'json' },
        sinks: [
          { use: 'kafka', name: 'first' },
          { use: 'kafka', name: 'second', delivery: 'at-least-once', families: ['queue'] },
        ],
      },
    },
  })
  expect(egress.sinks).toBeUndefined()
  expect(linesOf(config, 'egress first')).toContain('Write transactional-id streamvane.acme.first')
  expect(linesOf(config, 'egress second')).toEqual([
    'Write topic genesys.queue-metrics',
    'Write topic streamvane.progress',
    'Read topic streamvane.progress',
  ])
})

test('IdempotentWrite is asked for only where publishing may be without transactions and a broker is older than 2.8', () => {
  const old = { brokerVersion: [2, 7] } as const
  const line = 'IdempotentWrite cluster kafka-cluster'
  expect(linesOf(configOf({ delivery: 'detect' }), 'egress kafka', old)).toContain(line)
  expect(linesOf(configOf({ delivery: 'detect' }), 'egress kafka', { brokerVersion: [2, 8] })).not.toContain(line)
  expect(linesOf(configOf({ delivery: 'detect' }), 'egress kafka')).not.toContain(line)
  expect(linesOf(configOf(), 'egress kafka', old)).not.toContain(line)
})

test('no right of a tenant covers a topic, group or transactional id of one whose name begins with its own', () => {
  const prefixed = kafkaRoles(whole).flatMap(({ acls }) => acls.filter(({ pattern }) => pattern === 'prefixed'))
  expect(prefixed.map(({ name }) => name)).toEqual(['consumers.acme.'])
  expect(principalOfRole('acme', { name: 'egress kafka' })).toBe('User:acme.egress-kafka')
})

test('rights are written for the tools of Kafka, Confluent Cloud and Strimzi', () => {
  const role = kafkaRoles(whole).find(({ name }) => name === 'consumer kafka')!
  const granted = { role, principal: "User:o'brien" }
  expect(kafkaAclsCommands(granted).at(-1)).toBe(
    String.raw`kafka-acls.sh --bootstrap-server kafka.test:9092 --command-config admin.properties --add --allow-principal 'User:o'\''brien' --operation Read --group consumers.acme. --resource-pattern-type prefixed`,
  )
  const apply = kafkaRoles(whole).find(({ name }) => name === 'apply kafka')!
  expect(confluentCommands({ role: apply, principal: 'User:sa-1' })[0]).toBe(
    'confluent kafka acl create --allow --principal User:sa-1 --operations create,describe,describe-configs --topic genesys.queue-metrics',
  )
  expect(strimziUsers([{ role, principal: 'User:bi' }])).toContain(
    [
      '      - resource:',
      '          type: group',
      '          name: consumers.acme.',
      '          patternType: prefix',
      '        operations:',
      '          - Read',
    ].join('\n'),
  )
  expect(() => strimziUsers([{ role, principal: 'User:CN=bi' }])).toThrow(/CN=bi cannot be the name of a KafkaUser/)
})
