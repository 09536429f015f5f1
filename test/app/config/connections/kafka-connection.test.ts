import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { loadConfig, redacted } from '../../../../src/app/config/load.js'
import type { Config } from '../../../../src/app/config/schema.js'
import { ConfigError } from '../../../../src/app/config/schema.js'

/** Loads a configuration file whose `egress.kafka` is this, with these variables. */
const load = (kafka: object, env: Readonly<Record<string, string>> = {}): Config => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-config-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'streamvane.yaml')
  writeFileSync(file, stringify({ egress: { sink: 'kafka', kafka: { format: 'json', ...kafka } } }))
  return loadConfig({ file, env })
}

const faultOf = (kafka: object, env: Readonly<Record<string, string>> = {}): string => {
  try {
    load(kafka, env)
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.message
    throw cause
  }
  throw new Error('the configuration was accepted')
}

const shown = (config: Config): unknown => (redacted(config) as { egress: { kafka: unknown } }).egress.kafka

const HUBS = 'Endpoint=sb://hubs.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=planted+key='

describe('the preset confluent-cloud', () => {
  const given = {
    preset: 'confluent-cloud',
    brokers: ['pkc-1.eu-central-1.aws.confluent.cloud:9092'],
    sasl: { username: 'KEY', password: { env: 'KEY_SECRET' } },
  }
  const env = { KEY_SECRET: 'planted-api-secret', REGISTRY_SECRET: 'planted-registry-secret' }

  test('sets TLS, SASL PLAIN and three replicas, and is shown resolved without secrets', () => {
    const kafka = shown(load(given, env))
    expect(kafka).toMatchObject({
      preset: 'confluent-cloud',
      ssl: true,
      replicationFactor: 3,
      sasl: { mechanism: 'plain', username: 'KEY', password: '***' },
    })
    expect(JSON.stringify(kafka)).not.toContain('planted')
  })

  test('gives way to explicit keys', () => {
    const ssl = { serverName: 'gateway.example' }
    expect(load({ ...given, ssl, replicationFactor: -1 }, env).egress.kafka).toMatchObject({
      ssl,
      replicationFactor: -1,
    })
  })

  test.each([
    ['no credentials', { sasl: undefined }, /egress\.kafka\.sasl: Confluent Cloud wants an API key: write sasl/],
    ['TLS off', { ssl: false }, /egress\.kafka\.ssl: .* remove ssl/],
    [
      'SCRAM',
      { sasl: { ...given.sasl, mechanism: 'scram-sha-512' } },
      /egress\.kafka\.sasl\.mechanism: .* takes plain/,
    ],
    ['one replica', { replicationFactor: 1 }, /egress\.kafka\.replicationFactor: .* write 3/],
    [
      'a registry without a key',
      { registry: { url: 'https://psrc-1.confluent.cloud' } },
      /egress\.kafka\.registry: .*API key/,
    ],
  ])('is contradicted by %s, and the message says what to write', (_, contradiction, message) => {
    expect(faultOf({ ...given, ...contradiction }, env)).toMatch(message)
  })
})

describe('the preset event-hubs', () => {
  const given = { preset: 'event-hubs', eventHubsConnectionString: { env: 'HUBS' } }

  test('makes broker, TLS and credentials of a connection string, and shows none of its key', () => {
    const kafka = shown(load(given, { HUBS }))
    expect(kafka).toMatchObject({
      brokers: ['hubs.servicebus.windows.net:9093'],
      ssl: true,
      sasl: { mechanism: 'plain', username: '$ConnectionString', password: '***' },
      eventHubsConnectionString: '***',
    })
    expect(JSON.stringify(kafka)).not.toContain('planted')
  })

  test('keeps rows no longer than every tier allows, unless said otherwise', () => {
    expect(load(given, { HUBS }).egress.kafka.retentionMs).toBe(7 * 86_400_000)
    expect(load({ ...given, retentionMs: 90 * 86_400_000 }, { HUBS }).egress.kafka.retentionMs).toBe(90 * 86_400_000)
  })

  test('takes Entra ID with the scope of the namespace', () => {
    const kafka = { preset: 'event-hubs', brokers: ['hubs.servicebus.windows.net:9093'] }
    const sasl = { mechanism: 'entra-id', managedIdentity: true }
    expect(load({ ...kafka, sasl }).egress.kafka.sasl).toMatchObject(sasl)
  })

  test.each([
    [
      'no credentials',
      {},
      { preset: 'event-hubs' },
      /egress\.kafka\.eventHubsConnectionString: Event Hubs wants credentials/,
    ],
    [
      'a string without a key',
      { HUBS: 'Endpoint=sb://h.servicebus.windows.net/' },
      given,
      /has SharedAccessKeyName, SharedAccessKey/,
    ],
    ['an event hub alone', { HUBS: `${HUBS};EntityPath=queues` }, given, /EntityPath allows one event hub/],
    [
      'another broker',
      { HUBS },
      { ...given, brokers: ['other.servicebus.windows.net:9093'] },
      /not those of the connection string/,
    ],
    ['TLS off', { HUBS }, { ...given, ssl: false }, /egress\.kafka\.ssl: .* remove ssl/],
    [
      'other credentials beside it',
      { HUBS },
      { ...given, sasl: { mechanism: 'entra-id', managedIdentity: true } },
      /egress\.kafka\.sasl: .* remove one of the two/,
    ],
  ])('is contradicted by %s, and the message says what to write', (_, env, kafka, message) => {
    const told = faultOf(kafka, env)
    expect(told).toMatch(message)
    expect(told).not.toContain('planted')
  })

  test('is named where its connection string is given without it', () => {
    expect(faultOf({ brokers: ['b:1'], eventHubsConnectionString: { env: 'HUBS' } }, { HUBS })).toMatch(
      /egress\.kafka\.eventHubsConnectionString: .* write preset: event-hubs/,
    )
  })
})

describe('secrets of the egress', () => {
  const brokers = ['b:1']

  test.each([
    ['a password', { sasl: { mechanism: 'plain', username: 'u', password: 'planted' } }, 'egress.kafka.sasl.password'],
    [
      'a password of digits',
      { sasl: { mechanism: 'plain', username: 'u', password: 42 } },
      'egress.kafka.sasl.password',
    ],
    ['a client key', { ssl: { clientCertificateFile: 'c.pem', clientKey: 'planted' } }, 'egress.kafka.ssl.clientKey'],
    ['a token', { registry: { url: 'http://r', token: 'planted' } }, 'egress.kafka.registry.token'],
    ['an address', { registry: { url: 'http://u:planted@r' } }, 'egress.kafka.registry.url'],
  ])('%s that stands in the file is refused with its key and what to write, and is not told', (_, kafka, key) => {
    const told = faultOf({ brokers, ...kafka })
    expect(told).toContain(`${key}: a secret does not stand in the file: write`)
    expect(told).not.toContain('planted')
  })

  test('from the environment keep their text, whatever it looks like', () => {
    const sasl = { mechanism: 'plain', username: 'u' }
    for (const password of ['0123', 'true', '[a]', '1e5']) {
      const loaded = load({ brokers, sasl }, { STREAMVANE_EGRESS__KAFKA__SASL__PASSWORD: password })
      expect((loaded.egress.kafka.sasl as { password: { read: () => string } }).password.read()).toBe(password)
    }
  })

  test('in a file are read again whenever they are used', () => {
    const dir = mkdtempSync(join(tmpdir(), 'streamvane-secret-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const file = join(dir, 'password')
    writeFileSync(file, 'first\n')
    const loaded = load({ brokers, sasl: { mechanism: 'plain', username: 'u', password: { file } } })
    const { password } = loaded.egress.kafka.sasl as { password: { read: () => string } }
    expect(password.read()).toBe('first')
    writeFileSync(file, 'second\n')
    expect(password.read()).toBe('second')
  })
})

describe('the settings of a connection', () => {
  const brokers = ['broker.example:9093']

  test.each([
    ['a certificate without its key', { ssl: { clientCertificateFile: 'c.pem' } }, /egress\.kafka\.ssl: .*go together/],
    ['IAM without a region', { sasl: { mechanism: 'aws-msk-iam' } }, /egress\.kafka\.sasl\.region: .*write the region/],
    [
      'Entra ID without a way',
      { sasl: { mechanism: 'entra-id', tenantId: 't', clientId: 'c', scope: 's' } },
      /egress\.kafka\.sasl\.mechanism: write clientSecret/,
    ],
    [
      'Entra ID with two ways',
      { sasl: { mechanism: 'entra-id', managedIdentity: true, federatedTokenFile: 'f', scope: 's' } },
      /egress\.kafka\.sasl\.mechanism: write one of/,
    ],
    [
      'Entra ID without a scope',
      { sasl: { mechanism: 'entra-id', managedIdentity: true } },
      /egress\.kafka\.sasl\.scope: write the scope/,
    ],
    [
      'half of a name and password',
      { registry: { url: 'http://r', username: 'u' } },
      /registry\.username: .*go together/,
    ],
  ])('with %s are refused, and the message says what to write', (_, kafka, message) => {
    expect(faultOf({ brokers, ...kafka })).toMatch(message)
  })

  test('name the region of MSK in the address of a broker', () => {
    const msk = { brokers: ['b-1.c.x.c2.kafka.eu-central-1.amazonaws.com:9098'], ssl: true }
    expect(load({ ...msk, sasl: { mechanism: 'aws-msk-iam' } }).egress.kafka.sasl).toEqual({ mechanism: 'aws-msk-iam' })
  })
})
