import { families, familyNames, type FamilyName } from '../../domain/family.js'
import { recordFullName, ROW_SCHEMA_VERSION } from '../../contract/schema/row-schema.js'
import { headerDocs } from './records/headers.js'
import { strategiesOf, subjectsOf, type SubjectStrategy } from './registry/subjects.js'
import { topicNames, type TopicKey, type TopicRoute, type Topics } from '../topics.js'

export type AsyncApiOptions = Readonly<{
  topics: Topics
  families?: readonly FamilyName[]
  format: 'avro' | 'json'
  subjects?: SubjectStrategy | undefined
  brokers: readonly string[]
  registryUrl?: string | undefined
  /** The Avro schema of a family, or a reference to it. */
  schemaOf: (family: FamilyName) => object
}>

/**
 * An AsyncAPI 3.0 document of the topics: each with the records on it, their keys, headers and values. It describes
 * Streamvane, which sends; a consumer receives what is sent.
 */
export const asyncApi = (options: AsyncApiOptions): object => {
  const { topics, families: of = familyNames, format, brokers, registryUrl } = options
  const names = topicNames(topics, of)
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Streamvane: interval KPIs of a contact centre',
      version: `${ROW_SCHEMA_VERSION}.0.0`,
      description:
        'Rows of interval KPIs, computed from raw Genesys Cloud events. Each record states one row anew. Read with isolation.level=read_committed; docs/contracts.md says what the records mean and what will not change.',
    },
    defaultContentType: format === 'avro' ? 'application/avro' : 'application/json',
    servers: Object.fromEntries(
      brokers.map((host, index) => [
        `broker${index + 1}`,
        {
          host,
          protocol: 'kafka',
          ...(registryUrl !== undefined &&
            format === 'avro' && {
              bindings: { kafka: { schemaRegistryUrl: registryUrl, schemaRegistryVendor: 'confluent' } },
            }),
        },
      ]),
    ),
    channels: Object.fromEntries(names.map((topic) => [idOf(topic), channelOf(topic, options, of)])),
    operations: Object.fromEntries(
      names.map((topic) => [
        `send-${idOf(topic)}`,
        {
          action: 'send',
          channel: { $ref: `#/channels/${idOf(topic)}` },
          summary: 'Streamvane publishes rows, and the progress that they mean, in one transaction.',
        },
      ]),
    ),
    components: {
      messageTraits: { row: { headers: headersSchema } },
      schemas: Object.fromEntries(
        of.map((family) => [
          recordFullName(family),
          { schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: options.schemaOf(family) },
        ]),
      ),
    },
  }
}

const routesTo = (topic: string, topics: Topics, of: readonly FamilyName[]): readonly [FamilyName, TopicRoute][] =>
  of.flatMap((family) =>
    topics[family].filter((route) => route.topic === topic).map((route): [FamilyName, TopicRoute] => [family, route]),
  )

const channelOf = (topic: string, options: AsyncApiOptions, of: readonly FamilyName[]): object => {
  const routes = routesTo(topic, options.topics, of)
  return {
    address: topic,
    description: [...new Set(routes.map(([, route]) => contentsText(route)))].join(' '),
    messages: Object.fromEntries(
      routes.map(([family, route]) => [families[family].record, messageOf(family, route, options)]),
    ),
  }
}

const contentsText = ({ records, key }: TopicRoute): string => {
  switch (records) {
    case 'all':
      return 'Each revision of each row, as it is published, and replays.'
    case 'latest':
      return key === 'row'
        ? 'The latest state of each row, for compaction; no replays.'
        : 'The latest row by key, for compaction: no replays, no corrections of earlier intervals, and a record without value (a tombstone) when the queue or agent was deleted.'
  }
}

const messageOf = (family: FamilyName, route: TopicRoute, options: AsyncApiOptions): object => {
  const { topics, subjects, format } = options
  const isAvro = format === 'avro'
  const name = recordFullName(family)
  return {
    name,
    title: `A row of ${family}`,
    summary: families[family].doc,
    contentType: isAvro ? 'application/avro' : 'application/json',
    traits: [{ $ref: '#/components/messageTraits/row' }],
    payload: { $ref: `#/components/schemas/${name}` },
    ...(isAvro
      ? { description: `Confluent's wire format, subject ${subjectsOf(topics, subjects)(route.topic, family)}.` }
      : {
          description:
            'JSON with the fields of the Avro schema: instants as ISO 8601 in UTC, and what has no value left out.',
        }),
    bindings: {
      kafka: {
        key: { type: 'string', description: keyText(family, route.key) },
        ...(isAvro && {
          schemaIdLocation: 'payload',
          schemaIdPayloadEncoding: 'confluent',
          schemaLookupStrategy: strategiesOf(topics, subjects)(route.topic),
        }),
      },
    },
  }
}

const keyText = (family: FamilyName, key: TopicKey): string => {
  switch (key) {
    case 'entity':
      return `${families[family].key} of the row.`
    case 'series':
      return 'The row key without the start of the interval.'
    case 'row':
      return 'The row key.'
  }
}

const headersSchema = {
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(headerDocs).map(([name, { doc, readers, only }]) => [
      name,
      { type: 'string', description: `${doc}${only === undefined ? '' : ` Only ${only}.`} Read by ${readers}.` },
    ]),
  ),
  required: Object.entries(headerDocs).flatMap(([name, { only }]) => (only === undefined ? [name] : [])),
}

/** Keys of AsyncAPI's maps may not hold dots. */
const idOf = (topic: string): string => topic.replace(/\./g, '-')
