import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  checked,
  encodeRevisions,
  KIND,
  postingKey,
  postingRange,
  readRevisions,
  startIn,
  unchecked,
} from '../../../src/app/row-index/postings.js'

const sort = { family: 'queue', granularity: 'PT15M' } as const
const start = fc.integer({ min: -(2 ** 44), max: 2 ** 46 })
const revisions = fc
  .uniqueArray(fc.oneof(fc.nat({ max: 500 }), fc.integer({ min: 0, max: 2 ** 47 })), { minLength: 1, maxLength: 60 })
  .map((numbers) => numbers.sort((a, b) => a - b))

test('a posting returns the revisions and the start of the interval that it was made of', () => {
  fc.assert(
    fc.property(start, revisions, (from, numbers) => {
      const key = postingKey(KIND.rows, sort, from, numbers[0]!)
      const read: number[] = []
      readRevisions(key, encodeRevisions(numbers), read)
      expect([startIn(key), read]).toEqual([from, numbers])
    }),
  )
})

test('a range of keys holds the postings of the intervals that start in it, and of no other family or length', () => {
  fc.assert(
    fc.property(start, start, start, fc.nat(), (one, from, to, revision) => {
      const { start: low, end: high } = postingRange(KIND.rows, sort, from, to)
      const within = (key: Buffer): boolean => key.compare(low) >= 0 && key.compare(high) < 0
      expect(within(postingKey(KIND.rows, sort, one, revision))).toBe(one >= from && one < to)
      expect(within(postingKey(KIND.corrections, sort, one, revision))).toBe(false)
      expect(within(postingKey(KIND.rows, { ...sort, granularity: 'P1D' }, one, revision))).toBe(false)
      expect(within(postingKey(KIND.rows, { ...sort, family: 'agent' }, one, revision))).toBe(false)
    }),
  )
})

test('a changed byte of a value, and a value under another key, are found out', () => {
  const [key, value] = [Buffer.from('key'), Buffer.from('value')]
  const bytes = checked(key, value)
  expect(unchecked(key, bytes)).toEqual(value)
  expect(unchecked(Buffer.from('kez'), bytes)).toBeUndefined()
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = changed[at]! ^ 1
    expect(unchecked(key, changed), `byte ${at}`).toBeUndefined()
  }
})
