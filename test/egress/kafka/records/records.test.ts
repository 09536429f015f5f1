import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classifyKafkaError } from '../../../../src/egress/kafka/failures.js'
import {
  avroValues,
  cutIntoSends,
  jsonValues,
  partitioning,
  type Routes,
} from '../../../../src/egress/kafka/records/records.js'
import { publicationBytes } from '../../../../src/contract/schema/published-schema.js'
import { rowCodec } from '../../../../src/contract/row-codec.js'
import { recordKey } from '../../../../src/domain/row.js'
import { schemaIdKey, subjectsOf } from '../../../../src/egress/kafka/registry/subjects.js'
import { defaultTopics, sharedTopics, timeSeries, topicOf, type TopicRoute } from '../../../../src/egress/topics.js'
import { plainHeaders } from '../../../../src/egress/kafka/protocol/packed-headers.js'
import { frame } from '../../../../src/egress/kafka/records/wire-format.js'
import type { RowRecord } from '../../../../src/egress/sink.js'
import { anyRow } from '../../../contract/any-row.js'
import { queueRow, sinkRecord } from '../../../contract/some-rows.js'

const routed = (partitionOf: Routes['partitionOf'], topics = defaultTopics): Routes => ({
  topics,
  markers: { kind: 'topic', name: 'markers' },
  partitionOf,
})

test('a send takes at most 500 records and half a megabyte per partition, and order within a partition is kept', () => {
  const records = Array.from({ length: 3_000 }, (_, index) =>
    sinkRecord(queueRow({ queueId: index % 3 === 0 ? 'rare' : 'busy', revision: index + 1 })),
  )
  const sends = cutIntoSends(
    records,
    routed((_, key) => (key === 'busy' ? 1 : 0)),
    jsonValues,
  )
  if (typeof sends === 'string') throw new Error(sends)
  const seen: number[][] = [[], []]
  for (const send of sends) {
    const perPartition = [0, 0]
    for (const { messages } of send)
      for (const { partition = -1, value, headers } of messages) {
        perPartition[partition] = (perPartition[partition] ?? 0) + 1
        expect(value?.length).toBeGreaterThan(100)
        seen[partition]?.push(Number(plainHeaders(headers)['streamvane-row-revision']))
      }
    expect(Math.max(...perPartition)).toBeLessThanOrEqual(500)
  }
  const expected = (rest: (index: number) => boolean): number[] =>
    records.flatMap((_, index) => (rest(index) ? [index + 1] : []))
  expect(seen).toEqual([expected((index) => index % 3 === 0), expected((index) => index % 3 !== 0)])
})

test('a record is keyed, placed and described from its header, and its bytes are published unchanged, with generation and promotion behind them', () => {
  fc.assert(
    fc.property(anyRow, (row) => {
      const record = sinkRecord(row)
      const subjectOf = subjectsOf(defaultTopics, undefined)
      const topicName = topicOf(defaultTopics, row.family)
      const ids = new Map([[schemaIdKey(`${topicName}-value`, record.schema), 7]])
      const sends = cutIntoSends(
        [record],
        routed(() => 3),
        avroValues(ids, subjectOf),
      )
      if (typeof sends === 'string') throw new Error(sends)
      const [{ topic, messages } = expect.fail('no topic')] = sends[0] ?? expect.fail('no send')
      const [message] = messages
      expect(topic).toBe(topicName)
      expect(message).toMatchObject({
        key: recordKey(row),
        partition: 3,
        value: frame(7, rowCodec(row.family).encode(row), publicationBytes({ generation: 'g1', promotion: 1 })),
      })
      expect(plainHeaders(message?.headers)).toMatchObject({
        ce_id: `g1/${row.key}/${row.revision}`,
        ce_subject: row.key,
        ce_type: `streamvane.kpi.${row.family}.v1`,
        ce_source: `/streamvane/${row.tenant}`,
        ce_time: new Date(row.start).toISOString(),
      })
    }),
  )
})

test('large values make smaller sends', () => {
  const records = Array.from({ length: 20 }, (_, index) =>
    sinkRecord(queueRow({ queueId: `${'q'.repeat(50_000)}${index}` })),
  )
  const sends = cutIntoSends(
    records,
    routed(() => 0),
    jsonValues,
  )
  for (const send of sends as Exclude<typeof sends, string>)
    expect(
      send.flatMap(({ messages }) => messages).reduce((sum, { value }) => sum + (value?.length ?? 0), 0),
    ).toBeLessThanOrEqual(512 * 1024)
})

test("a key gets the partition that Java's producers choose, also when it is asked for again", () => {
  // Hashes from Kafka's own UtilsTest.testMurmur2; a partition is the hash without its sign, modulo their number.
  const hashes: Record<string, number> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  }
  const partitionOf = partitioning(new Map([['topic', 1_000]]))
  for (const _ of [1, 2])
    for (const [key, hash] of Object.entries(hashes))
      expect(partitionOf('topic', key), key).toBe((hash & 0x7fffffff) % 1_000)
})

test("a value in Confluent's wire format is a zero byte, the schema id as big-endian int32 and the datum", () => {
  expect([...frame(0x01020304, Uint8Array.of(9, 8), Uint8Array.of(7))]).toEqual([0, 1, 2, 3, 4, 9, 8, 7])
})

describe('errors of kafkajs and the broker are classified in one place', () => {
  const protocol = (type: string, message = type): Error =>
    Object.assign(new Error(message), { name: 'KafkaJSProtocolError', type })

  test('a lost epoch is recognised from within wrappers, and by the code that kafkajs has no name for', () => {
    expect(classifyKafkaError(protocol('INVALID_PRODUCER_EPOCH'))).toEqual({
      tag: 'EpochLost',
      by: 'INVALID_PRODUCER_EPOCH',
    })
    expect(classifyKafkaError(protocol('KAFKAJS_UNKNOWN_ERROR_CODE', 'Unknown error code 90'))).toEqual({
      tag: 'EpochLost',
      by: 'PRODUCER_FENCED',
    })
    const wrapped = new Error('retries exceeded', {
      cause: new Error('non-retriable', { cause: protocol('INVALID_PRODUCER_EPOCH') }),
    })
    expect(classifyKafkaError(wrapped)).toMatchObject({ tag: 'EpochLost' })
  })

  test('an error that trying again does not change is refused, and the message says how to mend it', () => {
    expect(classifyKafkaError(protocol('MESSAGE_TOO_LARGE'))).toMatchObject({
      tag: 'Refused',
      reason: expect.stringContaining('max.message.bytes'),
    })
  })

  test('any other error leaves open whether the write arrived', () => {
    for (const cause of [new Error('socket hang up'), protocol('NOT_COORDINATOR'), 'a string', undefined])
      expect(classifyKafkaError(cause)).toEqual({ tag: 'NotConnected', cause })
  })
})

test('a topic of latest state gets no replay, and keyed by series or entity no row of an earlier interval', () => {
  const routes: TopicRoute[] = [
    timeSeries('all'),
    { topic: 'by-row', key: 'row', records: 'latest' },
    { topic: 'by-series', key: 'series', records: 'latest' },
    { topic: 'by-entity', key: 'entity', records: 'latest' },
  ]
  const topics = sharedTopics(routes)
  const record = sinkRecord(queueRow({}))
  const topicsOf = (more: Partial<RowRecord>): string[] => {
    const sends = cutIntoSends(
      [{ ...record, ...more }],
      routed(() => 0, topics),
      jsonValues,
    )
    return typeof sends === 'string' ? expect.fail(sends) : sends.flat().map(({ topic }) => topic)
  }
  const newest = { series: true, entity: true }
  expect(topicsOf({ newest })).toEqual(['all', 'by-row', 'by-series', 'by-entity'])
  expect(topicsOf({ newest: { series: true, entity: false } })).toEqual(['all', 'by-row', 'by-series'])
  expect(topicsOf({ newest: { series: false, entity: false } })).toEqual(['all', 'by-row'])
  expect(topicsOf({})).toEqual(['all', 'by-row'])
  expect(topicsOf({ newest, replay: true })).toEqual(['all'])
})

test('a withdrawn row is a tombstone in the latest state, and a row that holds nothing in the time series', () => {
  const row = queueRow({})
  const empty = { ...row, measures: row.measures.map(() => undefined), kpis: {} }
  const record: RowRecord = { ...sinkRecord(empty), withdrawn: true, newest: { series: false, entity: true } }
  const latest = (key: TopicRoute['key']): TopicRoute => ({ topic: key, key, records: 'latest' })
  const topics = sharedTopics([timeSeries('all'), latest('row'), latest('series'), latest('entity')])
  const sends = cutIntoSends(
    [record],
    routed(() => 0, topics),
    jsonValues,
  )
  if (typeof sends === 'string') throw new Error(sends)
  const sent = new Map(sends.flat().map(({ topic, messages }) => [topic, messages]))
  expect(JSON.parse(String(sent.get('all')?.[0]?.value))).toMatchObject({ key: row.key, empty: true })
  sent.delete('all')
  expect([...sent].map(([topic, messages]) => [topic, messages.map(({ key, value }) => [key, value])])).toEqual([
    ['row', [[row.key, null]]],
    ['entity', [['sales', null]]],
  ])
})
