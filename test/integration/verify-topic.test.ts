import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import type { TopicVerification } from '../../src/app/operations/verify/topic/verify-topic.js'
import type { Verification } from '../../src/app/operations/verify/verify.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeRegistry } from '../support/kafka.js'
import { kafkaDeployment } from '../support/kafka-deployment.js'
import { linesOf } from '../support/simulated-lines.js'
import { streamvane } from '../support/streamvane.js'

describeRegistry('`streamvane verify --topic` on a real broker', ({ brokers, registryUrl }) => {
  test('finds topics as the KPI log has them, then the one record that somebody else has put there', async () => {
    const { dir, name, done } = await kafkaDeployment({ brokers, registryUrl }, (prefix) => ({
      registry: { url: registryUrl, autoRegister: true },
      partitions: 2,
      markers: 'topic',
      markersTopic: `${prefix}.markers`,
      topics: {
        queue: [`${prefix}.queue`, { name: `${prefix}.queue-latest`, records: 'latest' }],
        agent: `${prefix}.agent`,
        'agent-state': `${prefix}.agent-state`,
      },
    }))
    await done(['topics', 'apply'])
    await done(['import', '-'], linesOf(21))
    await done(['run', '--until-caught-up'])

    const verified = async (): Promise<
      Readonly<{ code: number | null; log: Verification; topics: TopicVerification }>
    > => {
      const { code, stdout } = await streamvane([
        'verify',
        '--topic',
        '--json',
        '--config',
        join(dir, 'streamvane.yaml'),
      ])
      const [log, topics] = stdout.trim().split('\n')
      return { code, log: JSON.parse(log ?? '') as Verification, topics: JSON.parse(topics ?? '') as TopicVerification }
    }
    const before = await verified()
    expect(before.log.first).toBeNull()
    expect(before.topics.first).toBeNull()
    expect(before.code).toBe(0)
    expect(before.topics.topics.find(({ topic }) => topic === `${name}.queue`)?.compared).toBeGreaterThan(3)

    const topic = `${name}.agent`
    const [record] = await consumeAll(brokers, [topic])
    if (record === undefined) return expect.fail('the topic holds nothing')
    const value = Buffer.from(record.value)
    value[value.length - 12] = (value[value.length - 12] as number) ^ 1
    const { partition, recordKey: key, headers } = record
    const producer = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).producer()
    await producer.connect()
    const [sent] = await producer.send({ topic, messages: [{ key, value, partition, headers }] })
    await producer.disconnect()

    const after = await verified()
    expect(after.code).toBe(5)
    expect(after.log.first).toBeNull()
    expect(after.topics.differences).toBe(1)
    expect(after.topics.first).toMatchObject({
      ...{ kind: 'changed', where: 'topic', what: 'row' },
      topic: { topic, partition, offset: sent?.baseOffset },
    })
  })
})
