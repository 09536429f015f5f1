import kafkajs from 'kafkajs'
import type { AclEntry, AclOperationTypes, AclResourceTypes, Admin } from 'kafkajs'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkConnection, type ConnectionCheck } from '../../../src/egress/kafka/check/check-connection.js'
import type { Finding } from '../../../src/egress/kafka/check/finding.js'
import { kafkaAddress } from '../../../src/egress/kafka/connection.js'
import { transactionalIdOf, type DeliverySetting } from '../../../src/egress/kafka/options.js'
import { kafkaSink } from '../../../src/egress/kafka/sink.js'
import { applyTopics, wantedTopics } from '../../../src/egress/kafka/topic-admin.js'
import { Secret } from '../../../src/credentials/secret.js'
import { batchAt } from '../../egress/batches.js'
import { namedTopics } from '../../egress/named-topics.js'
import { freshName } from '../../support/kafka.js'
import type { SecureBroker } from '../../support/secure-kafka/secure-broker.js'

const { AclOperationTypes: OPERATION, AclResourceTypes: RESOURCE } = kafkajs
const USER = 'User:limited'

export const rightsSuite = (started: () => SecureBroker) =>
  describe('topics check of a user with ACLs', () => {
    const named = namedTopics(freshName('rights'))
    const [aTopic = ''] = wantedTopics({ brokers: [], ...named }).map(({ topic }) => topic)
    const tenant = freshName('acme').toLowerCase()
    const transactionalId = transactionalIdOf({ tenant })
    let admin: Admin

    const address = () =>
      kafkaAddress({
        brokers: [started().at('SASL')],
        tls: { caFile: started().authority.caFile },
        sasl: {
          mechanism: 'scram-sha-512',
          username: 'limited',
          password: Secret.literal(started().passwordOf('limited')),
        },
      })
    const check = (more: Partial<ConnectionCheck> = {}): Promise<readonly Finding[]> =>
      checkConnection({
        address: address(),
        principal: async () => USER,
        topics: wantedTopics({ ...address(), ...named, partitions: 3, replicationFactor: 1 }),
        progressTopic: named.progressTopic,
        transactionalId,
        delivery: 'exactly-once',
        ...more,
      })

    const right = (resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes): AclEntry => ({
      ...{ resourceType, resourceName, operation, principal: USER, host: '*' },
      ...{
        resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
        permissionType: kafkajs.AclPermissionTypes.ALLOW,
      },
    })
    /** Without the right to describe the settings of topics, which publishing does not need. */
    const leastRights = (): readonly AclEntry[] => [
      ...wantedTopics({ brokers: [], ...named }).map(({ topic }) => right(RESOURCE.TOPIC, topic, OPERATION.WRITE)),
      right(RESOURCE.TOPIC, named.progressTopic, OPERATION.READ),
      right(RESOURCE.TRANSACTIONAL_ID, transactionalId, OPERATION.WRITE),
    ]
    const without = async (lost: AclEntry, work: () => Promise<void>): Promise<void> => {
      await admin.deleteAcls({ filters: [lost] })
      try {
        await work()
      } finally {
        await admin.createAcls({ acl: [lost] })
      }
    }
    const amiss = (findings: readonly Finding[]) =>
      findings.filter(({ state }) => state === 'lacks' || state === 'differs')
    const grant = (operation: string, resource: string): string =>
      `kafka-acls --bootstrap-server ${started().at('SASL')} --command-config admin.properties --add ` +
      `--allow-principal 'User:limited' --operation ${operation} ${resource}`

    beforeAll(async () => {
      await applyTopics({ brokers: [started().plain], ...named, partitions: 3, replicationFactor: 1 })
      admin = new kafkajs.Kafka({ brokers: [started().plain], logLevel: kafkajs.logLevel.NOTHING }).admin()
      await admin.connect()
      await admin.createAcls({ acl: [...leastRights()] })
    })
    afterAll(() => admin.disconnect())

    test('finds nothing amiss with the least rights, and says who we are', async () => {
      const findings = await check()
      expect(amiss(findings)).toEqual([])
      expect(findings[0]).toMatchObject({
        what: 'cluster',
        says: expect.stringContaining('we are User:limited') as string,
      })
      expect(findings.at(-1)).toEqual({ what: 'delivery', state: 'ok', says: 'exactly once' })
      const settings = findings.filter(({ what }) => what.startsWith('topic '))
      expect(settings.map(({ state, says }) => [state, says.includes('DescribeConfigs')])).toEqual(
        settings.map(() => ['note', true]),
      )
    })

    test('a sink with the least rights connects and publishes', async () => {
      const sink = kafkaSink({ ...address(), ...named, tenant, values: { format: 'json' } })
      const signal = new AbortController().signal
      expect(E.isRight(await sink.connect(signal)())).toBe(true)
      expect(E.isRight(await sink.write(batchAt(1), signal)())).toBe(true)
      await sink.close()
    })

    test('does not disturb the egress that publishes under the transactional id', async () => {
      const sink = kafkaSink({ ...address(), ...named, tenant, values: { format: 'json' } })
      const signal = new AbortController().signal
      await sink.connect(signal)()
      expect(amiss(await check())).toEqual([])
      expect(E.isRight(await sink.write(batchAt(2), signal)())).toBe(true)
      await sink.close()
    })

    test('a missing right to write a row topic is the only line, with the command that grants it', () =>
      without(right(RESOURCE.TOPIC, aTopic, OPERATION.WRITE), async () =>
        expect(amiss(await check())).toEqual([
          {
            what: `topic ${aTopic}`,
            state: 'lacks',
            says: 'User:limited may not write it',
            mend: grant('Write', `--topic ${aTopic}`),
          },
        ]),
      ))

    test('a missing right to read the progress topic is the only line, with the command that grants it', () =>
      without(right(RESOURCE.TOPIC, named.progressTopic, OPERATION.READ), async () =>
        expect(amiss(await check())).toEqual([
          {
            what: `topic ${named.progressTopic}`,
            state: 'lacks',
            says: 'User:limited may not read it',
            mend: grant('Read', `--topic ${named.progressTopic}`),
          },
        ]),
      ))

    const forbidden = (state: string) => ({
      what: `transactions as ${transactionalId}`,
      state,
      says: 'User:limited may not write the transactional id',
      mend: grant('Write', `--transactional-id ${transactionalId}`),
    })
    const mayNotWriteId = () => right(RESOURCE.TRANSACTIONAL_ID, transactionalId, OPERATION.WRITE)

    test('a missing right to the transactional id leaves no delivery, with the command that grants it', () =>
      without(mayNotWriteId(), async () => {
        const [transactions, delivery, ...others] = amiss(await check())
        expect([transactions, others]).toEqual([forbidden('lacks'), []])
        expect(delivery).toMatchObject({ what: 'delivery', says: expect.stringMatching(/^none/) as string })
      }))

    test('the right to describe the transactional id alone does not pass for the right to write it', () =>
      without(mayNotWriteId(), async () => {
        const describing = right(RESOURCE.TRANSACTIONAL_ID, transactionalId, OPERATION.DESCRIBE)
        await admin.createAcls({ acl: [describing] })
        expect(amiss(await check())[0]).toEqual(forbidden('lacks'))
        await admin.deleteAcls({ filters: [describing] })
      }))

    test.each<[DeliverySetting, string]>([
      ['detect', 'at least once, because transactions are not to be had'],
      ['at-least-once', 'at least once, as egress.kafka.delivery says'],
    ])('without transactions, delivery: %s is told as what it would do', (delivery, says) =>
      without(mayNotWriteId(), async () => {
        const findings = await check({ delivery })
        expect(amiss(findings)).toEqual([])
        expect(findings.at(-1)).toMatchObject({ state: 'ok', says: expect.stringContaining(says) as string })
      }),
    )

    test('a topic that does not exist, and settings that differ, are told to somebody who may describe them', async () => {
      const missing = { topic: freshName('missing'), partitions: 1, replicationFactor: 1, config: {} }
      const wanted = wantedTopics({ brokers: [], ...named, partitions: 4, replicationFactor: 1, retentionMs: 1_000 })
      const findings = await check({
        address: kafkaAddress({ brokers: [started().plain] }),
        principal: async () => 'User:ANONYMOUS',
        topics: [...wanted.slice(0, 1), missing],
      })
      const [differing, absent] = amiss(findings)
      expect(differing?.says).toMatch(
        /may write; it has 3 partitions instead of 4.*; retention\.ms is \d+ instead of 1000; min\.insync\.replicas 1/,
      )
      expect(absent).toEqual({
        what: `topic ${missing.topic}`,
        state: 'differs',
        says: 'does not exist',
        mend: 'streamvane topics apply',
      })
    })
  })
