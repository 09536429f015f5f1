import * as E from 'fp-ts/lib/Either.js'
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { expect, test } from 'vitest'
import { rowKey } from '../../src/domain/row.js'
import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics, planTopics } from '../../src/egress/kafka/topic-admin.js'
import { rowCodec } from '../../src/contract/row-codec.js'
import { publicationBytes } from '../../src/contract/schema/published-schema.js'
import { sharedTopics, timeSeries, topicOf } from '../../src/egress/topics.js'
import { connect, write } from '../contracts/sink.contract.js'
import { batchAt, recordsAt } from '../egress/batches.js'
import { namedTopics } from '../egress/named-topics.js'
import { rowOf, sinkRecord, skillRow } from '../contract/some-rows.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { consoleConsume } from '../support/console-consumer.js'
import { describeRegistry, freshName } from '../support/kafka.js'

describeRegistry('the Kafka sink and its registry', ({ brokers, registryUrl, tools }) => {
  const avro = { format: 'avro', registry: { url: registryUrl, autoRegister: true } } as const
  const ready = async (topics: ReturnType<typeof namedTopics>) => {
    await applyTopics({ brokers, ...topics, partitions: 3, replicationFactor: 1 })
    return topics
  }

  test('a Java consumer reads records whose values the registry can decode, with CloudEvents headers, keyed by the queue', async () => {
    const named = await ready(namedTopics(freshName('wire')))
    const sink = kafkaSink({ brokers, tenant: 'acme', ...named, values: avro })
    await connect(sink)
    await write(sink, batchAt(1))
    await sink.close()
    const topic = topicOf(named.topics, 'queue')
    const records = await consoleConsume({ brokers, tools, topic, until: (seen) => seen.length === 2 })
    const row = rowOf(recordsAt(1)[0] ?? expect.fail('no record'))
    const record = records.find(({ key }) => key?.toString() === 'sales') ?? expect.fail('no record of that queue')
    const key = rowKey(row)
    expect(Object.fromEntries([...record.headers].map(([name, value]) => [name, value.toString()]))).toEqual({
      ce_specversion: '1.0',
      ce_id: `g1/${key}/1`,
      ce_source: '/streamvane/acme',
      ce_type: 'streamvane.kpi.queue.v1',
      ce_subject: key,
      ce_time: '2026-01-05T10:00:00.000Z',
      'content-type': 'application/avro',
      'streamvane-row-revision': '1',
      'streamvane-generation': 'g1',
      'streamvane-promotion': '1',
    })
    const value = record.value ?? expect.fail('no value')
    expect(await new SchemaRegistry({ host: registryUrl }).decode(value)).toMatchObject({
      queueId: 'sales',
      revision: 1,
      measures: { nOffered: { count: 2 } },
      generation: 'g1',
      promotion: 1,
    })
    const published = publicationBytes({ generation: 'g1', promotion: 1 })
    expect(rowCodec('queue').decode(value.subarray(5, value.length - published.length))).toEqual(row)
  })

  test('one consolidated topic takes all families, each under a subject of its own', async () => {
    const topic = freshName('everything')
    const topics = sharedTopics([timeSeries(topic)])
    const progressTopic = freshName('progress')
    await applyTopics({ brokers, topics, progressTopic, partitions: 3, replicationFactor: 1 })
    const sink = kafkaSink({ brokers, tenant: 'acme', topics, progressTopic, values: avro })
    await connect(sink)
    await write(sink, batchAt(1))
    await sink.close()
    const records = await consoleConsume({ brokers, tools, topic, until: (seen) => seen.length === 4 })
    const registry = new SchemaRegistry({ host: registryUrl })
    const families = await Promise.all(
      records.map(
        async ({ value }) => ((await registry.decode(value ?? Buffer.alloc(0))) as { family: string }).family,
      ),
    )
    expect(families.sort()).toEqual(['agent', 'agent-state', 'queue', 'queue'])
  })

  test('a family that was switched on since connecting is refused until its topic exists, and then published', async () => {
    const { topics, families, progressTopic } = await ready(namedTopics(freshName('late')))
    const sink = kafkaSink({ brokers, tenant: 'acme', topics, families, progressTopic, values: avro })
    const progress = { generation: 'g1', revision: 10 }
    const batch = { records: [...batchAt(1).records, sinkRecord(skillRow({}))], progress }
    expect(await connect(sink)).toEqual(E.right(undefined))
    const topic = topicOf(topics, 'skill')
    expect(await write(sink, batch)).toMatchObject({ left: { tag: 'Refused', reason: expect.stringContaining(topic) } })
    await applyTopics({ brokers, topics, families: ['skill'], progressTopic, partitions: 3, replicationFactor: 1 })
    expect(await write(sink, batch)).toEqual(E.right(undefined))
    expect(await connect(sink)).toEqual(E.right(progress))
    await sink.close()
    const [record, ...others] = await consumeAll(brokers, [topic])
    expect(others).toEqual([])
    expect(
      await new SchemaRegistry({ host: registryUrl }).decode(record?.value ?? expect.fail('no record')),
    ).toMatchObject({
      family: 'skill',
      skillId: 'french',
    })
    expect(await consumeAll(brokers, [topicOf(topics, 'queue')])).toHaveLength(2)
  })

  test('a subject that holds an incompatible schema is refused by name, and nothing is published', async () => {
    const named = await ready(namedTopics(freshName('taken')))
    const subject = `${topicOf(named.topics, 'agent')}-value`
    const foreign = {
      type: 'record',
      name: 'AgentMetrics',
      namespace: 'streamvane.kpi',
      fields: [{ name: 'revision', type: 'string' }],
    }
    await new SchemaRegistry({ host: registryUrl }).register(
      { type: SchemaType.AVRO, schema: JSON.stringify(foreign) },
      { subject },
    )
    const sink = kafkaSink({ brokers, tenant: 'acme', ...named, values: avro })
    expect(await connect(sink)).toMatchObject({ left: { tag: 'Refused', reason: expect.stringContaining(subject) } })
  })

  test('a registry that does not answer is NotConnected; once the ids are known it is not needed', async () => {
    const named = await ready(namedTopics(freshName('away')))
    const away = { format: 'avro', registry: { url: 'http://127.0.0.1:1' } } as const
    expect(await connect(kafkaSink({ brokers, tenant: 'acme', ...named, values: away }))).toMatchObject({
      left: { tag: 'NotConnected' },
    })
    // The address is read when it is used, so the registry can go away here.
    const registry = { url: registryUrl, autoRegister: true }
    const sink = kafkaSink({ brokers, tenant: 'acme', ...named, values: { format: 'avro', registry } })
    await connect(sink)
    registry.url = away.registry.url
    expect(await connect(sink)).toMatchObject({ _tag: 'Right' })
    await sink.close()
  })

  test('topics: a dry run changes nothing, applying creates what is missing, and what differs is told and left alone', async () => {
    const named = namedTopics(freshName('planned'))
    const options = { brokers, ...named, partitions: 2, replicationFactor: 1 }
    const kinds = (steps: Awaited<ReturnType<typeof planTopics>>): string[] => steps.map(({ kind }) => kind)
    expect(kinds(await planTopics(options))).toEqual(Array(4).fill('create'))
    expect(kinds(await planTopics(options))).toEqual(Array(4).fill('create'))
    await applyTopics(options)
    expect(kinds(await planTopics(options))).toEqual(Array(4).fill('as wanted'))
    const other = { ...options, partitions: 5, cleanup: 'compact' as const }
    const steps = await applyTopics(other)
    expect(kinds(steps)).toEqual(['differs', 'differs', 'differs', 'as wanted'])
    expect(steps[0]).toMatchObject({
      differences: [
        expect.stringContaining('2 partitions instead of 5'),
        'cleanup.policy is delete instead of compact',
      ],
    })
    expect(kinds(await planTopics(options))).toEqual(Array(4).fill('as wanted'))
  })
})
