import * as E from 'fp-ts/lib/Either.js'
import { Kafka, logLevel, type Admin } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { kafkaSink } from '../../src/egress/kafka/sink.js'
import type { KafkaSinkOptions } from '../../src/egress/kafka/options.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import type { Sink } from '../../src/egress/sink.js'
import { topicOf } from '../../src/egress/topics.js'
import { connect, revisionsByKey, write } from '../contracts/sink.contract.js'
import { batchAt, recordsAt } from '../egress/batches.js'
import { tamperedSockets } from '../egress/kafka/tampered-sockets.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { namedTopics } from '../egress/named-topics.js'
import { describeKafka, freshName } from '../support/kafka.js'

const idle = new AbortController().signal

describeKafka('the progress on Kafka says whose it is', ({ brokers }) => {
  const sinkOf = (prefix: string, more: Partial<KafkaSinkOptions> = {}): Sink =>
    kafkaSink({
      brokers,
      tenant: 'acme',
      transactionalId: prefix,
      ...namedTopics(prefix),
      values: { format: 'json' },
      ...more,
    })

  const freshTopics = async (): Promise<string> => {
    const prefix = freshName('progress')
    await applyTopics({ brokers, ...namedTopics(prefix), partitions: 3, replicationFactor: 1 })
    return prefix
  }

  const administering = async (work: (admin: Admin) => Promise<unknown>): Promise<void> => {
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    try {
      await work(admin)
    } finally {
      await admin.disconnect()
    }
  }

  const createAgain = (topic: string, numPartitions: number): Promise<void> =>
    administering(async (admin) => {
      await admin.deleteTopics({ topics: [topic] })
      // A name is free again a moment after the deletion was acknowledged.
      for (let attempt = 1; ; attempt++)
        try {
          await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }], waitForLeaders: true })
          return
        } catch (cause) {
          if (attempt === 50) throw cause
        }
    })

  const published = async (prefix: string, last: number): Promise<void> => {
    const sink = sinkOf(prefix)
    expect(await connect(sink)).toMatchObject({ _tag: 'Right' })
    for (let n = 1; n <= last; n++) expect(await write(sink, batchAt(n))).toEqual(E.right(undefined))
    await sink.close()
  }

  const refused = (code: string) => ({
    left: { tag: 'Refused', reason: expect.stringContaining(`--accept-progress ${code}`) },
  })

  const revisions = async (prefix: string): Promise<Readonly<Record<string, readonly number[]>>> => {
    const { topics } = namedTopics(prefix)
    return revisionsByKey(await consumeAll(brokers, [topicOf(topics, 'queue')]))
  }

  test('another tenant with the same transactional id is refused, and the one that publishes goes on', async () => {
    const prefix = await freshTopics()
    const publishing = sinkOf(prefix)
    await connect(publishing)
    expect(await write(publishing, batchAt(1))).toEqual(E.right(undefined))
    expect(await connect(sinkOf(prefix, { tenant: 'emea' }))).toMatchObject(refused('other-tenant'))
    expect(await write(publishing, batchAt(2))).toEqual(E.right(undefined))
    await publishing.close()
    const accepting = sinkOf(prefix, { tenant: 'emea', acceptProgress: ['other-tenant'] })
    expect(await connect(accepting)).toEqual(E.right(undefined))
    await accepting.close()
  })

  test('a row topic that was deleted and created again is refused; accepted, publishing goes on behind it', async () => {
    const prefix = await freshTopics()
    await published(prefix, 2)
    await createAgain(topicOf(namedTopics(prefix).topics, 'queue'), 3)
    expect(await connect(sinkOf(prefix))).toMatchObject(refused('topic-recreated'))
    const sink = sinkOf(prefix, { acceptProgress: ['topic-recreated'] })
    expect(await connect(sink)).toEqual(E.right(batchAt(2).progress))
    expect(await write(sink, batchAt(3))).toEqual(E.right(undefined))
    await sink.close()
    expect(await connect(sinkOf(prefix))).toEqual(E.right(batchAt(3).progress))
    expect(Object.values(await revisions(prefix))).toEqual([[3], [3]])
  })

  test('a row topic that is created again while the sink is idle is noticed', async () => {
    const prefix = await freshTopics()
    const sink = sinkOf(prefix)
    await connect(sink)
    expect(await sink.stillOwner?.(idle)()).toEqual(E.right(undefined))
    await createAgain(topicOf(namedTopics(prefix).topics, 'queue'), 3)
    expect(await sink.stillOwner?.(idle)()).toMatchObject(refused('topic-recreated'))
    await sink.close()
  })

  test('a progress topic that was deleted and created again is refused where rows are published', async () => {
    const prefix = await freshTopics()
    await published(prefix, 2)
    await createAgain(`${prefix}-progress`, 1)
    expect(await connect(sinkOf(prefix))).toMatchObject(refused('progress-missing'))
    const sink = sinkOf(prefix, { acceptProgress: ['progress-missing'] })
    expect(await connect(sink)).toEqual(E.right(undefined))
    await sink.close()
  })

  test('a replay needs no progress: its rows, and those of another egress, do not hinder it', async () => {
    const prefix = await freshTopics()
    await published(prefix, 1)
    const replaying = sinkOf(prefix, { transactionalId: `${prefix}.replay` })
    expect(await replaying.connect(idle)()).toEqual(E.right(undefined))
    expect(await write(replaying, { records: recordsAt(1, { replay: true }) })).toEqual(E.right(undefined))
    await replaying.close()
  })

  test('a progress topic that is given more partitions keeps the progress', async () => {
    // The id belongs into another partition than 0 once there are several.
    const prefix = await freshTopics()
    await published(prefix, 2)
    await administering((admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: `${prefix}-progress`, count: 7 }] }),
    )
    const sink = sinkOf(prefix)
    expect(await connect(sink)).toEqual(E.right(batchAt(2).progress))
    expect(await write(sink, batchAt(3))).toEqual(E.right(undefined))
    await sink.close()
    expect(await connect(sinkOf(prefix))).toEqual(E.right(batchAt(3).progress))
    expect(Object.values(await revisions(prefix))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  test('a progress record of version 1 is read, and written as version 2 by the next claim', async () => {
    const prefix = await freshTopics()
    const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    const record = { version: 1, generation: 'g1', revision: 20, owner: { id: 'before', host: 'here', pid: 1 } }
    await producer.send({ topic: `${prefix}-progress`, messages: [{ key: prefix, value: JSON.stringify(record) }] })
    await producer.disconnect()
    const sink = sinkOf(prefix)
    expect(await connect(sink)).toEqual(E.right({ generation: 'g1', revision: 20 }))
    await sink.close()
    const written = (await consumeAll(brokers, [`${prefix}-progress`])).map(({ value }): unknown =>
      JSON.parse(String(value)),
    )
    expect(written.at(-1)).toMatchObject({
      version: 2,
      tenant: 'acme',
      clusterId: expect.stringMatching(/./),
      topics: { [`${prefix}-progress`]: expect.stringMatching(/^[0-9a-f]{32}$/) },
      generation: 'g1',
      revision: 20,
    })
  })

  describe('a zombie', () => {
    test('whose connection was cut before it learned that it was fenced does not fence the one that took over', async () => {
      const prefix = await freshTopics()
      const { socketFactory, arm } = tamperedSockets()
      const [zombie, healthy] = [sinkOf(prefix, { socketFactory }), sinkOf(prefix)]
      await connect(zombie)
      expect(await write(zombie, batchAt(1))).toEqual(E.right(undefined))
      expect(await connect(healthy)).toEqual(E.right(batchAt(1).progress))
      expect(await write(healthy, batchAt(2))).toEqual(E.right(undefined))
      arm('cut before')
      const lost = await write(zombie, batchAt(2))
      expect(lost).toMatchObject({ _tag: 'Left' })
      expect(await connect(zombie)).toMatchObject({
        left: { tag: 'Fenced', by: expect.stringContaining(`process ${process.pid}`) },
      })
      expect(await write(healthy, batchAt(3))).toEqual(E.right(undefined))
      for (const sink of [zombie, healthy]) await sink.close()
      expect(Object.values(await revisions(prefix))).toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ])
    })
  })
})
