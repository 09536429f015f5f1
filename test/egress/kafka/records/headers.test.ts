import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PackedHeaders, plainHeaders } from '../../../../src/egress/kafka/protocol/packed-headers.js'
import { encodeRecord } from '../../../../src/egress/kafka/protocol/record-encoder.js'
import { headerPacking, recordHeaders } from '../../../../src/egress/kafka/records/headers.js'
import { anyRow } from '../../../contract/any-row.js'
import { queueRow, sinkRecord } from '../../../contract/some-rows.js'

/** Rows of several tenants, generations and promotions, in any order, replays among them. */
const anyRecords = fc.array(
  fc
    .record({
      row: anyRow,
      tenant: fc.constantFrom('acme', 'Bürgeramt ✓'),
      marks: fc.record({
        generation: fc.constantFrom('g1', 'g2'),
        promotion: fc.integer({ min: 1, max: 2 }),
        replay: fc.boolean(),
      }),
    })
    .map(({ row, tenant, marks }) => sinkRecord({ ...row, tenant }, marks)),
  { minLength: 1, maxLength: 12 },
)

test.each(['exactly-once', 'at-least-once'] as const)(
  'packed headers of rows delivered %s are those of each record, by name and on the wire',
  (delivery) => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const headersOf = headerPacking('application/avro', delivery)
        for (const record of records) {
          const packed = headersOf(record)
          const plain = recordHeaders(record, 'application/avro', delivery)
          expect(packed).toBeInstanceOf(PackedHeaders)
          expect(Object.entries(plainHeaders(packed))).toEqual(Object.entries(plain))
          const onWire = (headers: typeof packed): string =>
            encodeRecord({ key: 'k', value: Buffer.from('v'), headers }).buf.toString('hex')
          expect(onWire(packed)).toBe(onWire(plain))
        }
      }),
    )
  },
)

test('what a record holds for a header may have the length of nothing or of kilobytes', () => {
  for (const queueId of ['', 'q'.repeat(63), 'q'.repeat(64), 'ü'.repeat(5_000)]) {
    const record = sinkRecord(queueRow({ queueId }))
    const packed = headerPacking('application/json', 'exactly-once')(record)
    const bytesOf = (headers: typeof packed): Buffer => encodeRecord({ value: null, headers }).buf
    expect(bytesOf(packed)).toEqual(bytesOf(recordHeaders(record, 'application/json')))
  }
})
