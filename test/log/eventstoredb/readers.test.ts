import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LogUnavailable } from '../../../src/log/event-log.js'
import type { EventLog, Position, ReadAll, RecordedEvent } from '../../../src/log/event-log.js'
import { connectEventStoreDb } from '../../../src/log/eventstoredb/client/connection.js'
import { eventsThrough, sharesOf, readInParallel } from '../../../src/log/eventstoredb/read/parallel-readers.js'
import { mergedByPosition } from '../../../src/log/eventstoredb/read/parallel-readers.js'
import type { Source } from '../../../src/log/eventstoredb/read/parallel-readers.js'
import { Reader } from '../../../src/log/eventstoredb/read/reader.js'
import { allOf } from '../../../src/log/eventstoredb/read/sources.js'
import { wireTo } from '../../support/eventstoredb/wire.js'
import { append, contents, eventOf, flatten, follow, logOn, memoryServer, never, server, stored } from './rig.js'

/** Several readers also for a short part of the log. */
const FOUR = { readers: 4, readersFromBytes: 0 }
const BUCKETS = ['t.0', 't.1', 't.2', 't.3', 't.config-', 't.clock']

const eventAt = (position: number): RecordedEvent => ({
  ...eventOf(`${position}`),
  stream: 's',
  revision: 0,
  position: BigInt(position),
})

/** Reads to the end, and continues after the last event when the read breaks off. */
const persistently = async (log: EventLog, options: ReadAll): Promise<readonly RecordedEvent[]> => {
  const seen: RecordedEvent[] = []
  let after = options.after
  for (let attempt = 0; attempt < 200; attempt++)
    try {
      for await (const batch of log.readAll({ ...options, after })) {
        if (batch.length === 0 || batch.length > (options.batchMax ?? Infinity))
          throw new Error(`a batch of ${batch.length}`)
        seen.push(...batch)
        after = batch.at(-1)!.position
      }
      return seen
    } catch (failure) {
      if (!(failure instanceof LogUnavailable)) throw failure
    }
  throw new Error('never came to its end')
}

describe('prefixes divided among readers', () => {
  const prefixes = fc.array(fc.stringMatching(/^[ab]{0,3}$/), { maxLength: 8 })

  test('every stream that matches a prefix is read by one reader, and no other stream is', () => {
    fc.assert(
      fc.property(
        prefixes,
        fc.integer({ min: 1, max: 5 }),
        fc.stringMatching(/^[abc]{0,5}$/),
        (given, readers, name) => {
          const shares = sharesOf(given, readers)
          expect(shares.length).toBeLessThanOrEqual(readers)
          const readBy = shares.filter((share) => share!.some((prefix) => name.startsWith(prefix)))
          expect(readBy).toHaveLength(given.some((prefix) => name.startsWith(prefix)) ? 1 : 0)
          expect(readers > 1 && given.length > 0 ? shares.every((share) => share!.length > 0) : true).toBe(true)
        },
      ),
    )
  })

  test('the buckets of a tenant are divided among all readers; without prefixes one reader reads', () => {
    expect(sharesOf(BUCKETS, 4)).toEqual([['t.0', 't.clock'], ['t.1', 't.config-'], ['t.2'], ['t.3']])
    expect(sharesOf(BUCKETS, 1)).toEqual([BUCKETS])
    expect(sharesOf(undefined, 4)).toEqual([undefined])
    expect(sharesOf([''], 4)).toEqual([['']])
  })
})

describe('reads merged by position', () => {
  test('hold at most two batches per reader, however slow the consumer is', async () => {
    const asked = [0, 0, 0]
    const source = (reader: number): Source =>
      async function* () {
        for (let batch = 0; batch < 20; batch++) {
          asked[reader]! += 1
          yield Array.from({ length: 5 }, (_, i) => eventAt((batch * 5 + i) * 3 + reader))
        }
      }
    let taken = 0
    for await (const batch of mergedByPosition([source(0), source(1), source(2)], 7, never())) {
      expect(batch.map(({ position }) => Number(position))).toEqual(batch.map((_, i) => taken + i))
      taken += batch.length
      await new Promise((resolve) => setImmediate(resolve))
      // What is taken of each in whole batches, one that is being taken, and one on its way.
      asked.forEach((each, reader) =>
        expect(each).toBeLessThanOrEqual(Math.floor(Math.ceil((taken - reader) / 3) / 5) + 2),
      )
    }
    expect(taken).toBe(300)
  })

  test('deliver the events before a failure, and none after it', async () => {
    const failing: Source = async function* () {
      yield [eventAt(2), eventAt(5)]
      throw new LogUnavailable('gone')
    }
    const sound: Source = async function* () {
      yield [1, 3, 4, 6, 7].map(eventAt)
    }
    const seen: number[] = []
    const reading = (async () => {
      for await (const batch of mergedByPosition([failing, sound], 100, never()))
        seen.push(...batch.map(({ position }) => Number(position)))
    })()
    await expect(reading).rejects.toThrow('gone')
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  test('throw on two events at one position', async () => {
    const source: Source = async function* () {
      yield [eventAt(1), eventAt(2)]
    }
    await expect(flatten(mergedByPosition([source, source], 100, never()))).rejects.toThrow(/position 1/)
  })

  test('end at once when aborted, and deliver nothing more', async () => {
    const stop = new AbortController()
    // Both know the signal, and end early by it, as reads do.
    const source = (reader: number): Source =>
      async function* (signal) {
        for (let i = 0; !signal.aborted; i++) yield [eventAt(i * 2 + reader)]
      }
    let taken = 0
    for await (const batch of mergedByPosition([source(0), source(1)], 1, stop.signal)) {
      taken += batch.length
      if (taken === 5) stop.abort()
    }
    expect(taken).toBe(5)
  })
})

describe('several readers', () => {
  test('read the same events in the same order as one reader, over calls that break', async () => {
    const stream = fc.constantFrom(
      ...BUCKETS.slice(0, 4).map((bucket) => `${bucket}0.c`),
      't.config-q',
      't.clock',
      'other',
    )
    const run = fc.record({
      appends: fc.array(fc.tuple(stream, fc.integer({ min: 1, max: 12 })), { maxLength: 25 }),
      prefixes: fc.subarray([...BUCKETS, 't.', 't.00'], { minLength: 1 }),
      readers: fc.integer({ min: 2, max: 7 }),
      batchMax: fc.integer({ min: 1, max: 40 }),
      // In per mille of the log; what lies between two events is a position that nobody gave.
      after: fc.option(fc.nat({ max: 1_000 })),
      through: fc.option(fc.nat({ max: 1_000 })),
      breaks: fc.nat({ max: 12 }),
      breakAfter: fc.nat({ max: 30 }),
    })
    await fc.assert(
      fc.asyncProperty(run, async ({ appends, prefixes, readers, batchMax, breaks, breakAfter, ...range }) => {
        const on = await server()
        const [single, several] = [logOn(on), logOn(on, { readers, readersFromBytes: 0 })]
        let n = 0
        for (const [name, count] of appends)
          stored(await append(single, name, ...Array.from({ length: count }, () => `${n++}`)))
        const all = await on.data.all()
        const head = (await single.head()) ?? 0n
        const before = (all[0]?.commit ?? head) - 1n
        const at = (perMille: number | null): Position | undefined =>
          perMille === null ? undefined : before + ((head - before) * BigInt(perMille)) / 1_000n
        const options = { prefixes, batchMax, after: at(range.after), through: at(range.through) }
        const wanted = all.filter(
          ({ stream: name, commit }) =>
            prefixes.some((prefix) => name.startsWith(prefix)) &&
            commit > (options.after ?? 0n) &&
            commit <= (options.through ?? head),
        )
        expect((await flatten(single.readAll(options))).map(({ position }) => position)).toEqual(
          wanted.map(({ commit }) => commit),
        )
        Object.assign(on.faults, { breakReads: breaks, breakAfter })
        expect(await persistently(several, options)).toEqual(await persistently(single, options))
        await Promise.all([single.close(), several.close()])
        on.stop()
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  test('use connections of their own, and leave no connection and no call open', async () => {
    const on = await server()
    const wire = await wireTo(on)
    onTestFinished(() => wire.close())
    const log = logOn(wire, FOUR)
    for (const bucket of BUCKETS) stored(await append(log, bucket, 'one'))
    expect(wire.opened()).toBe(1)
    for await (const batch of log.readAll({ prefixes: BUCKETS, batchMax: 2 })) {
      expect(contents(batch)).toEqual(['one', 'one'])
      break
    }
    expect(wire.opened()).toBe(4)
    await log.close()
    await on.idle()
    await wire.quiet()
  })

  // In memory: a test cannot know how long the log of a real server is.
  test('leave a short part of the log to one reader, because the server searches it once per reader', async () => {
    const on = await memoryServer()
    const wire = await wireTo(on)
    onTestFinished(() => wire.close())
    const log = logOn(wire, { readers: 4, readersFromBytes: 5_000 })
    for (const bucket of BUCKETS) stored(await append(log, bucket, 'one'))
    expect(await flatten(log.readAll({ prefixes: BUCKETS }))).toHaveLength(BUCKETS.length)
    expect(wire.opened()).toBe(1)
    stored(await append(log, 'other', 'x'.repeat(5_000)))
    expect(await flatten(log.readAll({ prefixes: BUCKETS }))).toHaveLength(BUCKETS.length)
    expect(wire.opened()).toBe(4)
  })

  test('a consumer that stops leaves no call open', async () => {
    const on = await server()
    const writing = logOn(on)
    const names = Array.from({ length: 2_000 }, (_, i) => `${i}`)
    for (const bucket of BUCKETS) stored(await append(writing, bucket, ...names))
    await writing.close()
    const log = logOn(on, FOUR)
    for await (const batch of log.readAll({ prefixes: BUCKETS, batchMax: 10 })) if (batch.length > 0) break
    await on.idle()
  })

  test('do the catching up of a subscription', async () => {
    const on = await server()
    const wire = await wireTo(on)
    onTestFinished(() => wire.close())
    const log = logOn(wire, FOUR)
    for (let i = 0; i < 30; i++) stored(await append(log, BUCKETS[i % BUCKETS.length]!, `${i}`))
    let isWritten = false
    const seen = await follow(
      log.subscribe({ prefixes: BUCKETS, batchMax: 4, signal: never() }),
      '31',
      async ({ kind }) => {
        if (kind !== 'caught-up' || isWritten) return
        isWritten = true
        for (const each of ['30', '31']) stored(await append(log, 't.0', each))
      },
    )
    expect(seen).toEqual(Array.from({ length: 32 }, (_, i) => `${i}`))
    expect(wire.opened()).toBe(4)
  })
})

describe('a server that knows less of the log than the one that reported the head', () => {
  for (const readers of [1, 4])
    test(`does not end the read early, with ${readers} at a time`, async () => {
      const on = await memoryServer()
      const log = logOn(on, { readers, readersFromBytes: 0 })
      for (const bucket of BUCKETS) for (const each of ['one', 'two']) stored(await append(log, bucket, each))
      const through = (await log.head())!
      const all = await flatten(log.readAll({ prefixes: BUCKETS }))
      const seen: RecordedEvent[] = []
      const connections = Array.from({ length: readers }, () => connectEventStoreDb(on))
      const options = { prefixes: BUCKETS, batchMax: 3, fromBytes: 0, headPollMs: 10 }
      const single = new Reader(
        allOf(connections[0]!, BUCKETS),
        { batchMax: 3, through },
        { connection: connections[0]!, signal: never(), headPollMs: 10 },
      )
      const read = readInParallel(connections, options, [undefined, through], never())
      expect(read !== undefined).toBe(readers > 1)
      on.faults.knowsThrough = all[7]!.position
      const reading = (async () => {
        for await (const batch of read ?? eventsThrough(single, through)) seen.push(...batch)
      })()
      await expect(reading).rejects.toBeInstanceOf(LogUnavailable)
      // Two of each bucket, in their order: the first reader ends after two events or eight, and nothing may come after
      // what is missing of it.
      expect(seen).toEqual(all.slice(0, seen.length))
      expect(seen.length).toBeGreaterThan(0)
    })
})

test('a consumer that stops before it has read what was sent does not keep the log from closing', async () => {
  const on = await server()
  const log = logOn(on)
  stored(await append(log, 'a', ...Array.from({ length: 20 }, (_, i) => `${i}`)))
  for (let times = 0; times < 5; times++)
    for await (const batch of log.readAll({ batchMax: 10 })) if (batch.length > 0) break
  for await (const batch of log.readStream('a', { batchMax: 10 })) if (batch.length > 0) break
  await log.close()
})

test('a log that is closed leaves no connection open', async () => {
  const on = await server()
  const wire = await wireTo(on)
  onTestFinished(() => wire.close())
  const log = logOn(wire)
  stored(await append(log, 'a', 'one'))
  expect(await flatten(log.readAll())).toHaveLength(1)
  expect(wire.open()).toBe(1)
  await log.close()
  await wire.quiet()
})
