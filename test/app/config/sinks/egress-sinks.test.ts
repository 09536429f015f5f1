import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sinkSettings } from '../../../../src/app/config/sinks/egress-sinks.js'
import { loadConfig } from '../../../../src/app/config/load.js'
import { periodMs } from '../../../../src/app/config/period.js'
import { runProblems } from '../../../../src/app/config/runnable.js'

const kafka = { brokers: ['a:1'], format: 'json', clientId: 'us', transactionalId: 'id-of-the-short-form' }
const loaded = (egress: object) => loadConfig({ flags: { egress } })
const sinksIn = (egress: object) => sinkSettings(loaded(egress).egress)
const problemOf = (egress: object): string => {
  try {
    loaded(egress)
    return 'none'
  } catch (cause) {
    return (cause as Error).message
  }
}

const documented = readFileSync(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8')
const examples = [...documented.matchAll(/^```yaml\n(egress:[^`]*)```/gm)].map(([, text = '']) => text)

test('the examples of the document can be run', () => {
  expect(examples).toHaveLength(3)
  for (const example of examples) {
    const folder = mkdtempSync(join(tmpdir(), 'streamvane-examples-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const [secret, file] = [join(folder, 'secret'), join(folder, 'streamvane.yaml')]
    writeFileSync(secret, 'a password')
    writeFileSync(file, example.replace('/run/secrets/partner', secret))
    const config = loadConfig({ file })
    expect(runProblems(config, ['projector', 'egress'])).toEqual([])
    expect(sinkSettings(config.egress)).toHaveLength(2)
  }
})

describe('the list of sinks', () => {
  test('gives each its name, filter and cadence; what is left out is everything, as it comes', () => {
    const settings = sinksIn({
      kafka,
      sinks: [
        { name: 'live', use: 'kafka' },
        { name: 'warehouse', use: 'kafka', families: ['queue'], granularities: ['PT1H'], mode: { every: 'PT5M' } },
        { name: 'archive', use: 'files', mode: 'at-close' },
        { name: 'settled', use: 'files', only: 'final', mode: { every: 'P1D' } },
      ],
    })
    expect(settings.map(({ name, use, filter, cadence }) => ({ name, use, filter, cadence }))).toEqual([
      { name: 'live', use: 'kafka', filter: {}, cadence: { kind: 'streaming' } },
      {
        name: 'warehouse',
        use: 'kafka',
        filter: { families: ['queue'], granularities: ['PT1H'] },
        cadence: { kind: 'every', ms: 300_000 },
      },
      { name: 'archive', use: 'files', filter: { only: 'final' }, cadence: { kind: 'streaming' } },
      { name: 'settled', use: 'files', filter: { only: 'final' }, cadence: { kind: 'every', ms: 86_400_000 } },
    ])
  })

  test('an entry takes what it leaves out from egress.kafka or egress.files, but not what names its progress', () => {
    const [near, own, files] = sinksIn({
      kafka,
      files: { formats: ['avro'], dir: '/there' },
      sinks: [
        { name: 'near', use: 'kafka', format: 'json', partitions: 3 },
        { name: 'own', use: 'kafka', clientId: 'them', transactionalId: 'mine' },
        { name: 'archive', use: 'files' },
      ],
    })
    expect(near).toMatchObject({ settings: { brokers: ['a:1'], clientId: 'us', partitions: 3 } })
    expect(near).not.toHaveProperty('settings.transactionalId')
    expect(own).toMatchObject({ settings: { brokers: ['a:1'], clientId: 'them', transactionalId: 'mine' } })
    expect(files).toMatchObject({ settings: { formats: ['avro'] } })
    expect(files).not.toHaveProperty('settings.dir')
  })

  test('an entry that names brokers of its own takes nothing: no password goes to another cluster', () => {
    const sasl = { mechanism: 'plain', username: 'u', password: 'secret-of-a' }
    const [other] = sinksIn({
      kafka: { ...kafka, ssl: true, sasl },
      sinks: [{ name: 'other', use: 'kafka', brokers: ['b:1'], format: 'json' }],
    })
    expect(other).toMatchObject({ settings: { brokers: ['b:1'] } })
    expect(other).not.toHaveProperty('settings.sasl')
  })

  test.each<readonly [string, object]>([
    ['egress.sink is the short form', { kafka, sink: 'files', sinks: [{ name: 'a', use: 'files' }] }],
    [
      'another sink is named a',
      {
        sinks: [
          { name: 'a', use: 'files' },
          { name: 'a', use: 'files', dir: '/b' },
        ],
      },
    ],
    [
      'egress.sinks.1.dir: it is the folder of a',
      {
        sinks: [
          { name: 'a', use: 'files', dir: '/x' },
          { name: 'b', use: 'files', dir: '/x/' },
        ],
      },
    ],
    [
      'egress.sinks.1.transactionalId: it is that of a',
      {
        kafka,
        sinks: [
          { name: 'a', use: 'kafka', transactionalId: 't' },
          { name: 'b', use: 'kafka', transactionalId: 't' },
        ],
      },
    ],
    ['egress.sinks.0.brokers', { sinks: [{ name: 'a', use: 'kafka' }] }],
    ['egress.sinks.0.name: this name belongs to replays', { sinks: [{ name: 'replay', use: 'files' }] }],
    ['egress.sinks.0.mode', { sinks: [{ name: 'a', use: 'files', mode: { every: '5 minutes' } }] }],
    ['egress.sinks.0.families', { sinks: [{ name: 'a', use: 'files', families: ['queues'] }] }],
    ['egress.sinks.0: Unrecognized key: "brokers"', { sinks: [{ name: 'a', use: 'files', brokers: ['a:1'] }] }],
  ])('%s: refused with its key', (problem, egress) => {
    expect(problemOf(egress)).toContain(problem)
  })

  test('two sinks that publish the same rows to one topic cannot be run; with other families or topics they can', () => {
    const problems = (second: object) =>
      runProblems(
        loaded({
          kafka,
          sinks: [
            { name: 'a', use: 'kafka', families: ['queue', 'agent'] },
            { name: 'b', use: 'kafka', ...second },
          ],
        }),
        [],
      )
    expect(problems({})).toEqual([
      expect.stringContaining('a and b publish the same rows to genesys.queue-metrics'),
      expect.stringContaining('a and b publish the same rows to genesys.agent-metrics'),
    ])
    expect(problems({ families: ['agent-state'] })).toEqual([])
    expect(problems({ topics: { queue: 'q2', agent: 'a2' } })).toEqual([])
    expect(problems({ brokers: ['b:1'], format: 'json' })).toEqual([])
  })

  test('two sinks that publish markers of the same intervals to one topic cannot be run', () => {
    const problems = (second: object) =>
      runProblems(
        loaded({
          kafka: { ...kafka, markers: 'topic' },
          sinks: [
            { name: 'a', use: 'kafka', families: ['queue', 'agent'] },
            { name: 'b', use: 'kafka', topics: { queue: 'q2', agent: 'a2' }, ...second },
          ],
        }),
        [],
      )
    expect(problems({})).toEqual([
      expect.stringContaining('a and b publish markers of the same intervals to genesys.interval-complete'),
    ])
    expect(problems({ markersTopic: 'markers2' })).toEqual([])
    expect(problems({ markers: 'inline' })).toEqual([])
    expect(problems({ families: ['agent-state'] })).toEqual([])
  })
})

test.each<readonly [string, number | undefined]>([
  ['PT5M', 300_000],
  ['PT1H30M', 5_400_000],
  ['PT90S', 90_000],
  ['P7D', 604_800_000],
  ['P8D', undefined],
  ['PT0S', undefined],
  ['PT', undefined],
  ['P', undefined],
  ['5M', undefined],
])('the period %s is %j ms', (text, ms) => {
  expect(periodMs(text)).toBe(ms)
})
