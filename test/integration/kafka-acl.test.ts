import * as E from 'fp-ts/lib/Either.js'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } from 'kafkajs'
import { expect, test } from 'vitest'
import { findRuntime, startKafka } from '../../dev/local-kafka/runtime.mjs'
import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import { connect, write } from '../contracts/sink.contract.js'
import { batchAt } from '../egress/batches.js'
import { namedTopics } from '../egress/named-topics.js'

test('on a broker whose ACLs forbid the transactional id exactly-once is refused, and detect publishes at least once', async ({
  skip,
}) => {
  const runtime = await findRuntime({ ...process.env, KAFKA_BROKERS: '' })
  if (runtime.kind !== 'maven') skip(`a broker with an authorizer of one's own is needed, but ${runtime.why}`)
  const { brokers, stop } = await startKafka({
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
    },
  })
  try {
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const allow = (resourceName: string, principal: string, operation: AclOperationTypes) => ({
      ...{ resourceName, principal, operation, host: '*' },
      resourceType: AclResourceTypes.TRANSACTIONAL_ID,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      permissionType: AclPermissionTypes.ALLOW,
    })
    // Once somebody is named nobody else may: `none` not even be described by us, `described` not be used by us.
    const acl = [
      allow('none', 'User:somebody', AclOperationTypes.WRITE),
      allow('described', 'User:somebody', AclOperationTypes.WRITE),
      allow('described', 'User:ANONYMOUS', AclOperationTypes.DESCRIBE),
    ]
    await admin.createAcls({ acl })
    await admin.disconnect()
    for (const transactionalId of ['none', 'described']) {
      const named = namedTopics(transactionalId)
      await applyTopics({ brokers, ...named, partitions: 2, replicationFactor: 1 })
      const sinkOf = (delivery: 'exactly-once' | 'detect') =>
        kafkaSink({ brokers, tenant: 'acme', ...named, values: { format: 'json' }, transactionalId, delivery })
      expect(await connect(sinkOf('exactly-once'))).toMatchObject({
        left: {
          tag: 'Refused',
          reason: expect.stringMatching(/WRITE and DESCRIBE.*egress\.kafka\.delivery: at-least-once/),
        },
      })
      const sink = sinkOf('detect')
      expect(await connect(sink)).toEqual(E.right(undefined))
      expect(sink.delivery?.()).toBe('at-least-once')
      expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
      await sink.close()
    }
  } finally {
    await stop()
  }
}, 120_000)
