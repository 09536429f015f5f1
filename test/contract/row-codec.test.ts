import avro from 'avsc'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { familyNames, type FamilyName } from '../../src/domain/family.js'
import { noMeasure } from '../../src/domain/measure.js'
import { metricIndex } from '../../src/domain/metric.js'
import type { Row } from '../../src/domain/row.js'
import { readerOfSchema, rowCodec } from '../../src/contract/row-codec.js'
import { anyRow, anyRowOf } from './any-row.js'
import { keyed } from '../support/keyed.js'
import { datumOf } from './row-datum.js'
import { queueRow, skillRow, stateRow } from './some-rows.js'

/** The types that avsc makes of the published JSON text of the schemas. */
const reference = Object.fromEntries(
  familyNames.map((family) => [family, avro.Type.forSchema(JSON.parse(JSON.stringify(rowCodec(family).schema)))]),
) as unknown as Readonly<Record<FamilyName, avro.Type>>

describe.each(familyNames)('rows of %s', (family) => {
  const { encode, decode } = rowCodec(family)

  test('are written byte for byte as avsc writes them, and read from what avsc wrote', () => {
    fc.assert(
      fc.property(anyRowOf(family), (row) => {
        const written = reference[family].toBuffer(datumOf(row))
        expect(Buffer.compare(encode(row), written)).toBe(0)
        expect(decode(written)).toEqual(row)
      }),
      { numRuns: 150 },
    )
  })
})

test('decoding gives back what was encoded', () => {
  fc.assert(
    fc.property(anyRow, (row) => {
      const { encode, decode } = rowCodec(row.family)
      expect(decode(encode(row))).toEqual(row)
    }),
  )
})

test('the bytes of a row do not change when later rows are encoded', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 2, maxLength: 100 }), (rows) => {
      const bytes = rows.map((row) => rowCodec(row.family).encode(row))
      rows.forEach((row, index) => expect(rowCodec(row.family).decode(bytes[index] as Uint8Array)).toEqual(row))
    }),
    { numRuns: 20 },
  )
})

test('a row larger than a block of memory is encoded whole, and so are those around it', () => {
  const rows = [1, 200_000, 2, 31_000, 33_000, 3].map((length) => queueRow({ queueId: 'q'.repeat(length) }))
  const bytes = rows.map((row) => rowCodec('queue').encode(row))
  expect(bytes.map((datum) => rowCodec('queue').decode(datum))).toEqual(rows)
})

describe('a row that does not fit is refused by name', () => {
  const row = queueRow({})
  const withAnswered = (changed: object): Row => ({
    ...row,
    measures: row.measures.map((measure, place) =>
      measure && place === metricIndex.get('tAnswered') ? { ...measure, ...changed } : measure,
    ),
  })

  test.each<[what: string, row: Row, message: string]>([
    ['a sum that is no whole number of milliseconds', withAnswered({ sum: 0.5 }), '0.5 is no whole number'],
    ['a sum that is not exact', withAnswered({ sum: 2 ** 53 }), 'is no whole number'],
    ['extremes of nothing', withAnswered({ min: Infinity }), 'Infinity'],
    [
      'a dimension that must have a value',
      keyed({ ...row, dimensions: [null, 'voice', null, null] }),
      'queueId is null',
    ],
    [
      'a built-in KPI without denominator',
      { ...row, kpis: { asa: { numerator: 1, denominator: null } } },
      'asa has no denominator',
    ],
    ["a profile's KPI that is no number", { ...row, kpis: { mine: { numerator: NaN, denominator: null } } }, 'NaN'],
    ['another family', skillRow({}), 'family skill'],
  ])('%s', (_, strange, message) => {
    const { encode, decode } = rowCodec('queue')
    expect(() => encode(strange)).toThrow(strange.key)
    expect(() => encode(strange)).toThrow(message)
    expect(decode(encode(row))).toEqual(row)
  })
})

test('a measure of nothing is null', () => {
  const row = queueRow({})
  const measures = row.measures.map((measure) => measure ?? noMeasure)
  const family = rowCodec('queue')
  expect(family.decode(family.encode({ ...row, measures })).measures).toEqual(row.measures)
})

test('bytes cut short anywhere, bytes with a tail and rows of another family are refused', () => {
  const bytes = rowCodec('queue').encode(queueRow({}))
  for (let length = 0; length < bytes.length; length++)
    expect(() => rowCodec('queue').decode(bytes.subarray(0, length))).toThrow(RangeError)
  expect(() => rowCodec('queue').decode(Uint8Array.from([...bytes, 0]))).toThrow(RangeError)
  expect(() => rowCodec('queue').decode(rowCodec('agent-state').encode(stateRow({})))).toThrow(RangeError)
})

test('damaged bytes are refused or read as some row, and never keep the reader busy', () => {
  fc.assert(
    fc.property(
      anyRow,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 5 }),
      (row, changes) => {
        const { encode, decode } = rowCodec(row.family)
        const bytes = Buffer.from(encode(row))
        for (const [place, byte] of changes) bytes[place % bytes.length] = byte
        try {
          expect(decode(bytes).family).toBe(row.family)
        } catch (cause) {
          expect(cause).toBeInstanceOf(RangeError)
        }
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a reader is found by the fingerprint that is stored beside a row; for an unknown one the message says what to do', () => {
  for (const family of familyNames)
    expect(readerOfSchema(rowCodec(family).fingerprint)).toEqual(E.right(rowCodec(family)))
  const unknown = readerOfSchema('0123456789abcdef')
  expect(unknown).toMatchObject({
    left: {
      tag: 'UnknownSchema',
      fingerprint: '0123456789abcdef',
      message: expect.stringMatching(/run the version.*rebuild/),
    },
  })
})
