import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader } from '../../../src/facts/codec/byte-reader.js'
import { ByteWriter } from '../../../src/facts/codec/byte-writer.js'
import { readPlain, writePlain, type PlainData } from '../../../src/facts/codec/plain-data.js'
import { lawRuns } from '../../support/law-runs.js'

const written = (data: PlainData): ByteWriter => {
  const writer = new ByteWriter(8)
  writePlain(writer, data)
  return writer
}

test('plain data is read back as it was written, half surrogate pairs and minus zero too', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', 'a\udc00é'))
  const number = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.constantFrom(-0, 2 ** 53, Infinity, -Infinity))
  const { data } = fc.letrec<{ data: PlainData }>((tie) => ({
    data: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false),
      number,
      text,
      fc.array(tie('data')),
      fc.dictionary(fc.string(), tie('data')),
    ),
  }))
  fc.assert(
    fc.property(data, (value) => {
      const writer = written(value)
      const reader = new ByteReader(writer.finish())
      expect(readPlain(reader)).toEqual(value)
      expect(reader.at).toBe(writer.length)
    }),
    lawRuns(300),
  )
})

test('an interval of an agent takes few bytes', () => {
  const cell = [null, 1767335400000, 'corrected', 'late', 2, 0, 0, [117, 1, 0, 0, 0]]
  expect(written(cell).length).toBeLessThan(50)
})

test('bytes that begin no value are refused', () => {
  expect(() => readPlain(new ByteReader(Buffer.from([9])))).toThrow('no plain data begins with byte 9')
})
