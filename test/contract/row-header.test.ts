import fc from 'fast-check'
import { expect, test } from 'vitest'
import { familyNames } from '../../src/domain/family.js'
import { rowCodec } from '../../src/contract/row-codec.js'
import { headerOf } from '../../src/contract/row-header.js'
import { anyRow, anyRowOf } from './any-row.js'
import { queueRow, stateRow } from './some-rows.js'

test("the header at the front of a row's bytes says what the decoded row says, and the bytes stay as they are", () => {
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 1, maxLength: 10 }), (rows) => {
      for (const row of rows) {
        const { encode, header } = rowCodec(row.family)
        const bytes = encode(row)
        const before = Buffer.from(bytes)
        expect(header(bytes)).toEqual(headerOf(row))
        expect(before.equals(bytes)).toBe(true)
      }
    }),
  )
})

test('what tells a row from others is what its header says, without tenant and dimensions', () => {
  fc.assert(
    fc.property(anyRow, (row) => {
      const { encode, place } = rowCodec(row.family)
      const { tenant: _, dimensions: __, ...said } = headerOf(row)
      expect(place(encode(row)).place).toEqual(said)
    }),
  )
})

test('rows of a family whose bytes are equal behind their headers say the same besides', () => {
  const pairs = fc.constantFrom(...familyNames).chain((family) => fc.tuple(anyRowOf(family), anyRowOf(family)))
  fc.assert(
    fc.property(pairs, ([one, other]) => {
      const { encode, place, figures } = rowCodec(one.family)
      const { measures, kpis, serviceTarget, erased } = one
      const alike = encode({ ...other, measures, kpis, serviceTarget, erased })
      const behind = (bytes: Uint8Array): Buffer => Buffer.from(bytes.subarray(place(bytes).behind))
      expect(behind(alike)).toEqual(behind(encode(one)))
      expect(figures(alike)).toEqual(figures(encode(one)))
    }),
  )
})

test('a header is read without what follows it', () => {
  const bytes = rowCodec('queue').encode(queueRow({}))
  expect(() => rowCodec('queue').decode(bytes.subarray(0, -1))).toThrow(RangeError)
  expect(rowCodec('queue').header(bytes.subarray(0, -1))).toEqual(headerOf(queueRow({})))
})

test('the header of a row that is cut short in it, or of another family, is refused', () => {
  const bytes = rowCodec('queue').encode(queueRow({}))
  for (let length = 0; length < 40; length++)
    expect(() => rowCodec('queue').header(bytes.subarray(0, length))).toThrow(RangeError)
  expect(() => rowCodec('queue').header(rowCodec('agent-state').encode(stateRow({})))).toThrow(RangeError)
})
