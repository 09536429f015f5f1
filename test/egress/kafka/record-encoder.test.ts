import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import {
  encodeRecord,
  RECORD_MODULE,
  useQuickRecords,
  type EncodableRecord,
  type EncodedRecord,
} from '../../../src/egress/kafka/record-encoder.js'

const require = createRequire(import.meta.url)
// Loaded before it is replaced: this test imports nothing that connects to Kafka.
const kafkajsOwn = require(RECORD_MODULE) as (record: EncodableRecord) => EncodedRecord

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

test('the bytes of a record are those that kafkajs would write', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      expect(encodeRecord(record).buffer.toString('hex')).toBe(kafkajsOwn(record).buffer.toString('hex'))
    }),
  )
})

test('it takes the place of the function that kafkajs loads with its first batch, once or twice', () => {
  useQuickRecords()
  useQuickRecords()
  expect(require(RECORD_MODULE)).toBe(encodeRecord)
  const { version } = JSON.parse(readFileSync(require.resolve('kafkajs/package.json'), 'utf8')) as { version: string }
  expect(version, 'another kafkajs: look whether its record module is still what this replaces').toBe('2.2.4')
})
