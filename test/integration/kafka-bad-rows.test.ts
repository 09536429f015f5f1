import * as E from 'fp-ts/lib/Either.js'
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import type { BadRow } from '../../src/egress/kafka/dead-letter/dead-letter.js'
import type { KafkaSinkOptions } from '../../src/egress/kafka/options.js'
import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import type { SinkBatch } from '../../src/egress/sink.js'
import { queueRow, sinkRecord } from '../contract/some-rows.js'
import { connect, revisionsByKey, write } from '../contracts/sink.contract.js'
import { batchAt } from '../egress/batches.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { namedTopics } from '../egress/named-topics.js'
import { describeKafka, freshName } from '../support/kafka.js'

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs

const LIMIT_BYTES = 4_000
const tooLarge = 'q'.repeat(3_000) // the id stands in key, value and headers

describeKafka('a row that the broker refuses for ever', ({ brokers }) => {
  const setting = async (more: Partial<KafkaSinkOptions> = {}, deadLetterBytes?: number) => {
    const prefix = freshName('bad-row')
    const named = namedTopics(prefix)
    const deadLetterTopic = `${prefix}-rejects`
    await applyTopics({ brokers, ...named, deadLetterTopic, partitions: 3, replicationFactor: 1 })
    const limit = (name: string, bytes: number) => ({
      type: ConfigResourceTypes.TOPIC,
      name,
      configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
    })
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const limits = [limit(`${prefix}-queue`, LIMIT_BYTES)]
    if (deadLetterBytes !== undefined) limits.push(limit(deadLetterTopic, deadLetterBytes))
    await admin.alterConfigs({ validateOnly: false, resources: limits })
    await admin.disconnect()
    const told: BadRow[] = []
    const options: KafkaSinkOptions = {
      ...{ brokers, tenant: 'acme', ...named, transactionalId: prefix, deadLetterTopic },
      values: { format: 'json' },
      onDeadLetter: (row) => void told.push(row),
      ...more,
    }
    const read = (topic: string) => consumeAll(brokers, [topic])
    return { sink: kafkaSink(options), told, rows: () => read(`${prefix}-queue`), letters: () => read(deadLetterTopic) }
  }

  /** Batch `n` and, in its middle, a row that is too large. */
  const withBadRow = (n: number): SinkBatch => {
    const { records, progress } = batchAt(n)
    const bad = sinkRecord(queueRow({ queueId: tooLarge, revision: n }))
    return { records: [...records.slice(0, 1), bad, ...records.slice(1)], ...(progress && { progress }) }
  }

  /** As the egress does: the outcome of a failed write is told by the next connection. */
  const again = async (sink: ReturnType<typeof kafkaSink>, batch: SinkBatch) => {
    expect(await write(sink, batch)).toMatchObject({ left: { tag: 'NotConnected' } })
    expect(E.isRight(await connect(sink))).toBe(true)
    return write(sink, batch)
  }

  test.each(['exactly-once', 'at-least-once'] as const)(
    'goes to the dead-letter topic where that is configured, and the others go on in order (%s)',
    async (delivery) => {
      const { sink, told, rows, letters } = await setting({ onBadRow: 'dead-letter', delivery })
      await connect(sink)
      expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
      expect(await again(sink, withBadRow(2))).toEqual(E.right(undefined))
      expect(await write(sink, batchAt(3))).toEqual(E.right(undefined))
      expect(await connect(sink)).toEqual(E.right(batchAt(3).progress))
      await sink.close()
      const seen = Object.values(revisionsByKey(await rows()))
      expect(seen).toHaveLength(2)
      for (const revisions of seen) expect([...new Set(revisions)]).toEqual([1, 2, 3])
      if (delivery === 'exactly-once')
        expect(seen).toEqual([
          [1, 2, 3],
          [1, 2, 3],
        ])
      const [letter, ...more] = await letters()
      expect(more).toEqual([])
      expect(letter?.headers).toMatchObject({
        ce_id: expect.stringMatching(/^g1\/.*qqq.*\/2$/),
        '__connect.errors.topic': expect.stringMatching(/-queue$/),
        '__connect.errors.stage': 'KAFKA_PRODUCE',
        '__connect.errors.exception.class.name': 'org.apache.kafka.common.errors.RecordTooLargeException',
      })
      expect(JSON.parse(String(letter?.value))).toMatchObject({ queueId: tooLarge })
      expect(told).toMatchObject([{ error: 'MESSAGE_TOO_LARGE', id: letter?.headers['ce_id'] }])
      expect(sink.deadLettered?.()).toBe(1)
    },
  )

  test('stops the egress by default, with the row, the reason and the keys that mend it, and nothing of the batch counts', async () => {
    const { sink, rows } = await setting()
    await connect(sink)
    expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
    expect(await again(sink, withBadRow(2))).toMatchObject({
      left: {
        tag: 'Refused',
        reason: expect.stringMatching(
          /refuses row g1\/.*MESSAGE_TOO_LARGE.*max\.message\.bytes.*egress\.kafka\.onBadRow/s,
        ),
      },
    })
    await sink.close()
    expect(Object.values(revisionsByKey(await rows()))).toEqual([[1], [1]])
  })

  test('goes without its value where the dead-letter topic refuses that too', async () => {
    const { sink, letters } = await setting({ onBadRow: 'dead-letter' }, 12_000 + LIMIT_BYTES - 100)
    await connect(sink)
    expect(await again(sink, withBadRow(1))).toEqual(E.right(undefined))
    await sink.close()
    expect(await letters()).toMatchObject([
      { headers: { 'streamvane-value-left-out': expect.stringMatching(/^\d{4}$/) } },
    ])
  })

  test('is not sought in vain: rows that are too many for one batch of the topic are published in smaller ones', async () => {
    const { sink, rows } = await setting()
    await connect(sink)
    const records = Array.from({ length: 40 }, (_, n) => sinkRecord(queueRow({ queueId: `queue-${n}`, revision: 1 })))
    expect(await again(sink, { records, progress: { generation: 'g1', revision: 9 } })).toEqual(E.right(undefined))
    await sink.close()
    expect(await rows()).toHaveLength(40)
  })
})
