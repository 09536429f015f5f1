import fc from 'fast-check'
import type { RecordedEvent } from '../../src/log/event-log.js'

/** Any event that a log could hold, small. */
export const anyEvent: fc.Arbitrary<RecordedEvent> = fc.record({
  stream: fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
  revision: fc.nat(),
  position: fc.bigInt({ min: 0n, max: 2n ** 63n }),
  id: fc.uuid(),
  type: fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
  metadata: fc.uint8Array({ maxLength: 20 }),
  data: fc.uint8Array({ maxLength: 40 }),
})
