import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { addToDigest, DIGEST_MODULUS, rowNumber, takeFromDigest } from '../../src/domain/row-digest.js'

const anyKey = fc.string({ unit: fc.constantFrom(...Array.from('abcXYZ019/-._:~%')), maxLength: 300 })
const anyRevision = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

test('the number of a row is the first ten hexadecimal digits of the MD5 of key, space and revision', () => {
  fc.assert(
    fc.property(anyKey, anyRevision, (key, revision) => {
      const md5 = createHash('md5').update(`${key} ${revision}`).digest('hex')
      expect(rowNumber(key, revision)).toBe(Number.parseInt(md5.slice(0, 10), 16))
    }),
  )
})

test('every length of a key gives the number that MD5 gives, at the ends of its blocks too', () => {
  for (let length = 0; length < 200; length++) {
    const md5 = createHash('md5')
      .update(`${'k'.repeat(length)} 1`)
      .digest('hex')
    expect(rowNumber('k'.repeat(length), 1), String(length)).toBe(Number.parseInt(md5.slice(0, 10), 16))
  }
})

test('a key that is not plain ASCII is refused: databases would hash other bytes', () => {
  expect(() => rowNumber('queue/ä', 1)).toThrow(/not plain ASCII/)
})

test('a digest does not depend on the order of rows, and a row that is taken off again leaves no trace', () => {
  const anyNumbers = fc.array(fc.integer({ min: 0, max: DIGEST_MODULUS - 1 }), { minLength: 1 })
  fc.assert(
    fc.property(anyNumbers, ([first = 0, ...rest]) => {
      const sum = (numbers: readonly number[]) => numbers.reduce(addToDigest, 0)
      expect(sum([...rest, first])).toBe(sum([first, ...rest]))
      expect(takeFromDigest(sum([first, ...rest]), first)).toBe(sum(rest))
    }),
  )
})
