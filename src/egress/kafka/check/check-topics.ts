import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import type { RawRequests } from '../kafkajs-internals.js'
import { protocolErrorName } from '../kafkajs-internals.js'
import { METADATA_API_KEY, METADATA_VERSION, metadataRequest, readMetadataResponse } from '../protocol/metadata-v10.js'
import type { ClusterMetadata, TopicMetadata } from '../protocol/metadata-v10.js'
import { compareTopic, type WantedTopic } from '../topic-admin.js'
import { grant, type Finding } from './finding.js'

export type As = Readonly<{ brokers: readonly string[]; principal: string }>

/** What the brokers say of themselves and of these topics, with the rights of this user on them. */
export const askMetadata = async (raw: RawRequests, topics: readonly string[]): Promise<ClusterMetadata> => {
  const request = { apiKey: METADATA_API_KEY, apiVersion: METADATA_VERSION, apiName: 'Metadata' }
  return readMetadataResponse(await raw.send({ ...request, body: metadataRequest(topics, true) }))
}

/** Kafka's codes of operations. */
const OPERATIONS = { Read: 3, Write: 4, Describe: 8 } as const
type Operation = keyof typeof OPERATIONS

const NOT_AUTHORIZED = 29

/** Whether a topic is there, is as wanted, and gives this user the rights that publishing needs. */
export const checkTopic = async (
  admin: Admin,
  metadata: ClusterMetadata,
  wanted: WantedTopic,
  rights: readonly Operation[],
  as: As,
): Promise<readonly Finding[]> => {
  const what = `topic ${wanted.topic}`
  const found = metadata.topics.get(wanted.topic)
  if (found === undefined) return [{ what, state: 'differs', says: 'does not exist', mend: 'streamvane topics apply' }]
  const missing = missingRights(found, rights)
  if (missing.length > 0)
    return missing.map((operation) => ({
      what,
      state: 'lacks',
      says: `${as.principal} may not ${operation.toLowerCase()} it`,
      mend: grant(as, operation, ['--topic', wanted.topic]),
    }))
  return [await checkSettings(admin, wanted, rights)]
}

/** Without the right to describe a topic, the broker tells nothing else about it. */
const missingRights = ({ error, operations }: TopicMetadata, rights: readonly Operation[]): readonly Operation[] =>
  error === NOT_AUTHORIZED ? rights : rights.filter((right) => (operations & (1 << OPERATIONS[right])) === 0)

const checkSettings = async (admin: Admin, wanted: WantedTopic, rights: readonly Operation[]): Promise<Finding> => {
  const what = `topic ${wanted.topic}`
  const may = `may ${rights.map((right) => right.toLowerCase()).join(', ')}`
  try {
    const step = await compareTopic(admin, wanted)
    const limits = await describedLimits(admin, wanted.topic)
    if (step.kind === 'differs') return { what, state: 'differs', says: [may, ...step.differences, limits].join('; ') }
    const { 'cleanup.policy': cleanup, 'retention.ms': retention } = wanted.config
    const kept = retention === undefined ? [] : [`retention.ms ${retention}`]
    return { what, state: 'ok', says: [may, `cleanup.policy ${cleanup}`, ...kept, limits].join('; ') }
  } catch (cause) {
    if (protocolErrorName(cause) !== 'TOPIC_AUTHORIZATION_FAILED') throw cause
    return { what, state: 'note', says: `${may}; its settings cannot be compared without DescribeConfigs` }
  }
}

const LIMITS = ['min.insync.replicas', 'max.message.bytes']

/** What bounds writing to a topic, for people to read. */
const describedLimits = async (admin: Admin, topic: string): Promise<string> => {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: LIMITS }],
  })
  const values = new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]))
  return LIMITS.map((name) => `${name} ${values.get(name) ?? 'unknown'}`).join(', ')
}
