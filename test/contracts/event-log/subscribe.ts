import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Live, RecordedEvent } from '../../../src/log/event-log.js'
import { text, eventOf, contents, stored, take, eventsOf } from './rig.js'
import type { Rig } from './rig.js'

export const subscribeContract = ({ log, fresh, append, read }: Rig): void => {
  describe('subscribe', () => {
    test('delivers what the log holds, says so, then delivers what is appended', async () => {
      const prefix = fresh()
      stored(await append(`${prefix}a`, 'any', eventOf('one'), eventOf('two')))
      const stop = new AbortController()
      const order: string[] = []
      for await (const message of log.subscribe({ prefixes: [prefix], signal: stop.signal })) {
        if (message.kind === 'events') order.push(...contents(message.events))
        if (message.kind === 'caught-up') {
          order.push('caught-up')
          if (order.includes('three')) stop.abort()
          else stored(await append(`${prefix}b`, 'any', eventOf('three')))
        }
      }
      expect(order.filter((each, i) => each !== order[i - 1])).toEqual([
        'one',
        'two',
        'caught-up',
        'three',
        'caught-up',
      ])
    })

    test('begins after the given position and delivers only its prefixes', async () => {
      const prefix = fresh()
      for (const each of ['a1', 'b1', 'a2', 'b2'])
        stored(await append(`${prefix}${each.charAt(0)}`, 'any', eventOf(each)))
      const [first] = await read({ prefixes: [`${prefix}a`] })
      const { signal } = new AbortController()
      const seen = await take(
        log.subscribe({ prefixes: [`${prefix}a`], after: first!.position, signal }),
        (messages) => messages.at(-1)?.kind === 'caught-up',
      )
      expect(contents(eventsOf(seen))).toEqual(['a2'])
    })

    test('sends checkpoints if nothing matches', async () => {
      const prefix = fresh()
      stored(await append(`${prefix}mine`, 'any', eventOf('mine')))
      for (let i = 0; i < 20; i++) stored(await append(`${prefix}other`, 'any', eventOf(`${i}`)))
      const last = (await read({ prefixes: [prefix] })).at(-1)!.position
      const { signal } = new AbortController()
      const seen = await take(log.subscribe({ prefixes: [`${prefix}mine`], signal }), (messages) => {
        const message = messages.at(-1)!
        return message.kind === 'checkpoint' && message.position >= last
      })
      expect(contents(eventsOf(seen))).toEqual(['mine'])

      const nothing = await take(
        log.subscribe({ prefixes: [`${prefix}nobody`], signal }),
        (messages) => messages.at(-1)!.kind === 'caught-up',
      )
      expect(eventsOf(nothing)).toEqual([])
      const checkpoints = nothing.flatMap((message) => (message.kind === 'checkpoint' ? [message.position] : []))
      expect(checkpoints.at(-1)! >= last).toBe(true)
    })

    test('a checkpoint never runs ahead of what was delivered, and messages never go back', async () => {
      const prefix = fresh()
      for (let i = 0; i < 30; i++)
        stored(await append(`${prefix}${i % 4 === 0 ? 'mine' : 'other'}`, 'any', eventOf(`${i}`)))
      const { signal } = new AbortController()
      const seen = await take(
        log.subscribe({ prefixes: [`${prefix}mine`], batchMax: 2, signal }),
        (messages) => messages.at(-1)!.kind === 'caught-up',
      )
      let at = -1n
      for (const message of seen) {
        const positions =
          message.kind === 'events' ? message.events.map((event) => event.position) : [message.position!]
        for (const position of positions) {
          if (message.kind === 'events') expect(position > at).toBe(true)
          expect(position >= at).toBe(true)
          at = position
        }
      }
      expect(contents(eventsOf(seen))).toEqual(Array.from({ length: 8 }, (_, i) => `${4 * i}`))
    })

    test('resumed after any checkpoint or event it goes on without gap or repeat', async () => {
      const prefix = fresh()
      for (let i = 0; i < 12; i++)
        stored(await append(`${prefix}${i % 3 === 0 ? 'mine' : 'other'}`, 'any', eventOf(`${i}`)))
      const { signal } = new AbortController()
      const options = { prefixes: [`${prefix}mine`], batchMax: 1, signal }
      const whole = await take(log.subscribe(options), (messages) => messages.at(-1)!.kind === 'caught-up')
      for (const [i, message] of whole.entries()) {
        const after = message.kind === 'events' ? message.events.at(-1)!.position : message.position
        const rest = await take(
          log.subscribe({ ...options, after }),
          (messages) => messages.at(-1)!.kind === 'caught-up',
        )
        expect(contents([...eventsOf(whole.slice(0, i + 1)), ...eventsOf(rest)])).toEqual(['0', '3', '6', '9'])
      }
    })

    test('ends when `through` is reached', async () => {
      const prefix = fresh()
      stored(await append(`${prefix}a`, 'any', eventOf('one'), eventOf('two'), eventOf('three')))
      const [, two] = await read({ prefixes: [prefix] })
      const { signal } = new AbortController()
      const seen = await take(log.subscribe({ prefixes: [prefix], through: two!.position, signal }), () => false)
      expect(contents(eventsOf(seen))).toEqual(['one', 'two'])
      expect(await take(log.subscribe({ through: two!.position, after: two!.position, signal }), () => false)).toEqual(
        [],
      )
    })

    test('waits for a `through` beyond the head, and ends there even if nothing matches', async () => {
      const prefix = fresh()
      stored(await append(`${prefix}mine`, 'any', eventOf('one')))
      const [one] = await read({ prefixes: [prefix] })
      const through = one!.position + 1n
      const { signal } = new AbortController()
      const seen: Live[] = []
      for await (const message of log.subscribe({
        prefixes: [`${prefix}mine`],
        after: one!.position - 1n,
        through,
        signal,
      })) {
        seen.push(message)
        if (message.kind === 'caught-up') stored(await append(`${prefix}other`, 'any', eventOf('two')))
      }
      expect(contents(eventsOf(seen))).toEqual(['one'])
    })

    test('ends without an error when aborted: before, while catching up, and while waiting', async () => {
      const prefix = fresh()
      stored(await append(`${prefix}a`, 'any', eventOf('one'), eventOf('two')))
      expect(await take(log.subscribe({ prefixes: [prefix], signal: AbortSignal.abort() }), () => false)).toEqual([])

      const early = new AbortController()
      const some = await take(
        log.subscribe({ prefixes: [prefix], batchMax: 1, signal: early.signal }),
        () => (early.abort(), false),
      )
      expect(some).toHaveLength(1)

      const late = new AbortController()
      const live = log.subscribe({ prefixes: [prefix], signal: late.signal })[Symbol.asyncIterator]()
      for (let next = await live.next(); next.value.kind !== 'caught-up';) next = await live.next()
      // On a shared log others' appends may still come as checkpoints; the end comes all the same.
      const waiting = (async () => {
        for (let next = await live.next(); next.done !== true;) next = await live.next()
        return 'ended'
      })()
      late.abort()
      expect(await waiting).toBe('ended')
    })

    test('passes from catching up to live without gap or repeat, whatever is appended meanwhile', async () => {
      const round = fc.record({
        already: fc.nat({ max: 12 }),
        batchMax: fc.integer({ min: 1, max: 5 }),
        meanwhile: fc.array(
          fc.record({
            stream: fc.constantFrom('a', 'b', 'other'),
            count: fc.integer({ min: 1, max: 4 }),
            wait: fc.boolean(),
          }),
          {
            maxLength: 15,
          },
        ),
      })
      await fc.assert(
        fc.asyncProperty(round, async ({ already, batchMax, meanwhile }) => {
          const prefix = fresh()
          for (let i = 0; i < already; i++)
            stored(await append(`${prefix}${i % 2 === 0 ? 'a' : 'other'}`, 'any', eventOf(`before ${i}`)))
          const stop = new AbortController()
          const delivered: RecordedEvent[] = []
          const reading = (async () => {
            for await (const message of log.subscribe({
              prefixes: [`${prefix}a`, `${prefix}b`],
              batchMax,
              signal: stop.signal,
            }))
              if (message.kind === 'events') {
                delivered.push(...message.events)
                if (message.events.some((event) => text(event.data) === 'last')) stop.abort()
              }
          })()
          const writing: Promise<unknown>[] = []
          for (const [i, { stream, count, wait }] of meanwhile.entries()) {
            const events = Array.from({ length: count }, (_, j) => eventOf(`${i}.${j}`))
            const pending = append(prefix + stream, 'any', ...events).then(stored)
            if (wait) await pending
            else writing.push(pending)
          }
          await Promise.all(writing)
          stored(await append(`${prefix}b`, 'any', eventOf('last')))
          await reading
          const held = await read({ prefixes: [`${prefix}a`, `${prefix}b`] })
          expect(delivered.map((event) => [event.position, event.id])).toEqual(
            held.map((event) => [event.position, event.id]),
          )
        }),
        { numRuns: 25 },
      )
    })
  })
}
