import { families, familyNames, type FamilyName } from '../../domain/family.js'
import { recordFullName, ROW_SCHEMA_VERSION } from '../../contract/schema/row-schema.js'
import {
  isStatementName,
  statementFullName,
  statementNames,
  statementSchema,
  type StatementName,
} from '../../contract/schema/completeness-schema.js'
import { NAME_RECORD, nameFullName, nameSchema } from '../../contract/schema/name-schema.js'
import { headerDocs } from './records/headers.js'
import { nameSubject, statementSubject, strategiesOf, subjectsOf } from './registry/subjects.js'
import type { SubjectStrategy } from './registry/subject-strategies.js'
import { markerTopicsOf, topicNames, type Markers, type TopicKey, type TopicRoute, type Topics } from '../topics.js'

export type AsyncApiOptions = Readonly<{
  topics: Topics
  families?: readonly FamilyName[]
  format: 'avro' | 'json'
  subjects?: SubjectStrategy | undefined
  brokers: readonly string[]
  registryUrl?: string | undefined
  markers?: Markers
  /** The topic of names; absent: they are not published. */
  namesTopic?: string | undefined
  /** The published Avro schema of a family's rows, of a marker or of a name; or a reference to it. */
  schemaOf: (name: FamilyName | StatementName | typeof NAME_RECORD) => object
}>

/**
 * An AsyncAPI 3.0 document of the topics: each with the records on it, their keys, headers and values. It describes
 * Streamvane, which sends; a consumer receives what is sent.
 */
export const asyncApi = (options: AsyncApiOptions): object => {
  const { topics, families: of = familyNames, format, brokers, registryUrl } = options
  const { markers = { kind: 'off' }, namesTopic } = options
  const names = [
    ...new Set([...topicNames(topics, of), ...of.flatMap((each) => markerTopicsOf(markers, topics, each))]),
    ...(namesTopic === undefined ? [] : [namesTopic]),
  ]
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Streamvane: interval KPIs of a contact centre',
      version: `${ROW_SCHEMA_VERSION}.0.0`,
      description:
        'Rows of interval KPIs, computed from raw Genesys Cloud events. Each record states one row anew. Read with isolation.level=read_committed; docs/contracts.md says what the records mean and what will not change.',
    },
    defaultContentType: contentTypes[format],
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
    channels: Object.fromEntries(
      names.map((topic) => [
        idOf(topic),
        topic === namesTopic ? namesChannel(topic, options) : channelOf(topic, options, of, markers),
      ]),
    ),
    operations: Object.fromEntries(
      names.map((topic) => [
        `send-${idOf(topic)}`,
        {
          action: 'send',
          channel: { $ref: `#/channels/${idOf(topic)}` },
          summary: 'Streamvane publishes records, and the progress that they mean, in one transaction.',
        },
      ]),
    ),
    components: {
      messageTraits: { record: { headers: headersSchema } },
      schemas: Object.fromEntries(
        [
          ...of,
          ...(markers.kind === 'off' ? [] : statementNames),
          ...(namesTopic === undefined ? [] : ([NAME_RECORD] as const)),
        ].map((name) => [
          fullNameOf(name),
          { schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: options.schemaOf(name) },
        ]),
      ),
    },
  }
}

const routesTo = (topic: string, topics: Topics, of: readonly FamilyName[]): readonly [FamilyName, TopicRoute][] =>
  of.flatMap((family) =>
    topics[family].filter((route) => route.topic === topic).map((route): [FamilyName, TopicRoute] => [family, route]),
  )

const channelOf = (topic: string, options: AsyncApiOptions, of: readonly FamilyName[], markers: Markers): object => {
  const routes = routesTo(topic, options.topics, of)
  const hasMarkers = of.some((family) => markerTopicsOf(markers, options.topics, family).includes(topic))
  return {
    address: topic,
    description: [
      ...new Set(routes.map(([, route]) => contentsText(route))),
      ...(hasMarkers ? ['A marker when an interval is complete, and one when a generation is.'] : []),
    ].join(' '),
    messages: Object.fromEntries([
      ...routes.map(([family, route]) => [families[family].record, rowMessage(family, route, options)] as const),
      ...(hasMarkers ? statementNames : []).map(
        (name) => [shortName(statementFullName(name)), markerMessage(name, topic, options)] as const,
      ),
    ]),
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

const rowMessage = (family: FamilyName, route: TopicRoute, options: AsyncApiOptions): object =>
  messageOf(options.format, {
    name: recordFullName(family),
    title: `A row of ${family}`,
    summary: families[family].doc,
    key: keyText(family, route.key),
    subject: subjectsOf(options.topics, options.subjects)(route.topic, family),
    strategy: strategiesOf(options.topics, options.subjects)(route.topic),
  })

const markerMessage = (name: StatementName, topic: string, { format }: AsyncApiOptions): object =>
  messageOf(format, {
    name: statementFullName(name),
    title: `A marker: ${name}`,
    summary: String(statementSchema(name)['doc']),
    key: name === 'interval-complete' ? 'Family and granularity, with a slash between.' : 'The family.',
    subject: statementSubject(topic, name),
    strategy: 'TopicRecordNameStrategy',
  })

const namesChannel = (topic: string, { format, subjects }: AsyncApiOptions): object => ({
  address: topic,
  description:
    'What Genesys Cloud calls queues, users and so on: the last record of each key counts; a record without value (a tombstone) when the object was deleted or its name was erased.',
  messages: {
    [shortName(nameFullName)]: messageOf(format, {
      name: nameFullName,
      title: 'The name of an object',
      summary: String(nameSchema['doc']),
      key: 'Kind and id of the object, with a slash between.',
      subject: nameSubject(topic, subjects).subject,
      strategy: subjects ?? 'TopicNameStrategy',
    }),
  },
})

const fullNameOf = (name: FamilyName | StatementName | typeof NAME_RECORD): string =>
  name === NAME_RECORD ? nameFullName : isStatementName(name) ? statementFullName(name) : recordFullName(name)

type Message = Readonly<{
  name: string
  title: string
  summary: string
  key: string
  subject: string
  strategy: SubjectStrategy
}>

const messageOf = (
  format: AsyncApiOptions['format'],
  { name, title, summary, key, subject, strategy }: Message,
): object => ({
  name,
  title,
  summary,
  description:
    format === 'avro'
      ? `Confluent's wire format, subject ${subject}.`
      : 'JSON with the fields of the Avro schema: instants as ISO 8601 in UTC, and what has no value left out.',
  contentType: contentTypes[format],
  traits: [{ $ref: '#/components/messageTraits/record' }],
  payload: { $ref: `#/components/schemas/${name}` },
  bindings: {
    kafka: {
      key: { type: 'string', description: key },
      ...(format === 'avro' && {
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        schemaLookupStrategy: strategy,
      }),
    },
  },
})

const contentTypes = { avro: 'application/avro', json: 'application/json' } as const

const shortName = (fullName: string): string => fullName.slice(fullName.lastIndexOf('.') + 1)

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
