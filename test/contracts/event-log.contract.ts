import { createHash, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogUnavailable } from '../../src/log/event-log.js'
import type {
  AppendFailure,
  Appended,
  EventLog,
  Live,
  NewEvent,
  ReadAll,
  RecordedEvent,
  StreamAppend,
} from '../../src/log/event-log.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array): string => new TextDecoder().decode(data)

/** An id derived from content, as every caller of the port makes them. */
export const idOf = (content: string): string =>
  createHash('sha256')
    .update(content)
    .digest('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

export const eventOf = (content: string, type = 'Seen'): NewEvent => ({
  id: idOf(content),
  type,
  data: bytes(content),
  metadata: bytes(JSON.stringify({ of: content.slice(0, 40) })),
})

export const flatten = async (batches: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of batches) {
    if (batch.length === 0) throw new Error('an empty batch')
    events.push(...batch)
  }
  return events
}

const contents = (events: readonly RecordedEvent[]): readonly string[] => events.map((event) => text(event.data))

const stored = (answer: E.Either<AppendFailure, Appended> | undefined): Appended => {
  if (answer === undefined || E.isLeft(answer)) throw new Error(`not stored: ${JSON.stringify(answer)}`)
  return answer.right
}

const refusal = (answer: E.Either<AppendFailure, Appended> | undefined): AppendFailure => {
  if (answer === undefined || E.isRight(answer)) throw new Error(`not refused: ${JSON.stringify(answer)}`)
  return answer.left
}

/** Takes from a subscription until `enough` says so, and says how it went on. */
const take = async (
  live: AsyncIterable<Live>,
  enough: (seen: readonly Live[]) => boolean,
): Promise<readonly Live[]> => {
  const seen: Live[] = []
  for await (const message of live) {
    seen.push(message)
    if (enough(seen)) break
  }
  return seen
}

const eventsOf = (seen: readonly Live[]): readonly RecordedEvent[] =>
  seen.flatMap((message) => (message.kind === 'events' ? message.events : []))

/**
 * What every event log keeps. The log may be shared and may hold other people's streams, before and meanwhile: each
 * test uses names of its own, and nothing is assumed of positions but their order.
 */
export const eventLogContract = (name: string, open: () => Promise<EventLog>): void => {
  describe(`the event log contract: ${name}`, () => {
    let log: EventLog
    beforeAll(async () => {
      log = await open()
    })
    afterAll(() => log.close())

    /** A prefix nobody else uses. */
    const fresh = (): string => `t-${randomUUID()}.`
    const append = async (stream: string, expected: StreamAppend['expected'], ...events: readonly NewEvent[]) =>
      (await log.append([{ stream, expected, events }]))[0]
    const read = (options: ReadAll) => flatten(log.readAll(options))

    describe('append', () => {
      test('answers the last revision and stores the bytes as they are', async () => {
        const stream = `${fresh()}a`
        const event: NewEvent = {
          ...eventOf('one'),
          data: Uint8Array.of(0, 255, 10, 13, 0),
          metadata: bytes('{"é":"✓"}'),
        }
        expect(stored(await append(stream, 'no-stream', event, eventOf('two')))).toEqual({
          revision: 1,
          stored: [true, true],
        })
        const [first, second] = await flatten(log.readStream(stream))
        expect({ ...first, data: [...first!.data], metadata: text(first!.metadata) }).toEqual({
          id: event.id,
          type: 'Seen',
          stream,
          revision: 0,
          position: first!.position,
          data: [0, 255, 10, 13, 0],
          metadata: '{"é":"✓"}',
        })
        expect(second!.revision).toBe(1)
        expect(second!.position > first!.position).toBe(true)
      })

      test('takes events without data or metadata', async () => {
        const stream = `${fresh()}a`
        stored(await append(stream, 'any', { ...eventOf('one'), data: new Uint8Array(0), metadata: new Uint8Array(0) }))
        const [event] = await flatten(log.readStream(stream))
        expect([event!.data.byteLength, event!.metadata.byteLength]).toEqual([0, 0])
      })

      test('stores what it was given, whatever the caller does with the buffer afterwards', async () => {
        const stream = `${fresh()}a`
        const event = eventOf('one')
        stored(await append(stream, 'any', event))
        event.data.fill(0)
        event.metadata.fill(0)
        expect(contents(await flatten(log.readStream(stream)))).toEqual(['one'])
      })

      test('refuses a wrong expected revision, says the actual one, and stores nothing of it', async () => {
        const stream = `${fresh()}a`
        const refused = async (expected: StreamAppend['expected']) =>
          refusal(await append(stream, expected, eventOf(`refused ${expected}`)))
        expect(await refused(0)).toEqual({ tag: 'WrongExpectedRevision', stream, expected: 0, actual: -1 })
        stored(await append(stream, -1, eventOf('one')))
        stored(await append(stream, 0, eventOf('two')))
        expect(await refused('no-stream')).toEqual({
          tag: 'WrongExpectedRevision',
          stream,
          expected: 'no-stream',
          actual: 1,
        })
        expect(await refused(0)).toEqual({ tag: 'WrongExpectedRevision', stream, expected: 0, actual: 1 })
        expect(await refused(2)).toEqual({ tag: 'WrongExpectedRevision', stream, expected: 2, actual: 1 })
        expect(contents(await flatten(log.readStream(stream)))).toEqual(['one', 'two'])
      })

      test('a repeat stores nothing and succeeds, whatever it expects', async () => {
        const stream = `${fresh()}a`
        const [one, two] = [eventOf('one'), eventOf('two')]
        stored(await append(stream, 'no-stream', one, two))
        stored(await append(stream, 1, eventOf('three')))
        for (const expected of ['no-stream', 'any', 0, 1, 2, 7] as const)
          expect(stored(await append(stream, expected, one, two))).toEqual({ revision: 2, stored: [false, false] })
        expect(contents(await flatten(log.readStream(stream)))).toEqual(['one', 'two', 'three'])
      })

      test('of an append partly there already only the new events are stored, under the expectation', async () => {
        const stream = `${fresh()}a`
        stored(await append(stream, 'no-stream', eventOf('one'), eventOf('two')))
        expect(refusal(await append(stream, 0, eventOf('two'), eventOf('three'))).tag).toBe('WrongExpectedRevision')
        expect(stored(await append(stream, 1, eventOf('two'), eventOf('three')))).toEqual({
          revision: 2,
          stored: [false, true],
        })
        expect(contents(await flatten(log.readStream(stream)))).toEqual(['one', 'two', 'three'])
      })

      test('an event given twice in one append is stored once', async () => {
        const stream = `${fresh()}a`
        expect(stored(await append(stream, 'any', eventOf('one'), eventOf('two'), eventOf('one')))).toEqual({
          revision: 1,
          stored: [true, true, false],
        })
      })

      test('the same event may lie in two streams', async () => {
        const prefix = fresh()
        stored(await append(`${prefix}a`, 'any', eventOf('one')))
        expect(stored(await append(`${prefix}b`, 'any', eventOf('one')))).toEqual({ revision: 0, stored: [true] })
        expect((await read({ prefixes: [prefix] })).map((event) => event.stream)).toEqual([`${prefix}a`, `${prefix}b`])
      })

      test('of no events checks the expectation only', async () => {
        const stream = `${fresh()}a`
        expect(stored(await append(stream, 'any'))).toEqual({ revision: -1, stored: [] })
        expect(stored(await append(stream, 'no-stream'))).toEqual({ revision: -1, stored: [] })
        expect(refusal(await append(stream, 0)).tag).toBe('WrongExpectedRevision')
        expect(await log.streamRevision(stream)).toBeUndefined()
        stored(await append(stream, 'any', eventOf('one')))
        expect(stored(await append(stream, 0))).toEqual({ revision: 0, stored: [] })
        expect(refusal(await append(stream, 'no-stream')).tag).toBe('WrongExpectedRevision')
        expect(await log.append([])).toEqual([])
      })

      test('each entry is answered at its own place and fails alone', async () => {
        const prefix = fresh()
        stored(await append(`${prefix}b`, 'any', eventOf('b before')))
        const answers = await log.append([
          { stream: `${prefix}a`, expected: 'no-stream', events: [eventOf('a1')] },
          { stream: `${prefix}b`, expected: 'no-stream', events: [eventOf('b1')] },
          { stream: `${prefix}c`, expected: 'any', events: [{ ...eventOf('c1'), id: 'not-a-uuid' }] },
          { stream: `${prefix}a`, expected: 0, events: [eventOf('a2'), eventOf('a1')] },
          { stream: `${prefix}d`, expected: 'any', events: [eventOf('d1')] },
        ])
        expect(answers.map((answer) => (E.isRight(answer) ? answer.right : answer.left.tag))).toEqual([
          { revision: 0, stored: [true] },
          'WrongExpectedRevision',
          'Refused',
          { revision: 1, stored: [true, false] },
          { revision: 0, stored: [true] },
        ])
        expect(contents(await read({ prefixes: [prefix] }))).toEqual(['b before', 'a1', 'a2', 'd1'])
      })

      test('refuses for ever what it can never take', async () => {
        const stream = `${fresh()}a`
        const tagOf = async (name: string, event: NewEvent, expected: StreamAppend['expected'] = 'any') =>
          refusal(await append(name, expected, event)).tag
        expect(await tagOf('', eventOf('one'))).toBe('Refused')
        expect(await tagOf(stream + 'é'.repeat(600), eventOf('one'))).toBe('Refused')
        expect(await tagOf(`${stream}\ud800`, eventOf('one'))).toBe('Refused')
        expect(await tagOf(stream, eventOf('one', ''))).toBe('Refused')
        expect(await tagOf(stream, { ...eventOf('one'), id: eventOf('one').id.toUpperCase() })).toBe('Refused')
        expect(await tagOf(stream, { ...eventOf('one'), id: eventOf('one').id.replace('-', '0') })).toBe('Refused')
        expect(await tagOf(stream, { ...eventOf('one'), id: eventOf('one').id.replace(/.$/, 'g') })).toBe('Refused')
        expect(await tagOf(stream, { ...eventOf('one'), data: new Uint8Array(17 * 1024 * 1024) })).toBe('Refused')
        expect(await tagOf(stream, eventOf('one'), 0.5)).toBe('Refused')
        expect(await log.streamRevision(stream)).toBeUndefined()
      })

      test('takes events of a megabyte between small ones', async () => {
        const prefix = fresh()
        const big = eventOf('0123456789abcdef'.repeat(65_536))
        stored(await append(`${prefix}a`, 'any', eventOf('before'), big, eventOf('after')))
        const events = await read({ prefixes: [prefix] })
        expect(events.map((event) => event.data.byteLength)).toEqual([6, 1_048_576, 5])
        expect(idOf(text(events[1]!.data))).toBe(big.id)
      })

      test('takes any well-formed stream name, also a long one', async () => {
        const prefix = fresh()
        const names = ['Grüße', '会話-✓', '🦩', 'a b\tc', 'x'.repeat(300), '%2e$all', 'A', 'a'].map(
          (each) => prefix + each,
        )
        for (const stream of names) stored(await append(stream, 'no-stream', eventOf(stream, 'Gelesen ✓')))
        expect(
          (await read({ prefixes: [prefix] })).map((event) => [event.stream, text(event.data), event.type]),
        ).toEqual(names.map((each) => [each, each, 'Gelesen ✓']))
        for (const stream of names) expect(contents(await flatten(log.readStream(stream)))).toEqual([stream])
      })
    })

    describe('a stream of many events', () => {
      test('is deduplicated, read and extended like a short one', async () => {
        const stream = `${fresh()}long`
        const names = Array.from({ length: 500 }, (_, i) => `${i}`)
        for (let i = 0; i < names.length; i += 50)
          expect(
            stored(await append(stream, i - 1, ...names.slice(i, i + 50).map((each) => eventOf(each)))).revision,
          ).toBe(i + 49)
        for (const each of [0, 63, 64, 65, 127, 300, 499])
          expect(stored(await append(stream, 'any', eventOf(`${each}`), eventOf(`new ${each}`))).stored).toEqual([
            false,
            true,
          ])
        const held = [...names, ...[0, 63, 64, 65, 127, 300, 499].map((each) => `new ${each}`)]
        expect(contents(await flatten(log.readStream(stream)))).toEqual(held)
        expect(contents(await flatten(log.readStream(stream, { backwards: true, batchMax: 7 })))).toEqual(
          [...held].reverse(),
        )
        expect(contents(await flatten(log.readStream(stream, { from: 60, max: 10 })))).toEqual(held.slice(60, 70))
        expect(contents(await flatten(log.readStream(stream, { from: 66, max: 5, backwards: true })))).toEqual(
          held.slice(62, 67).reverse(),
        )
        expect(await log.streamRevision(stream)).toBe(506)
      })
    })

    describe('concurrency', () => {
      test('of concurrent appends with one expected revision exactly one wins', async () => {
        const stream = `${fresh()}a`
        for (let revision = -1; revision < 5; revision++) {
          const answers = await Promise.all(
            Array.from({ length: 8 }, (_, i) => append(stream, revision, eventOf(`${revision} by ${i}`))),
          )
          expect(answers.filter((answer) => answer !== undefined && E.isRight(answer))).toHaveLength(1)
          for (const answer of answers)
            if (answer !== undefined && E.isLeft(answer))
              expect(answer.left).toEqual({
                tag: 'WrongExpectedRevision',
                stream,
                expected: revision,
                actual: revision + 1,
              })
        }
        expect(await log.streamRevision(stream)).toBe(5)
      })

      test('an event delivered concurrently is stored once, and one caller hears that it was new', async () => {
        const stream = `${fresh()}a`
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => append(stream, 'any', eventOf('one'), eventOf('two'))),
        )
        expect(answers.map((answer) => stored(answer).stored[0]).filter(Boolean)).toHaveLength(1)
        expect(contents(await flatten(log.readStream(stream)))).toEqual(['one', 'two'])
      })

      test('appends of one caller keep their order though none is awaited', async () => {
        const prefix = fresh()
        const names = Array.from({ length: 100 }, (_, i) => `${i}`)
        await Promise.all(
          names.map((each) => append(`${prefix}${Number(each) % 3}`, 'any', eventOf(each)).then(stored)),
        )
        for (let i = 0; i < 3; i++) {
          const events = await flatten(log.readStream(`${prefix}${i}`))
          expect(contents(events)).toEqual(names.filter((each) => Number(each) % 3 === i))
          expect(events.map((event) => event.revision)).toEqual(events.map((_, revision) => revision))
        }
      })
    })

    describe('readStream', () => {
      const filled = async (count: number): Promise<string> => {
        const prefix = fresh()
        for (let i = 0; i < count; i += 5) {
          const events = Array.from({ length: Math.min(5, count - i) }, (_, j) => eventOf(`${i + j}`))
          const answers = await log.append([
            { stream: `${prefix}a`, expected: 'any', events },
            { stream: `${prefix}b`, expected: 'any', events },
          ])
          answers.forEach(stored)
        }
        return `${prefix}a`
      }
      const numbers = (from: number, to: number): readonly string[] =>
        Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => `${from + (to > from ? i : -i)}`)

      test('yields nothing for a stream never written', async () => {
        expect(await flatten(log.readStream(`${fresh()}a`))).toEqual([])
        expect(await flatten(log.readStream(`${fresh()}a`, { backwards: true }))).toEqual([])
      })

      test('reads from a revision, forwards and backwards, as many as asked', async () => {
        const stream = await filled(23)
        const of = async (options: Parameters<EventLog['readStream']>[1]) =>
          contents(await flatten(log.readStream(stream, options)))
        expect(await of({})).toEqual(numbers(0, 22))
        expect(await of({ from: 7 })).toEqual(numbers(7, 22))
        expect(await of({ from: 7, max: 6 })).toEqual(numbers(7, 12))
        expect(await of({ from: 23 })).toEqual([])
        expect(await of({ max: 0 })).toEqual([])
        expect(await of({ backwards: true })).toEqual(numbers(22, 0))
        expect(await of({ backwards: true, max: 1 })).toEqual(['22'])
        expect(await of({ backwards: true, from: 11, max: 4 })).toEqual(numbers(11, 8))
        expect(await of({ backwards: true, from: 99, max: 2 })).toEqual(numbers(22, 21))
        expect(await of({ backwards: true, from: 0 })).toEqual(['0'])
      })

      test('batches hold at most as many as asked, and lose nothing', async () => {
        const stream = await filled(23)
        for (const backwards of [false, true]) {
          const sizes: number[] = []
          for await (const batch of log.readStream(stream, { batchMax: 4, backwards })) sizes.push(batch.length)
          expect(Math.max(...sizes)).toBeLessThanOrEqual(4)
          expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(23)
        }
      })

      test('revisions count from 0 within the stream and positions ascend', async () => {
        const events = await flatten(log.readStream(await filled(12)))
        expect(events.map((event) => event.revision)).toEqual(events.map((_, i) => i))
        expect(events.every((event, i) => i === 0 || event.position > events[i - 1]!.position)).toBe(true)
      })

      test('streamRevision is the last one, or undefined', async () => {
        expect(await log.streamRevision(await filled(12))).toBe(11)
        expect(await log.streamRevision(`${fresh()}a`)).toBeUndefined()
      })
    })

    describe('readAll', () => {
      test('takes only the streams that begin so, in the order of the log', async () => {
        const prefix = fresh()
        for (const each of ['x.1', 'y.1', 'x.2', 'z.1', 'xx.1', 'y.2'])
          stored(await append(prefix + each, 'any', eventOf(each)))
        const of = async (...prefixes: readonly string[]) =>
          contents(await read({ prefixes: prefixes.map((each) => prefix + each) }))
        expect(await of('')).toEqual(['x.1', 'y.1', 'x.2', 'z.1', 'xx.1', 'y.2'])
        expect(await of('x.')).toEqual(['x.1', 'x.2'])
        expect(await of('x', 'z')).toEqual(['x.1', 'x.2', 'z.1', 'xx.1'])
        expect(await of('y.1', 'y.')).toEqual(['y.1', 'y.2'])
        expect(await of('nobody')).toEqual([])
        expect(await read({ prefixes: [] })).toEqual([])
      })

      test('reads after one position and through another', async () => {
        const prefix = fresh()
        for (let i = 0; i < 10; i++) stored(await append(`${prefix}${i % 3}`, 'any', eventOf(`${i}`)))
        const events = await read({ prefixes: [prefix] })
        const at = (i: number) => events[i]!.position
        const of = async (options: ReadAll) => contents(await read({ prefixes: [prefix], ...options }))
        expect(await of({ after: at(3) })).toEqual(['4', '5', '6', '7', '8', '9'])
        expect(await of({ after: at(3), through: at(6) })).toEqual(['4', '5', '6'])
        expect(await of({ through: at(0) })).toEqual(['0'])
        expect(await of({ after: at(9) })).toEqual([])
        expect(await of({ after: at(5), through: at(2) })).toEqual([])
        expect(await of({ after: at(0) - 1n, through: at(1) })).toEqual(['0', '1'])
        expect(await of({ after: at(2), through: at(9) + 1_000_000n, batchMax: 2 })).toEqual([
          '3',
          '4',
          '5',
          '6',
          '7',
          '8',
          '9',
        ])
      })

      test('batches hold at most as many as asked', async () => {
        const prefix = fresh()
        for (let i = 0; i < 4; i++)
          stored(await append(`${prefix}a`, 'any', ...Array.from({ length: 8 }, (_, j) => eventOf(`${i} ${j}`))))
        const sizes: number[] = []
        for await (const batch of log.readAll({ prefixes: [prefix], batchMax: 5 })) sizes.push(batch.length)
        expect(Math.max(...sizes)).toBeLessThanOrEqual(5)
        expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(32)
      })

      test('sees what was acknowledged before it began, in order, while others append', async () => {
        const prefix = fresh()
        for (let round = 0; round < 10; round++) {
          const before = Array.from({ length: 5 }, (_, i) => `${round}.${i}`)
          for (const each of before) stored(await append(`${prefix}a`, 'any', eventOf(each)))
          const pending = append(`${prefix}a`, 'any', eventOf(`${round} meanwhile`))
          const seen: string[] = []
          for await (const batch of log.readAll({ prefixes: [prefix], batchMax: 3 })) seen.push(...contents(batch))
          stored(await pending)
          expect(seen).toEqual(contents(await read({ prefixes: [prefix] })).slice(0, seen.length))
          expect(seen).toEqual(expect.arrayContaining(before))
        }
      })

      test('head is the last position of the log', async () => {
        const stream = `${fresh()}a`
        const before = await log.head()
        stored(await append(stream, 'any', eventOf('one')))
        const [event] = await flatten(log.readStream(stream))
        expect(event!.position > (before ?? -1n)).toBe(true)
        expect((await log.head())! >= event!.position).toBe(true)
      })
    })

    describe('subscribe', () => {
      test('delivers what is there, says so, then what comes', async () => {
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

      test('begins after the position given and takes only its prefixes', async () => {
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

      test('tells how far it has come where nothing matches', async () => {
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
        expect(
          await take(log.subscribe({ through: two!.position, after: two!.position, signal }), () => false),
        ).toEqual([])
      })

      test('waits for `through` where it lies ahead, and ends even if nothing that matches lies there', async () => {
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

      test('catch-up passes into live without gap or repeat, whatever is appended meanwhile', async () => {
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

    describe('erase', () => {
      const erase = async (stream: string): Promise<number> => {
        const answer = await log.erase(stream)
        if (E.isLeft(answer)) throw new Error(`not erased: ${JSON.stringify(answer)}`)
        return answer.right.events
      }

      test('an erased stream is read by nobody and takes nothing, also not what it held', async () => {
        const stream = `${fresh()}a`
        const held = Array.from({ length: 100 }, (_, i) => eventOf(`${stream} ${i}`))
        stored(await append(stream, 'any', ...held))
        expect(await erase(stream)).toBe(100)
        expect(await flatten(log.readStream(stream))).toEqual([])
        expect(await flatten(log.readStream(stream, { backwards: true, max: 1 }))).toEqual([])
        expect(await log.streamRevision(stream)).toBeUndefined()
        for (const events of [held, held.slice(0, 1), [eventOf(`${stream} late`)]])
          expect(refusal(await append(stream, 'any', ...events))).toMatchObject({ tag: 'Refused', isErased: true })
      })

      test('its neighbours keep their bytes, revisions and positions, and go on', async () => {
        const prefix = fresh()
        for (let i = 0; i < 10; i++)
          for (const name of ['a', 'b', 'c'])
            stored(await append(`${prefix}${name}`, 'any', eventOf(`${prefix}${name}${i}`)))
        const kept = [`${prefix}a`, `${prefix}c`]
        const before = await read({ prefixes: kept })
        await erase(`${prefix}b`)
        expect(await read({ prefixes: kept })).toEqual(before)
        for (const stream of kept)
          expect(await flatten(log.readStream(stream))).toEqual(before.filter((event) => event.stream === stream))
        expect(stored(await append(`${prefix}a`, 9, eventOf(`${prefix}more`))).revision).toBe(10)
      })

      test('erasing what was erased, or never was, erases nothing', async () => {
        const stream = `${fresh()}a`
        expect(await erase(stream)).toBe(0)
        stored(await append(stream, 'any', eventOf(stream)))
        expect([await erase(stream), await erase(stream)]).toEqual([1, 0])
      })

      test('appends that are on their way around it are stored whole or refused', async () => {
        const prefix = fresh()
        const writing = Array.from({ length: 20 }, (_, i) =>
          append(`${prefix}${i % 2 === 0 ? 'a' : 'b'}`, 'any', eventOf(`${prefix}${i}`)),
        )
        const erasing = erase(`${prefix}a`)
        const more = Array.from({ length: 20 }, (_, i) => append(`${prefix}b`, 'any', eventOf(`${prefix}more ${i}`)))
        await Promise.all([...writing, erasing, ...more])
        await erase(`${prefix}a`) // what came after the first is there, or was refused
        expect(await flatten(log.readStream(`${prefix}a`))).toEqual([])
        expect(await flatten(log.readStream(`${prefix}b`))).toHaveLength(30)
      })
    })

    test('streams that begin as the log names its own are refused', async () => {
      expect(refusal(await append('$mine', 'any', eventOf('one')))).toMatchObject({ tag: 'Refused' })
    })

    test('once closed it refuses appends, and reads throw LogUnavailable', async () => {
      const closing = await open()
      const stream = `${fresh()}a`
      await closing.append([{ stream, expected: 'any', events: [eventOf('one')] }])
      const live = closing
        .subscribe({ prefixes: [stream], signal: new AbortController().signal })
        [Symbol.asyncIterator]()
      for (let next = await live.next(); next.value.kind !== 'caught-up';) next = await live.next()
      const waiting = expect(live.next()).rejects.toBeInstanceOf(LogUnavailable)
      await closing.close()
      await waiting
      expect(refusal((await closing.append([{ stream, expected: 'any', events: [eventOf('two')] }]))[0]).tag).toBe(
        'Refused',
      )
      await expect(flatten(closing.readStream(stream))).rejects.toBeInstanceOf(LogUnavailable)
      await expect(flatten(closing.readAll())).rejects.toBeInstanceOf(LogUnavailable)
      await expect(closing.head()).rejects.toBeInstanceOf(LogUnavailable)
      await expect(closing.streamRevision(stream)).rejects.toBeInstanceOf(LogUnavailable)
      await closing.close()
    })
  })
}
