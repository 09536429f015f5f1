import { expect, test } from 'vitest'
import { withoutAborted, type RawRecord } from '../../../../src/egress/kafka/protocol/aborted-records.js'

const record = (offset: number, producerId: string, text: string, inTransaction = true): RawRecord => ({
  key: Buffer.from('key'),
  value: Buffer.from(text),
  headers: {},
  offset: String(offset),
  isControlRecord: false,
  batchContext: { producerId, inTransaction },
})
const marker = (offset: number, producerId: string): RawRecord => ({
  ...record(offset, producerId, ''),
  key: Buffer.from([0, 0, 0, 0]),
  isControlRecord: true,
})
const texts = (...args: Parameters<typeof withoutAborted>): string[] =>
  withoutAborted(...args).map(({ value }) => String(value))

test('records of an aborted transaction are left out; those of the next transaction of the producer are kept', () => {
  const messages = [record(5, '1', 'aborted'), marker(6, '1'), record(7, '1', 'committed'), marker(8, '1')]
  expect(texts(messages, [{ producerId: '1', firstOffset: '5' }])).toEqual(['committed'])
})

test('both of two aborted transactions that were open where reading begins are left out', () => {
  const messages = [
    record(10, '2', 'aborted too'),
    record(11, '1', 'aborted'),
    marker(12, '1'),
    marker(13, '2'),
    record(14, '2', 'committed'),
  ]
  const aborted = [
    { producerId: '1', firstOffset: '3' },
    { producerId: '2', firstOffset: '4' },
  ]
  expect(texts(messages, aborted)).toEqual(['committed'])
})

test('records outside transactions are kept, also if their key looks like that of an abort marker', () => {
  const plain = { ...record(2, '1', 'plain', false), key: Buffer.from([0, 0, 0, 0]) }
  expect(
    texts(
      [record(1, '1', 'aborted'), plain, record(3, '1', 'aborted'), marker(4, '1')],
      [{ producerId: '1', firstOffset: '1' }],
    ),
  ).toEqual(['plain'])
})
