import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { EventLog, RecordedEvent, StreamLive, SubscribeStream } from '../../../src/log/event-log.js'
import { contents, eventOf, stored, text } from './rig.js'
import type { Rig } from './rig.js'

const never = new AbortController().signal
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${i}`)

/** Takes messages until `enough` says so. */
const take = async (
  live: AsyncIterable<StreamLive>,
  enough: (seen: readonly StreamLive[]) => boolean,
): Promise<readonly StreamLive[]> => {
  const seen: StreamLive[] = []
  for await (const message of live) {
    seen.push(message)
    if (enough(seen)) break
  }
  return seen
}
const caughtUp = (seen: readonly StreamLive[]): boolean => seen.at(-1)?.kind === 'caught-up'
const eventsOf = (seen: readonly StreamLive[]): readonly RecordedEvent[] =>
  seen.flatMap((message) => (message.kind === 'events' ? message.events : []))

export const subscribeStreamContract = ({ log, another, fresh, append }: Rig): void => {
  const untilCaughtUp = (stream: string, options: Partial<SubscribeStream> = {}) =>
    take(log.subscribeStream(stream, { signal: never, ...options }), caughtUp)

  describe('subscribeStream', () => {
    test('delivers what the stream holds, says so, then delivers what is appended', async () => {
      const prefix = fresh()
      stored(await append(`${prefix}a`, 'any', eventOf('one'), eventOf('two')))
      stored(await append(`${prefix}ab`, 'any', eventOf('of another stream')))
      const order: string[] = []
      for await (const message of log.subscribeStream(`${prefix}a`, { signal: never })) {
        if (message.kind === 'events') order.push(...contents(message.events))
        else {
          order.push(`caught up at ${message.revision}`)
          if (order.includes('three')) break
          stored(await append(`${prefix}ab`, 'any', eventOf('another of another stream')))
          stored(await append(`${prefix}a`, 'any', eventOf('three')))
        }
      }
      expect(order).toEqual(['one', 'two', 'caught up at 1', 'three', 'caught up at 2'])
    })

    test('begins with the revision asked for and delivers the events as they were recorded', async () => {
      const stream = `${fresh()}a`
      stored(await append(stream, 'any', ...names(7).map((each) => eventOf(each))))
      for (const from of [0, 1, 6]) {
        const seen = await untilCaughtUp(stream, { from })
        expect(contents(eventsOf(seen))).toEqual(names(7).slice(from))
        expect(eventsOf(seen).map(({ revision }) => revision)).toEqual(names(7).slice(from).map(Number))
        expect(seen.at(-1)).toEqual({ kind: 'caught-up', revision: 6 })
      }
      const read: RecordedEvent[] = []
      for await (const batch of log.readStream(stream)) read.push(...batch)
      expect(eventsOf(await untilCaughtUp(stream))).toEqual(read)
    })

    test('asked for a revision that the stream has not reached, says where the stream ends, and waits', async () => {
      const stream = `${fresh()}a`
      stored(await append(stream, 'any', eventOf('0'), eventOf('1')))
      const seen: StreamLive[] = []
      for await (const message of log.subscribeStream(stream, { from: 4, signal: never })) {
        seen.push(message)
        if (seen.length === 1) stored(await append(stream, 'any', ...['2', '3', '4', '5'].map((each) => eventOf(each))))
        if (eventsOf(seen).at(-1)?.revision === 5) break
      }
      expect(seen[0]).toEqual({ kind: 'caught-up', revision: 1 })
      expect(contents(eventsOf(seen))).toEqual(['4', '5'])
    })

    test('batches hold at most as many events as asked', async () => {
      const stream = `${fresh()}a`
      stored(await append(stream, 'any', ...names(23).map((each) => eventOf(each))))
      const seen = await untilCaughtUp(stream, { batchMax: 4 })
      const sizes = seen.flatMap((message) => (message.kind === 'events' ? [message.events.length] : []))
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4)
      expect(contents(eventsOf(seen))).toEqual(names(23))
    })

    test('waits for a stream that was never written', async () => {
      const stream = `${fresh()}a`
      const seen: StreamLive[] = []
      for await (const message of log.subscribeStream(stream, { signal: never })) {
        seen.push(message)
        if (message.kind === 'events') break
        stored(await append(stream, 'any', eventOf('one')))
      }
      expect(seen[0]).toEqual({ kind: 'caught-up', revision: undefined })
      expect(contents(eventsOf(seen))).toEqual(['one'])
    })

    test('delivers nothing of an erased stream, and ends when aborted', async () => {
      const stream = `${fresh()}a`
      stored(await append(stream, 'any', eventOf('one'), eventOf('two')))
      expect(E.isRight(await log.erase(stream))).toBe(true)
      const stop = new AbortController()
      const seen: StreamLive[] = []
      for await (const message of log.subscribeStream(stream, { signal: stop.signal })) {
        seen.push(message)
        stop.abort()
      }
      expect(seen).toEqual([{ kind: 'caught-up', revision: undefined }])
    })

    test('of a stream that is erased meanwhile it says so and delivers no more', async () => {
      const stream = `${fresh()}a`
      stored(await append(stream, 'any', eventOf('one')))
      const seen: StreamLive[] = []
      for await (const message of log.subscribeStream(stream, { signal: never })) {
        seen.push(message)
        if (message.kind !== 'caught-up') continue
        if (message.revision === undefined) break
        expect(E.isRight(await log.erase(stream))).toBe(true)
      }
      expect(contents(eventsOf(seen))).toEqual(['one'])
      expect(seen.at(-1)).toEqual({ kind: 'caught-up', revision: undefined })
    })

    test('sees what another instance of the log appends, and the other way round', async () => {
      const stream = `${fresh()}a`
      const second = await another()
      const follow = async (on: EventLog): Promise<readonly string[]> =>
        contents(
          eventsOf(await take(on.subscribeStream(stream, { signal: never }), (seen) => eventsOf(seen).length === 6)),
        )
      const following = [follow(log), follow(second)]
      for (const each of names(6)) stored(await append(stream, 'any', eventOf(each)))
      expect(await Promise.all(following)).toEqual([names(6), names(6)])
      await second.close()
    })

    test('ends without an error when aborted: before, while catching up, and while waiting', async () => {
      const stream = `${fresh()}a`
      stored(await append(stream, 'any', eventOf('one'), eventOf('two')))
      expect(await take(log.subscribeStream(stream, { signal: AbortSignal.abort() }), () => false)).toEqual([])

      const early = new AbortController()
      const some = await take(
        log.subscribeStream(stream, { batchMax: 1, signal: early.signal }),
        () => (early.abort(), false),
      )
      expect(contents(eventsOf(some))).toEqual(['one'])
      expect(some).toHaveLength(1)

      const late = new AbortController()
      const live = log.subscribeStream(stream, { signal: late.signal })[Symbol.asyncIterator]()
      for (let next = await live.next(); next.value.kind !== 'caught-up';) next = await live.next()
      const waiting = live.next()
      late.abort()
      expect((await waiting).done).toBe(true)
    })

    test('never skips and never repeats, whatever is appended meanwhile', async () => {
      const round = fc.record({
        already: fc.nat({ max: 12 }),
        from: fc.nat({ max: 14 }),
        batchMax: fc.integer({ min: 1, max: 5 }),
        meanwhile: fc.array(
          fc.record({ mine: fc.boolean(), count: fc.integer({ min: 1, max: 4 }), wait: fc.boolean() }),
          { maxLength: 15 },
        ),
      })
      await fc.assert(
        fc.asyncProperty(round, async ({ already, from, batchMax, meanwhile }) => {
          const prefix = fresh()
          const stream = `${prefix}a`
          const last = from + 1
          if (already > 0)
            stored(await append(stream, 'any', ...names(already).map((each) => eventOf(`before ${each}`))))
          const delivered: RecordedEvent[] = []
          const reading = (async () => {
            for await (const message of log.subscribeStream(stream, { from, batchMax, signal: never })) {
              if (message.kind !== 'events') continue
              delivered.push(...message.events)
              if (message.events.some((event) => text(event.data) === 'last')) break
            }
          })()
          const writing: Promise<unknown>[] = []
          for (const [i, { mine, count, wait }] of meanwhile.entries()) {
            const events = names(count).map((each) => eventOf(`${i}.${each}`))
            const pending = append(mine ? stream : `${prefix}other`, 'any', ...events).then(stored)
            if (wait) await pending
            else writing.push(pending)
          }
          await Promise.all(writing)
          stored(await append(stream, 'any', ...names(last).map((each) => eventOf(`filler ${each}`)), eventOf('last')))
          await reading
          const held: RecordedEvent[] = []
          for await (const batch of log.readStream(stream, { from })) held.push(...batch)
          expect(delivered.map(({ revision, id }) => [revision, id])).toEqual(
            held.map(({ revision, id }) => [revision, id]),
          )
        }),
        { numRuns: 25 },
      )
    })
  })
}
