import specs from '@asyncapi/specs'
import { Ajv } from 'ajv'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { familyNames, families } from '../../../src/domain/family.js'
import { isStatementName } from '../../../src/contract/schema/completeness-schema.js'
import { contractSchema } from '../../../src/contract/schema/contract-schemas.js'
import { contractName } from '../../../src/contract/schema/row-schema.js'
import { NAME_RECORD } from '../../../src/contract/schema/name-schema.js'
import { asyncApi, type AsyncApiOptions } from '../../../src/egress/kafka/asyncapi.js'
import { recordHeaders } from '../../../src/egress/kafka/records/headers.js'
import {
  defaultMarkersTopic,
  defaultNamesTopic,
  defaultTopics,
  sharedTopics,
  timeSeries,
  type Topics,
} from '../../../src/egress/topics.js'
import { queueRow, sinkRecord } from '../../contract/some-rows.js'

const FILE = join(import.meta.dirname, '../../../docs/asyncapi.yaml')

/** The schema brings the meta-schema of JSON Schema along. */
const OWN_META = { meta: false, validateSchema: false } as const
const validate = new Ajv({ strict: false, validateFormats: false, ...OWN_META }).compile(
  specs.schemas['3.0.0'] as object,
)

/** What the official JSON Schema of AsyncAPI 3.0 finds wrong, and references that lead nowhere. */
const faultsOf = (document: object): readonly string[] => {
  const faults = validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, path]) => path as string)
  return [...faults, ...references.filter((path) => !leadsSomewhere(document, path))]
}

const leadsSomewhere = (document: object, path: string): boolean =>
  path.startsWith('#/')
    ? path
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document) !== undefined
    : existsSync(join(dirname(FILE), path))

const ownTopic = { kind: 'topic', name: defaultMarkersTopic } as const

const documentOf = (topics: Topics, more: Partial<AsyncApiOptions> = {}) =>
  asyncApi({
    topics,
    format: 'avro',
    brokers: ['b:9092'],
    schemaOf: (name) => contractSchema(name).published,
    ...more,
  }) as Readonly<{
    channels: Readonly<Record<string, { address: string; messages: Record<string, { bindings: { kafka: object } }> }>>
    components: { messageTraits: { record: { headers: { properties: object; required: string[] } } } }
  }>

test('docs/asyncapi.yaml is that of the default topics, and valid AsyncAPI 3.0', () => {
  const written = parse(readFileSync(FILE, 'utf8')) as object
  expect(written, 'run `npx tsx dev/write-asyncapi.ts`').toEqual(
    documentOf(defaultTopics, {
      brokers: ['broker.example:9092'],
      markers: ownTopic,
      namesTopic: defaultNamesTopic,
      schemaOf: (name) => ({
        $ref: `../schemas/avro/${isStatementName(name) || name === NAME_RECORD ? name : contractName(name)}.avsc`,
      }),
    }),
  )
  expect(faultsOf(written)).toEqual([])
})

describe('the AsyncAPI document', () => {
  const queue = [timeSeries('series'), { topic: 'latest', key: 'series', records: 'latest' } as const]
  test.each<[string, Topics, Partial<AsyncApiOptions>]>([
    ['of the default topics with the schemas in it', defaultTopics, { registryUrl: 'http://registry:8081' }],
    ['of one topic for all families', sharedTopics([timeSeries('all')]), {}],
    ['of several topics of a family', { ...defaultTopics, queue }, { subjects: 'TopicRecordNameStrategy' }],
    ['with markers on a topic of their own', defaultTopics, { markers: ownTopic }],
    ['with names', defaultTopics, { namesTopic: 'names' }],
    ['with markers among the rows', defaultTopics, { markers: { kind: 'inline' } }],
    ['of JSON without a broker', defaultTopics, { format: 'json', brokers: [] }],
  ])('%s is valid', (_, topics, more) => {
    expect(faultsOf(documentOf(topics, more))).toEqual([])
  })

  test('says a channel for each topic, a message for each family on it, and its key', () => {
    const { channels } = documentOf({ ...defaultTopics, queue }, { families: ['queue'] })
    expect(Object.values(channels).map(({ address }) => address)).toEqual(['series', 'latest'])
    expect(channels['latest']?.messages['QueueMetrics']?.bindings.kafka).toMatchObject({
      key: { description: 'The row key without the start of the interval.' },
      schemaLookupStrategy: 'TopicNameStrategy',
    })
    const all = documentOf(sharedTopics([timeSeries('all')])).channels['all']
    expect(Object.keys(all?.messages ?? {})).toEqual(familyNames.map((family) => families[family].record))
  })

  test('names the headers that records have, and no other', () => {
    const { properties, required } = documentOf(defaultTopics).components.messageTraits.record.headers
    const headers = (replay: boolean, delivery: 'exactly-once' | 'at-least-once') =>
      Object.keys(recordHeaders(sinkRecord(queueRow({}), { replay }), 'application/avro', delivery)).sort()
    expect(headers(false, 'exactly-once')).toEqual(expect.arrayContaining(required))
    expect(headers(true, 'at-least-once')).toEqual(Object.keys(properties).sort())
  })

  test('that is wrong is found out', () => {
    const wrong = documentOf(defaultTopics)
    expect(faultsOf({ ...wrong, operations: { x: { action: 'shout' } } })).not.toEqual([])
    expect(faultsOf({ ...wrong, components: {} })).not.toEqual([])
  })
})
