import * as E from 'fp-ts/lib/Either.js'
import { kafkaClient } from '../connection.js'
import { rawRequests, type RawRequests } from '../kafkajs-internals.js'
import type { DeliverySetting, KafkaAddress, RegistryOptions } from '../options.js'
import { METADATA_API_KEY, METADATA_VERSION } from '../protocol/metadata-v10.js'
import { checkSubjects } from '../registry/schema-check.js'
import type { SubjectSchema } from '../registry/subjects.js'
import { withAdmin, type WantedTopic } from '../topic-admin.js'
import { failureText } from '../../sink.js'
import { checkIdempotence, checkTransactions } from './check-producer.js'
import { askMetadata, checkTopic, type As } from './check-topics.js'
import type { Finding } from './finding.js'

export type ConnectionCheck = Readonly<{
  address: KafkaAddress
  /** As whom the broker knows us. */
  principal: () => Promise<string>
  /** The topics of rows, and the one of progress records. */
  topics: readonly WantedTopic[]
  progressTopic: string
  transactionalId: string
  delivery: DeliverySetting
  /** Where values are Avro. */
  schemas?: Readonly<{ registry: RegistryOptions; wanted: readonly SubjectSchema[] }>
}>

const RETRIES = 2

/**
 * What a connection may and may not do, before anything is published. Nothing is written to a topic, registered or
 * created, and an egress that runs is not disturbed. Throws `TopicsRefused` where the cluster does not let us in, and
 * `TopicsFailed` where it does not answer.
 */
export const checkConnection = (check: ConnectionCheck): Promise<readonly Finding[]> => {
  const address = { ...check.address, retries: RETRIES }
  return withAdmin(address, async (admin) => {
    const raw = await rawRequests(kafkaClient(address), address)
    try {
      const as: As = { brokers: address.brokers, principal: await check.principal() }
      const { apiKey, minVersion, maxVersion } = await metadataVersions(raw)
      if (minVersion > METADATA_VERSION || maxVersion < METADATA_VERSION)
        return [
          {
            what: 'cluster',
            state: 'lacks',
            says: `it offers versions ${minVersion} to ${maxVersion} of API ${apiKey}; this check needs Kafka 2.8 or later`,
          },
        ]
      const metadata = await askMetadata(
        raw,
        check.topics.map(({ topic }) => topic),
      )
      const findings: Finding[] = [
        {
          what: 'cluster',
          state: 'ok',
          says: `${metadata.clusterId ?? 'without an id'}, ${metadata.brokers} ${metadata.brokers === 1 ? 'broker' : 'brokers'}; we are ${as.principal}`,
        },
      ]
      for (const wanted of check.topics) {
        const rights = wanted.topic === check.progressTopic ? (['Read', 'Write'] as const) : (['Write'] as const)
        findings.push(...(await checkTopic(admin, metadata, wanted, rights, as)))
      }
      findings.push(...(await checkDelivery(raw, check, as)))
      if (check.schemas !== undefined) findings.push(...(await checkSchemas(check.schemas)))
      return findings
    } finally {
      await raw.close().catch(() => {})
    }
  })
}

const metadataVersions = async (raw: RawRequests) => ({
  apiKey: METADATA_API_KEY,
  ...((await raw.versions())[METADATA_API_KEY] ?? { minVersion: 0, maxVersion: 0 }),
})

const checkDelivery = async (
  raw: RawRequests,
  { delivery, transactionalId }: ConnectionCheck,
  as: As,
): Promise<readonly Finding[]> => {
  const idempotence = await checkIdempotence(raw, as)
  if (delivery === 'at-least-once')
    return [idempotence, { what: 'delivery', state: 'ok', says: 'at least once, as egress.kafka.delivery says' }]
  const transactions = await checkTransactions(raw, transactionalId, as, delivery === 'detect' ? 'note' : 'lacks')
  const may = transactions.state === 'ok'
  const says = may
    ? 'exactly once'
    : delivery === 'detect'
      ? 'at least once, because transactions are not to be had; rows may come again after a failure, with the same identity'
      : 'none: exactly once needs transactions (egress.kafka.delivery: detect would publish at least once)'
  return [idempotence, transactions, { what: 'delivery', state: may || delivery === 'detect' ? 'ok' : 'lacks', says }]
}

/** Registering is not tried: a schema that is registered cannot be taken back. */
const checkSchemas = async ({
  registry,
  wanted,
}: NonNullable<ConnectionCheck['schemas']>): Promise<readonly Finding[]> => {
  const checked = await checkSubjects(registry, wanted)
  if (E.isLeft(checked)) return [{ what: 'schema registry', state: 'lacks', says: failureText(checked.left) }]
  return checked.right.map(({ subject, id, problems }): Finding => {
    const what = `subject ${subject}`
    if (problems.length > 0) return { what, state: 'lacks', says: problems.join('; ') }
    if (id !== undefined) return { what, state: 'ok', says: `registered as ${id}` }
    return registry.autoRegister === true
      ? { what, state: 'note', says: 'not registered; the egress registers it' }
      : { what, state: 'differs', says: 'not registered', mend: 'streamvane schemas register' }
  })
}
