import { expect, test } from 'vitest'
import { metadataRequest, readMetadataResponse } from '../../../../src/egress/kafka/protocol/metadata-v10.js'

test('a metadata request asks for topics by name, creates none, and has the bytes of the protocol', () => {
  expect(metadataRequest(['rows']).toString('hex')).toBe(
    ['00', '02', '00'.repeat(16), '05', Buffer.from('rows').toString('hex'), '00', '00', '00', '00', '00'].join(''),
  )
})

const int32 = (value: number): string => value.toString(16).padStart(8, '0')
const text = (value: string): string =>
  (value.length + 1).toString(16).padStart(2, '0') + Buffer.from(value).toString('hex')
const partition = ['0000', int32(0), int32(1), int32(0), '02', int32(1), '02', int32(1), '01', '00'].join('')
const topic = (error: string, name: string, id: string, partitions: number): string =>
  [
    error,
    text(name),
    id.repeat(16),
    '00',
    (partitions + 1).toString(16).padStart(2, '0'),
    partition.repeat(partitions),
    int32(0),
    '00',
  ].join('')
const response = Buffer.from(
  [
    '00',
    int32(0),
    ['02', int32(1), text('localhost'), int32(9092), '00', '00'].join(''),
    text('cluster'),
    int32(1),
    ['04', topic('0000', 'rows', 'ab', 3), topic('0003', 'gone', '00', 0), topic('0005', 'leaderless', 'cd', 1)].join(
      '',
    ),
    int32(0),
    '00',
  ].join(''),
  'hex',
)

test('a metadata response gives the ids of the cluster and of the topics that exist', () => {
  const { clusterId, topics } = readMetadataResponse(response)
  expect(clusterId).toBe('cluster')
  expect([...topics]).toEqual([
    ['rows', { id: 'ab'.repeat(16), error: 0, partitions: 3, operations: 0 }],
    ['leaderless', { id: 'cd'.repeat(16), error: 5, partitions: 1, operations: 0 }],
  ])
})

test('a metadata response that is cut short is refused', () => {
  for (let length = 1; length < response.length - 5; length++)
    expect(() => readMetadataResponse(response.subarray(0, length))).toThrow(RangeError)
})
