import { describe, expect, test } from 'vitest'
import { loadConfig, redacted } from '../../../../src/app/config/load.js'
import { runProblems } from '../../../../src/app/config/runnable.js'
import { sourceSettings } from '../../../../src/app/config/sources/sources-schema.js'

const loaded = (settings: object, env = {}) => loadConfig({ flags: { ...settings }, env })
const problemOf = (settings: object): string => {
  try {
    loaded(settings)
    return 'none'
  } catch (cause) {
    return (cause as Error).message
  }
}
const topic = { name: 'partner', use: 'kafka', brokers: ['a:1'], topics: ['raw'] }

describe('the list of sources', () => {
  test('names each with its kind, its settings and where they stand; without it there is none', () => {
    expect(sourceSettings(loaded({}).sources)).toEqual([])
    expect(sourceSettings(loaded({ sources: [topic] }).sources)).toMatchObject([
      { name: 'partner', use: 'kafka', path: 'sources.0', settings: { topics: ['raw'], from: 'earliest' } },
    ])
  })

  test('takes the connection of a Kafka topic as the egress does: presets, TLS, SASL by reference', () => {
    const sasl = { username: 'key', password: { env: 'PARTNER_PASSWORD' } }
    const config = loaded(
      { sources: [{ ...topic, preset: 'confluent-cloud', brokers: ['pkc-1.confluent.cloud:9092'], sasl }] },
      { PARTNER_PASSWORD: 'not-to-be-shown' },
    )
    expect(config.sources[0]).toMatchObject({ ssl: true, sasl: { mechanism: 'plain', username: 'key' } })
    expect(JSON.stringify(redacted(config))).not.toContain('not-to-be-shown')
  })

  test.each<readonly [string, readonly object[]]>([
    ['sources.0.use: there is no kind of source "kafak"; there are', [{ ...topic, use: 'kafak' }]],
    ['sources.0.use: use is missing', [{ name: 'partner' }]],
    ['sources.0.topics', [{ ...topic, topics: [] }]],
    ['sources.0.brokers: no broker is named', [{ ...topic, brokers: [] }]],
    ['sources.0.name: this name belongs to the HTTP ingress', [{ ...topic, name: 'http' }]],
    ['sources.1.name: another source is named partner', [topic, topic]],
    ['sources.0: Unrecognized key: "topic"', [{ ...topic, topic: 'raw' }]],
    ['sources.0.ssl: Event Hubs takes connections with TLS only', [{ ...topic, preset: 'event-hubs', ssl: false }]],
  ])('%s: refused with its key', (problem, sources) => {
    expect(problemOf({ sources })).toContain(problem)
  })

  test('an ingress without HTTP and without sources cannot be run', () => {
    const problems = (settings: object) =>
      runProblems(loaded({ ingress: { enabled: false }, ...settings }), ['ingress'])
    expect(problems({})).toEqual([expect.stringContaining('ingress.enabled: nothing would take events in')])
    expect(problems({ sources: [topic] })).toEqual([])
  })
})
