import fc from 'fast-check'
import { expect, test } from 'vitest'
import { routingKey } from '../../../src/egress/rabbitmq/routing-key.js'
import { queueRow, sinkRecord } from '../../contract/some-rows.js'

const keyOfQueue = (queueId: string): string => String(routingKey(sinkRecord(queueRow({ queueId }))))

test.each([
  ['4e9f2b7c-1d7a-4a1e-9a54-5d2f0c1b2a3d', 'queue.4e9f2b7c-1d7a-4a1e-9a54-5d2f0c1b2a3d.PT15M'],
  ['a.b*c#d~e f', 'queue.a~2eb~2ac~23d~7ee~20f.PT15M'],
  ['Müller', 'queue.M~c3~bcller.PT15M'],
  ['', 'queue.-.PT15M'],
  ['-', 'queue.~2d.PT15M'],
])('the routing key of the queue %j is %s', (id, key) => {
  expect(keyOfQueue(id)).toBe(key)
})

test('a routing key has three words without wildcards and at most 255 bytes, and differs where the ids do', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 400 })
  fc.assert(
    fc.property(text, text, (one, other) => {
      const [a, b] = [keyOfQueue(one), keyOfQueue(other)]
      for (const key of [a, b]) {
        expect(key).toMatch(/^queue\.[A-Za-z0-9_~-]+\.PT15M$/)
        expect(key.length).toBeLessThanOrEqual(255)
      }
      expect(a === b).toBe(one === other)
    }),
  )
})
