import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { loadConfig, loadProfile, redacted } from '../../../src/app/config/load.js'
import { sinkSettings } from '../../../src/app/config/sinks/egress-sinks.js'
import { Secret } from '../../../src/credentials/secret.js'
import { ConfigError, type Config } from '../../../src/app/config/schema.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamvane-config-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fileOf = (text: string): string => {
  const file = join(folder, `${Math.abs(text.length * 31 + text.charCodeAt(0))}-${text.length}.yaml`)
  writeFileSync(file, text)
  return file
}
const sinksIn = ({ egress }: Config): readonly string[] => sinkSettings(egress).map(({ name }) => name)

const problemsOf = (work: () => unknown): string => {
  try {
    work()
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.message
    throw cause
  }
  throw new Error('the configuration was taken')
}

describe('configuration', () => {
  test('the defaults are the file sink, loopback and the default profile', () => {
    const config = loadConfig({})
    expect(sinksIn(config)).toEqual(['files'])
    expect(config.ingress.host).toBe('127.0.0.1')
    expect(config.profile).toEqual(defaultProfile)
  })

  test('flags override the environment, the environment the file, and the file the defaults', () => {
    const file = fileOf('tenant: from-file\ndata: from-file\nlogLevel: warn\ningress: { port: 1 }\n')
    const env = { STREAMVANE_DATA: 'from-environment', STREAMVANE_LOG_LEVEL: 'error', STREAMVANE_INGRESS__PORT: '2' }
    const config = loadConfig({ file, env, flags: { logLevel: 'debug', ingress: { port: undefined } } })
    expect(config).toMatchObject({
      tenant: 'from-file',
      data: 'from-environment',
      logLevel: 'debug',
      ingress: { port: 2, host: '127.0.0.1' },
    })
  })

  test('KAFKA_BROKERS and SCHEMA_REGISTRY_URL select Kafka, as do the variables named by path', () => {
    const known = loadConfig({ env: { KAFKA_BROKERS: 'a:1, b:2', SCHEMA_REGISTRY_URL: 'http://r' } })
    expect(sinksIn(known)).toEqual(['kafka'])
    expect(known.egress.kafka).toMatchObject({ brokers: ['a:1', 'b:2'], registry: { url: 'http://r' } })
    const named = loadConfig({
      env: { STREAMVANE_EGRESS__KAFKA__BROKERS: '["a:1", "b:2"]', STREAMVANE_EGRESS__KAFKA__REGISTRY__URL: 'http://r' },
    })
    expect(named.egress.kafka).toEqual(known.egress.kafka)
  })

  test('a text setting accepts digits, and a list setting accepts commas', () => {
    const env = {
      STREAMVANE_TENANT: '007',
      STREAMVANE_INGRESS__TOKEN: '12345678901234567890',
      STREAMVANE_EGRESS__KAFKA__BROKERS: 'a:1, b:2',
      STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
      STREAMVANE_EGRESS__FILES__FORMATS: 'avro',
      STREAMVANE_PROFILE__VERSION: '7',
    }
    const config = loadConfig({ env })
    expect(config).toMatchObject({ tenant: '007', profile: { version: 7 } })
    expect(config.ingress.token?.read()).toBe('12345678901234567890')
    expect(config.egress).toMatchObject({ kafka: { brokers: ['a:1', 'b:2'] }, files: { formats: ['avro'] } })
    expect(problemsOf(() => loadConfig({ env, flags: { tenant: 7 } }))).toContain('tenant')
    expect(problemsOf(() => loadConfig({ env: { STREAMVANE_INGRESS: '5', STREAMVANE_INGRESS__PORT: '1' } }))).toContain(
      'ingress',
    )
  })

  test.each([
    ['in the file', () => loadConfig({ file: fileOf('ingres: { port: 1 }\n') }), 'ingres'],
    ['in the environment', () => loadConfig({ env: { STREAMVANE_INGRESS__PROT: '1' } }), 'prot'],
    ['in the profile', () => loadConfig({ file: fileOf('profile: { grace: 5 }\n') }), 'grace'],
  ])('an unknown key %s is an error that names it', (_, work, key) => {
    expect(problemsOf(work)).toContain(key)
  })

  test('all problems of a configuration are reported at once, each with its key', () => {
    const problems = problemsOf(() =>
      loadConfig({
        file: fileOf('tenant: Two Words\ningress: { port: 70000, token: short }\nprofile: { intervalMs: 1000 }\n'),
      }),
    )
    for (const key of ['tenant', 'ingress.port', 'ingress.token', 'intervalMs']) expect(problems).toContain(key)
  })

  test('Avro without a registry, and Kafka without a broker, are refused with the missing setting', () => {
    expect(problemsOf(() => loadConfig({ env: { KAFKA_BROKERS: 'a:1' } }))).toContain('SCHEMA_REGISTRY_URL')
    expect(problemsOf(() => loadConfig({ flags: { egress: { sink: 'kafka' } } }))).toContain('KAFKA_BROKERS')
    expect(sinksIn(loadConfig({ env: { KAFKA_BROKERS: 'a:1', STREAMVANE_EGRESS__KAFKA__FORMAT: 'json' } }))).toEqual([
      'kafka',
    ])
  })

  test('several sinks are a list in the file and spelled with commas in the environment; each is named once', () => {
    const kafka = { KAFKA_BROKERS: 'a:1', STREAMVANE_EGRESS__KAFKA__FORMAT: 'json' }
    expect(sinksIn(loadConfig({ env: { ...kafka, STREAMVANE_EGRESS__SINK: 'kafka,files' } }))).toEqual([
      'kafka',
      'files',
    ])
    expect(sinksIn(loadConfig({ env: kafka, file: fileOf('egress: { sink: [files, kafka] }\n') }))).toEqual([
      'files',
      'kafka',
    ])
    expect(sinksIn(loadConfig({ env: { STREAMVANE_EGRESS__SINK: 'none' } }))).toEqual([])
    expect(problemsOf(() => loadConfig({ env: { STREAMVANE_EGRESS__SINK: 'files,files' } }))).toContain('egress.sink')
    expect(problemsOf(() => loadConfig({ env: { STREAMVANE_EGRESS__SINK: 'files,kafka' } }))).toContain('KAFKA_BROKERS')
  })

  test('a file that is missing, or is not a mapping, is refused by name', () => {
    expect(problemsOf(() => loadConfig({ file: join(folder, 'nowhere.yaml') }))).toContain('nowhere.yaml')
    expect(problemsOf(() => loadConfig({ file: fileOf('- a\n- b\n') }))).toContain('not valid')
  })

  const kafka = (settings: object): (() => unknown) => {
    return () => loadConfig({ flags: { egress: { kafka: settings } } })
  }

  test.each(['../../escaped', '.', '..', 'a/b', 'ro\u001b[31mws', 'ro\u0000ws', 'a b', '', 'x'.repeat(250)])(
    'a topic that Kafka would not take is refused, and its name is not printed: %j',
    (topic) => {
      for (const settings of [
        { topics: { queue: topic } },
        { topics: { consolidated: topic } },
        { progressTopic: topic },
      ]) {
        const problems = problemsOf(kafka(settings))
        expect(problems).toMatch(
          /egress\.kafka\.(topics\.(queue|consolidated)\.0\.name|progressTopic): letters, digits/,
        )

        expect(problems).not.toMatch(/[\u0000\u001b]/)
      }
    },
  )

  test.each(['genesys.queue-metrics', 'A_1', 'x'.repeat(249), '...'])('%s is a topic', (topic) => {
    expect(kafka({ topics: { queue: topic } })).not.toThrow()
  })

  test('a family has one topic or several, and what each is for; the latest state is keyed by series', () => {
    const queue = ['all', { name: 'now', records: 'latest' }, { name: 'table', key: 'row', cleanup: 'compact' }]
    const { topics } = loadConfig({ flags: { egress: { kafka: { topics: { queue, agent: 'agents' } } } } }).egress.kafka
    expect(topics).toMatchObject({
      queue: [
        { topic: 'all', key: 'entity', records: 'all' },
        { topic: 'now', key: 'series', records: 'latest' },
        { topic: 'table', key: 'row', records: 'all', cleanup: 'compact' },
      ],
      agent: [{ topic: 'agents', key: 'entity', records: 'all' }],
    })
    expect(problemsOf(kafka({ topics: { queue: ['twice', 'twice'] } }))).toContain('egress.kafka.topics')
    expect(problemsOf(kafka({ topics: { queue: [] } }))).toContain('egress.kafka.topics.queue')
  })

  test('families that share a topic are refused subjects that are named by topic alone', () => {
    const registry = { url: 'http://r', subjects: 'TopicNameStrategy' }
    const shared = { brokers: ['b:1'], registry, topics: { consolidated: 'all' } }
    expect(problemsOf(kafka(shared))).toContain('egress.kafka.registry.subjects')
    expect(kafka({ ...shared, registry: { url: 'http://r' } })).not.toThrow()
  })

  test('the settings that messages of the egress name exist', () => {
    const registry = { url: 'http://r', username: 'u', password: 'p', compatibility: 'FULL', autoRegister: true }
    const settings = { registry, transactionTimeoutMs: 60_000, transactionalId: 'mine', progressTopic: 'progress' }
    const config = loadConfig({ flags: { egress: { acceptProgress: ['other-log'], kafka: settings } } })
    expect(config.egress).toMatchObject({
      acceptProgress: ['other-log'],
      kafka: { ...settings, registry: { ...registry, password: expect.any(Secret) as Secret } },
    })
  })

  test('a compatibility level, an address of the registry or a reason to accept that does not exist is refused', () => {
    expect(problemsOf(kafka({ registry: { url: 'http://r', compatibility: 'STRICT' } }))).toContain('compatibility')
    expect(problemsOf(kafka({ registry: { url: 'r:8081' } }))).toContain('egress.kafka.registry.url')
    expect(problemsOf(() => loadConfig({ flags: { egress: { acceptProgress: ['all'] } } }))).toContain('acceptProgress')
  })

  test.each([
    ['esdb://user:pass-word@host:2113?tls=true', 'esdb://***@host:2113?tls=true'],
    ['esdb+discover://user:pass@word@host:2113', 'esdb+discover://***@host:2113'],
    ['esdb://user:pass/word@host:2113', 'esdb://***@host:2113'],
    ['esdb://user:pass?word@host:2113', 'esdb://***@host:2113'],
    ['esdb://host:2113?tls=true', 'esdb://host:2113?tls=true'],
  ])('an address is shown without its credentials, whatever they contain: %s', (address, shown) => {
    const config = loadConfig({ flags: { log: { eventstoredb: { connectionString: address } } } })
    const { log } = redacted(config) as { log: { eventstoredb: { connectionString: string } } }
    expect(log.eventstoredb.connectionString).toBe(shown)
  })

  test.each([
    ['bad indentation', 'ingress:\n  token: hush-hush-hush-hush\n bad: 1\n', 'line 3'],
    ['a duplicate key', 'ingress: { token: hush-hush-hush-hush, token: hush-hush-hush-hush }\n', 'line 1, column 40'],
    ['an open quote', 'ingress:\n  token: "hush-hush-hush-hush\n', 'line 3'],
    ['a tag', 'ingress:\n  token: !hush-hush-hush-hush [\n', 'line'],
    ['an alias without an anchor', 'ingress:\n  token: *hush-hush-hush-hush\n', 'not valid YAML'],
    ['JSON that is cut short', '{"ingress":{"token":"hush-hush-hush-hush"', 'line'],
  ])('an error in a file names the place and does not quote the text: %s', (_, text, place) => {
    const problems = problemsOf(() => loadConfig({ file: fileOf(text) }))
    expect(problems).toContain(place)
    expect(problems).toContain('is not valid YAML or JSON')
    expect(problems).not.toContain('hush')
  })

  test.each(['a: &a { b: *a }\n', 'a: &a [1, *a]\n', 'profile: &p { kpis: [*p] }\n'])(
    'an alias that refers to itself is refused: %s',
    (text) => {
      expect(problemsOf(() => loadConfig({ file: fileOf(text) }))).toContain('an alias refers to')
    },
  )

  test('an alias that occurs twice is no cycle', () => {
    const file = fileOf(
      'log: { eventstoredb: { connectionString: &x "esdb://h" } }\negress: { kafka: { clientId: *x } }\n',
    )
    expect(loadConfig({ file }).egress.kafka.clientId).toBe('esdb://h')
  })

  test.each(['sixteen characters here', 'tabulator\tsixteen', 'ümlaut-of-sixteen-characters', 'line-feed-sixteen\n'])(
    'a token that no Authorization header can carry is refused, and not printed: %j',
    (token) => {
      const problems = problemsOf(() => loadConfig({ flags: { ingress: { token } } }))
      expect(problems).toMatch(/ingress\.token: .*without blanks/)
      expect(problems).not.toContain('sixteen')
    },
  )

  test('secrets are redacted', () => {
    const config = loadConfig({
      env: {
        STREAMVANE_INGRESS__TOKEN: 'a-token-of-some-length',
        SCHEMA_REGISTRY_URL: 'http://r',
        STREAMVANE_EGRESS__KAFKA__REGISTRY__PASSWORD: 'hush-hush',
      },
    })
    expect(config.ingress.token?.read()).toBe('a-token-of-some-length')
    expect(JSON.stringify(redacted(config))).not.toMatch(/a-token-of-some-length|hush-hush/)
  })

  test('a profile file is checked like the profile of a configuration', () => {
    expect(loadProfile(fileOf('points: detail-events\nserviceLevel: { durationMs: 30000 }\n'))).toMatchObject({
      points: 'detail-events',
      intervalMs: 900_000,
      serviceLevel: { durationMs: 30_000, includeAbandons: true },
    })
    expect(problemsOf(() => loadProfile(fileOf('points: both\n')))).toContain('points')
  })
})
