import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { protocolErrorName, useOwnRecordEncoder } from '../../../src/egress/kafka/kafkajs-internals.js'
import {
  encodeRecord,
  type EncodableRecord,
  type EncodedRecord,
} from '../../../src/egress/kafka/protocol/record-encoder.js'

const require = createRequire(import.meta.url)
const RECORD_MODULE = 'kafkajs/src/protocol/recordBatch/record/v0'
// Loaded before it is replaced: this test imports nothing that makes a client.
const encoderOfKafkajs = require(RECORD_MODULE) as (record: EncodableRecord) => EncodedRecord

const src = join(import.meta.dirname, '../../../src')

test('kafkajs-internals is the only file that reaches into kafkajs, and the version is the one it was written for', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const reaching = files.filter((file) => /['"]kafkajs\/[^'"]*['"]/.test(readFileSync(join(src, file), 'utf8')))
  expect(reaching.map((file) => relative(src, join(src, file)))).toEqual(['egress/kafka/kafkajs-internals.ts'])
  const { version } = JSON.parse(readFileSync(require.resolve('kafkajs/package.json'), 'utf8')) as { version: string }
  expect(version, 'another kafkajs: check everything in kafkajs-internals.ts against it').toBe('2.2.4')
})

const anyBytes: fc.Arbitrary<string | Buffer> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
)
const anyRecord: fc.Arbitrary<EncodableRecord> = fc.record({
  offsetDelta: fc.nat(100_000),
  timestampDelta: fc.oneof(fc.nat(1_000), fc.maxSafeInteger()),
  key: fc.option(anyBytes, { nil: null }),
  value: fc.option(anyBytes, { nil: null }),
  headers: fc.dictionary(fc.string(), fc.oneof(anyBytes, fc.array(anyBytes)), { noNullPrototype: true }),
})

test('our record encoder writes the bytes that the encoder of kafkajs writes', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      expect(encodeRecord(record).buffer.toString('hex')).toBe(encoderOfKafkajs(record).buffer.toString('hex'))
    }),
  )
})

test('our record encoder takes the place of the one that kafkajs loads, however often it is put there', () => {
  useOwnRecordEncoder()
  useOwnRecordEncoder()
  expect(require(RECORD_MODULE)).toBe(encodeRecord)
})

test('the cluster object of kafkajs has the methods that the partition reader calls', () => {
  const { prototype } = require('kafkajs/src/cluster') as { prototype: object }
  for (const method of [
    'connect',
    'disconnect',
    'addTargetTopic',
    'refreshMetadata',
    'findTopicPartitionMetadata',
    'findBroker',
    'fetchTopicsOffset',
  ])
    expect(prototype, method).toHaveProperty(method, expect.any(Function))
})

test('protocol errors are named from within wrappers, by newer codes, and for failed authentication', () => {
  const protocol = (type: string, message = type): Error =>
    Object.assign(new Error(message), { name: 'KafkaJSProtocolError', type })
  expect(protocolErrorName(protocol('NOT_COORDINATOR'))).toBe('NOT_COORDINATOR')
  expect(protocolErrorName(protocol('KAFKAJS_UNKNOWN_ERROR_CODE', 'Unknown error code 90'))).toBe('PRODUCER_FENCED')
  expect(protocolErrorName(protocol('KAFKAJS_UNKNOWN_ERROR_CODE', 'Unknown error code 87'))).toBe('INVALID_RECORD')
  const wrapped = new Error('retries exceeded', {
    cause: new Error('non-retriable', { cause: protocol('INVALID_PRODUCER_EPOCH') }),
  })
  expect(protocolErrorName(wrapped)).toBe('INVALID_PRODUCER_EPOCH')
  const refused = Object.assign(new Error('no'), { name: 'KafkaJSSASLAuthenticationError' })
  expect(protocolErrorName(refused)).toBe('SASL_AUTHENTICATION_FAILED')
  expect(protocolErrorName(new Error('socket hang up'))).toBeUndefined()
  expect(protocolErrorName('a string')).toBeUndefined()
})
