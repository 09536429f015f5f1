import { expect, test } from 'vitest'
import {
  bucketOf,
  BUCKETS,
  clockStream,
  configStream,
  conversationStream,
  deadLetterStream,
  generationsStream,
  isTenant,
  kpiStream,
  userStream,
} from '../../src/domain/stream-name.js'

test('names of streams are as existing logs have them', () => {
  expect(conversationStream('acme', 'c1')).toBe(`acme.${bucketOf('c1')}.conversation-c1`)
  expect(userStream('acme', 'u1')).toBe(`acme.${bucketOf('u1')}.user-u1`)
  expect(configStream('acme', 'queue', 'q1')).toBe('acme.config-queue-q1')
  expect([clockStream('acme'), deadLetterStream('acme'), generationsStream('acme'), kpiStream('acme', 'g1')]).toEqual([
    'acme.clock',
    'acme.deadletter',
    'acme.generations',
    'acme.kpi-g1',
  ])
})

test('the bucket of an id is fixed for ever', () => {
  expect(['', 'a', 'c1', '00000000-0000-4000-8000-000000000000'].map(bucketOf)).toMatchInlineSnapshot(`
    [
      "19",
      "20",
      "30",
      "05",
    ]
  `)
})

test('ids that differ in one digit spread over all buckets evenly', () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 64_000; i++) {
    const bucket = bucketOf(`9b1d2f00-0000-4000-8000-${String(i).padStart(12, '0')}`)
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  }
  expect(counts.size).toBe(BUCKETS)
  expect([...counts.keys()].every((bucket) => /^[0-3][0-9a-f]$/.test(bucket))).toBe(true)
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(250)
})

test.each([
  ['acme', true],
  ['acme-2_eu', true],
  ['a'.repeat(63), true],
  ['a'.repeat(64), false],
  ['', false],
  ['Acme', false],
  ['ac.me', false],
  ['-acme', false],
  ['acme\n', false],
])('tenant %j: %s', (name, valid) => {
  expect(isTenant(name)).toBe(valid)
})
