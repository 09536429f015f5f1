import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ClusterError,
  type BaseOffset,
  type OutgoingRecord,
  type TopicRecords,
} from '../../../../src/egress/kafka/cluster.js'
import { deadLetterOf } from '../../../../src/egress/kafka/dead-letter/dead-letter.js'
import { sendPiecemeal } from '../../../../src/egress/kafka/dead-letter/piecemeal.js'
import { lawRuns } from '../../../support/law-runs.js'

const record = (key: string, partition: number): OutgoingRecord => ({ key, value: Buffer.from(key), partition })

/** Takes a send as a whole, or refuses it as a whole where one of its records is bad. */
const cluster = (isBad: (key: string) => boolean) => {
  const appended: string[] = []
  const send = async (records: readonly TopicRecords[]): Promise<readonly BaseOffset[]> => {
    const all = records.flatMap(({ topic, messages }) => messages.map((message) => ({ topic, ...message })))
    if (new Set(all.map(({ topic, partition }) => `${topic} ${partition}`)).size > 1)
      throw new Error('a send to several partitions')
    if (all.some(({ key }) => isBad(key))) throw new ClusterError('too large', 'MESSAGE_TOO_LARGE')
    appended.push(...all.map(({ key }) => key))
    return []
  }
  return { appended, send }
}

describe('records that are sent piecemeal', () => {
  test('law: all good records are appended in the order of their partition, and the bad ones are found', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ partition: fc.nat(2), topic: fc.nat(1), isBad: fc.boolean() }), { maxLength: 40 }),
        async (drawn) => {
          const keyed = drawn.map((each, index) => ({ ...each, key: `${index}` }))
          const bad = new Set(keyed.flatMap(({ key, isBad }) => (isBad ? [key] : [])))
          const { appended, send } = cluster((key) => bad.has(key))
          const topics = [0, 1].map((topic) => ({
            topic: `t${topic}`,
            messages: keyed.filter((each) => each.topic === topic).map(({ key, partition }) => record(key, partition)),
          }))
          const refused = await sendPiecemeal({ send }, topics)
          expect(new Set(refused.map(({ message }) => message.key))).toEqual(bad)
          for (const topic of [0, 1])
            for (const partition of [0, 1, 2]) {
              const isThere = (each: (typeof keyed)[number]): boolean =>
                each.topic === topic && each.partition === partition
              const wanted = keyed.filter((each) => isThere(each) && !each.isBad).map(({ key }) => key)
              const ofPartition = new Set(keyed.filter(isThere).map(({ key }) => key))
              expect(appended.filter((key) => ofPartition.has(key))).toEqual(wanted)
            }
        },
      ),
      lawRuns(100),
    )
  })

  test('that fail for another reason end the search', async () => {
    const away = new ClusterError('away', undefined)
    const sending = sendPiecemeal({ send: () => Promise.reject(away) }, [{ topic: 't', messages: [record('a', 0)] }])
    await expect(sending).rejects.toBe(away)
  })
})

test('a dead letter carries the record and the headers with which Kafka Connect describes an error', () => {
  const message: OutgoingRecord = { ...record('queue-1', 4), headers: { ce_id: 'g1/queue-1/7' } }
  const error = new ClusterError('the request included a message larger than …', 'MESSAGE_TOO_LARGE')
  expect(
    deadLetterOf(
      { topic: 'genesys.queue-metrics', message, error },
      { topic: 'streamvane.dead-letter', partitionOf: () => 2, connector: 'streamvane.acme.kafka' },
    ),
  ).toEqual({
    key: 'queue-1',
    value: Buffer.from('queue-1'),
    partition: 2,
    headers: {
      ce_id: 'g1/queue-1/7',
      '__connect.errors.topic': 'genesys.queue-metrics',
      '__connect.errors.partition': '4',
      '__connect.errors.connector.name': 'streamvane.acme.kafka',
      '__connect.errors.task.id': '0',
      '__connect.errors.stage': 'KAFKA_PRODUCE',
      '__connect.errors.exception.class.name': 'org.apache.kafka.common.errors.RecordTooLargeException',
      '__connect.errors.exception.message':
        'genesys.queue-metrics refuses row g1/queue-1/7 (7 bytes): MESSAGE_TOO_LARGE',
    },
  })
})
