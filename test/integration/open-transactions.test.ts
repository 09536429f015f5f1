import kafkajs from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { checkOpenTransactions } from '../../src/egress/kafka/check/check-open-transactions.js'
import { describeKafka, freshName } from '../support/kafka.js'

const HOUR_MS = 3_600_000

describeKafka('open transactions on a real broker', ({ brokers }) => {
  test('a transaction that is open is told, one that stays open for long is hanging with the command that aborts it, and one that was committed is forgotten', async () => {
    const [topic, transactionalId] = [freshName('open-transactions'), freshName('producer')]
    const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 2, replicationFactor: 1 }] })
    const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true })
    onTestFinished(async () => {
      await producer.disconnect()
      await admin.disconnect()
    })
    const check = {
      ...{
        address: { brokers: [...brokers] },
        principal: async () => 'User:ANONYMOUS',
        delivery: 'exactly-once' as const,
      },
      ...{
        topics: [{ topic, partitions: 2, replicationFactor: 1, config: {} }],
        progressTopic: topic,
        transactionalId,
      },
    }
    const says = async (later: number) =>
      (await checkOpenTransactions(check, Date.now() + later)).map(({ state, says: text }) => `${state} ${text}`)

    expect(await says(0)).toEqual(['ok nobody has published by this id', 'ok none'])
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ key: 'k', value: 'v', partition: 1 }] })
    expect(await says(0)).toEqual([
      expect.stringMatching(/^ok producer \d+ in epoch 0, Ongoing$/),
      'ok none; 1 partitions are being written',
    ])
    const hanging = await checkOpenTransactions(check, Date.now() + HOUR_MS)
    expect(hanging).toMatchObject([
      { state: 'differs', says: expect.stringMatching(/longer than its timeout allows/) as string },
      {
        ...{ what: `hanging transaction in ${topic} 1`, state: 'lacks' },
        mend: expect.stringContaining(`abort --topic ${topic} --partition 1 --start-offset 0`) as string,
      },
    ])
    await transaction.commit()
    expect(await says(HOUR_MS)).toEqual([expect.stringMatching(/^ok .*Complete/), 'ok none'])
  })
})
