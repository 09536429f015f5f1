import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import type { EventLog, NewEvent, ReadAll, RecordedEvent, StreamAppend } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { scratchDirectory } from './child-process.js'

const STREAMS = ['a', 'a.b', 'b', 'long']

const eventNumbered = (n: number): NewEvent => ({
  id: `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
  type: n % 2 === 0 ? 'Even' : 'Odd',
  // Some events fill a block of their own.
  data: Buffer.alloc(n % 17 === 0 ? 40_000 : n, `${n} `),
  metadata: Buffer.from(`{"n":${n}}`),
})

const streamAppend: fc.Arbitrary<StreamAppend> = fc
  .record({
    stream: fc.constantFrom(...STREAMS),
    expected: fc.oneof(
      fc.constantFrom('any' as const, 'any' as const, 'no-stream' as const),
      fc.integer({ min: -1, max: 40 }),
    ),
    from: fc.nat({ max: 300 }),
    count: fc.oneof({ arbitrary: fc.nat({ max: 5 }), weight: 4 }, { arbitrary: fc.nat({ max: 150 }), weight: 1 }),
  })
  .map(({ stream, expected, from, count }) => ({
    stream,
    expected,
    events: Array.from({ length: count }, (_, i) => eventNumbered(from + i)),
  }))

type Step = Readonly<
  | { kind: 'append'; calls: readonly (readonly StreamAppend[])[] }
  | { kind: 'erase'; stream: string }
  | { kind: 'reopen' }
>

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc
      .array(fc.array(streamAppend, { maxLength: 4 }), { minLength: 1, maxLength: 4 })
      .map((calls) => ({ kind: 'append', calls }) as const),
    weight: 8,
  },
  { arbitrary: fc.constant({ kind: 'reopen' } as const), weight: 2 },
  { arbitrary: fc.constantFrom(...STREAMS).map((stream) => ({ kind: 'erase', stream }) as const), weight: 1 },
)

/** All that can be read, but for positions, which each log gives in its own way. */
const contentOf = async (log: EventLog): Promise<unknown> => {
  const rendered = async (batches: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly unknown[]> => {
    const events: unknown[] = []
    for await (const batch of batches)
      for (const { stream, revision, id, type, data, metadata } of batch)
        events.push({
          ...{ stream, revision, id, type },
          data: Buffer.from(data).toString('latin1'),
          metadata: Buffer.from(metadata).toString('latin1'),
        })
    return events
  }
  const all = (options: ReadAll): Promise<readonly unknown[]> => rendered(log.readAll(options))
  return {
    all: await all({}),
    prefixed: await all({ prefixes: ['a.', 'l'], batchMax: 7 }),
    streams: await Promise.all(STREAMS.map((stream) => rendered(log.readStream(stream, { batchMax: 11 })))),
    backwards: await Promise.all(
      STREAMS.map((stream) => rendered(log.readStream(stream, { backwards: true, from: 70 }))),
    ),
    revisions: await Promise.all(STREAMS.map((stream) => log.streamRevision(stream))),
  }
}

test('after any appends and erasures the embedded log answers and holds the same as the memory log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const dir = await scratchDirectory()
      const model = memoryLog()
      let log = await openEmbeddedLog({ dir, mode: 'writer' })
      try {
        for (const each of steps) {
          if (each.kind === 'reopen') {
            await log.close()
            log = await openEmbeddedLog({ dir, mode: 'writer' })
            continue
          }
          if (each.kind === 'erase') {
            expect(await log.erase(each.stream)).toEqual(await model.erase(each.stream))
            continue
          }
          // Not awaited one by one, so that calls share commits.
          const answers = await Promise.all(each.calls.map((call) => log.append(call)))
          const expected: unknown[] = []
          for (const call of each.calls) expected.push(await model.append(call))
          expect(answers).toEqual(expected)
        }
        expect(await contentOf(log)).toEqual(await contentOf(model))
      } finally {
        await log.close()
      }
    }),
    { numRuns: 40 },
  )
}, 60_000)
