import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { consoleConsume } from '../support/console-consumer.js'
import { describeKafka, describeRegistry, freshName, startOwnKafka } from '../support/kafka.js'

const clientOf = (brokers: string[]) => new Kafka({ brokers, clientId: 'broker-test', logLevel: logLevel.NOTHING })

const createTopic = async (kafka: Kafka, topic: string) => {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true })
  await admin.disconnect()
}

describeKafka('the real broker', ({ brokers, tools }) => {
  test('a foreign consumer reads back every byte that was produced', async () => {
    const kafka = clientOf(brokers)
    const topic = freshName('bytes')
    await createTopic(kafka, topic)
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({
      topic,
      messages: [
        { key: 'sales', value: everyByte, headers: { ce_id: 'a,b:c', raw: everyByte }, timestamp: '1700000000123' },
        { key: 'gone', value: null },
      ],
    })
    await producer.disconnect()
    const [first, second] = await consoleConsume({ brokers, tools, topic, until: (records) => records.length === 2 })
    expect(first).toMatchObject({ partition: 0, offset: 0, timestampMs: 1_700_000_000_123 })
    expect(first?.key?.toString()).toBe('sales')
    expect(first?.value?.equals(everyByte)).toBe(true)
    expect(first?.headers.get('ce_id')?.toString()).toBe('a,b:c')
    expect(first?.headers.get('raw')?.equals(everyByte)).toBe(true)
    expect(second).toMatchObject({ offset: 1, value: null })
  })

  test('a foreign consumer sees a committed transaction and not an aborted one', async () => {
    const kafka = clientOf(brokers)
    const topic = freshName('transactions')
    await createTopic(kafka, topic)
    const producer = kafka.producer({ transactionalId: freshName('tx'), idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (const outcome of ['abort', 'commit'] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ value: outcome }] })
      await transaction[outcome]()
    }
    await producer.disconnect()
    const read = (isolation: 'read_committed' | 'read_uncommitted', count: number) =>
      consoleConsume({ brokers, tools, topic, isolation, until: (records) => records.length === count })
    expect((await read('read_uncommitted', 2)).map(({ value }) => String(value))).toEqual(['abort', 'commit'])
    expect((await read('read_committed', 1)).map(({ value }) => String(value))).toEqual(['commit'])
  })

  test('acknowledged records are still there after the broker was killed and started again', async () => {
    const own = await startOwnKafka()
    try {
      const kafka = clientOf(own.brokers)
      const topic = freshName('durable')
      await createTopic(kafka, topic)
      const produce = async (value: string) => {
        const producer = kafka.producer({ retry: { retries: 0 } })
        await producer.connect()
        await producer.send({ topic, acks: -1, messages: [{ value }] })
        await producer.disconnect()
      }
      await produce('before')
      await own.kill9()
      await expect(produce('while it is down')).rejects.toThrow()
      await own.restart()
      await produce('after')
      const records = await consoleConsume({
        brokers: own.brokers,
        tools: own.tools,
        topic,
        until: ({ length }) => length === 2,
      })
      expect(records.map(({ value }) => String(value))).toEqual(['before', 'after'])
    } finally {
      await own.stop()
    }
  })
})

describeRegistry('the real schema registry', ({ registryUrl }) => {
  const row = (...fields: object[]) => JSON.stringify({ type: 'record', name: 'Row', namespace: 'broker.test', fields })
  const offered = { name: 'offered', type: 'long' }

  test('registers a schema, round-trips a value, and refuses an incompatible version', async () => {
    const registry = new SchemaRegistry({ host: registryUrl })
    const subject = `${freshName('subject')}-value`
    const { id } = await registry.register({ type: SchemaType.AVRO, schema: row(offered) }, { subject })
    const framed = await registry.encode(id, { offered: 7 })
    expect(framed.readUInt8(0)).toBe(0)
    expect(framed.readInt32BE(1)).toBe(id)
    expect(await registry.decode(framed)).toEqual({ offered: 7 })

    const answered = { name: 'answered', type: 'long' }
    const compatible = await registry.register(
      { type: SchemaType.AVRO, schema: row(offered, { ...answered, default: 0 }) },
      { subject },
    )
    expect(compatible.id).not.toBe(id)
    await expect(
      registry.register(
        { type: SchemaType.AVRO, schema: row(offered, answered, { name: 'x', type: 'int' }) },
        { subject },
      ),
    ).rejects.toThrow(/incompatible/i)
  })
})
