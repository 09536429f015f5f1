import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { NewEvent, StreamAppend } from '../../../src/log/event-log.js'
import { bytes, text, idOf, eventOf, flatten, contents, stored, refusal } from './rig.js'
import type { Rig } from './rig.js'

export const appendContract = ({ log, fresh, append, read }: Rig): void => {
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

    test('stores events without data or metadata', async () => {
      const stream = `${fresh()}a`
      stored(await append(stream, 'any', { ...eventOf('one'), data: new Uint8Array(0), metadata: new Uint8Array(0) }))
      const [event] = await flatten(log.readStream(stream))
      expect([event!.data.byteLength, event!.metadata.byteLength]).toEqual([0, 0])
    })

    test('stores the bytes of the call, whatever the caller does with the buffer afterwards', async () => {
      const stream = `${fresh()}a`
      const event = eventOf('one')
      stored(await append(stream, 'any', event))
      event.data.fill(0)
      event.metadata.fill(0)
      expect(contents(await flatten(log.readStream(stream)))).toEqual(['one'])
    })

    test('with a wrong expected revision answers the actual one and stores nothing', async () => {
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

    test('of an append that is stored in part already only the new events are stored', async () => {
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

    test('without events only checks the expected revision', async () => {
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

    test('each entry of a call is answered at its own place and fails alone', async () => {
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

    test('refuses malformed and too large appends', async () => {
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
      expect(await tagOf(stream, { ...eventOf('one'), data: new Uint8Array(17 * 1024 * 1024) })).toBe('TooLarge')
      expect(await tagOf(stream, eventOf('one'), 0.5)).toBe('Refused')
      expect(await log.streamRevision(stream)).toBeUndefined()
    })

    test('stores events of a megabyte between small ones', async () => {
      const prefix = fresh()
      const big = eventOf('0123456789abcdef'.repeat(65_536))
      stored(await append(`${prefix}a`, 'any', eventOf('before'), big, eventOf('after')))
      const events = await read({ prefixes: [prefix] })
      expect(events.map((event) => event.data.byteLength)).toEqual([6, 1_048_576, 5])
      expect(idOf(text(events[1]!.data))).toBe(big.id)
    })

    test('stores under any well-formed stream name, also a long one', async () => {
      const prefix = fresh()
      const names = ['Grüße', '会話-✓', '🦩', 'a b\tc', 'x'.repeat(300), '%2e$all', 'A', 'a'].map(
        (each) => prefix + each,
      )
      for (const stream of names) stored(await append(stream, 'no-stream', eventOf(stream, 'Gelesen ✓')))
      expect((await read({ prefixes: [prefix] })).map((event) => [event.stream, text(event.data), event.type])).toEqual(
        names.map((each) => [each, each, 'Gelesen ✓']),
      )
      for (const stream of names) expect(contents(await flatten(log.readStream(stream)))).toEqual([stream])
    })
  })
}
