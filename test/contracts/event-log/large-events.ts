import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { NewEvent, RecordedEvent, StreamLive } from '../../../src/log/event-log.js'
import { bytes, contents, eventOf, eventsOf, flatten, idOf, refusal, stored, take } from './rig.js'
import type { Rig } from './rig.js'
import { noise } from '../../support/noise.js'

const MIB = 1024 * 1024

const noisy = (name: string, size: number): NewEvent => ({
  id: idOf(name),
  type: 'Seen ✓',
  data: noise(name, size),
  metadata: bytes(JSON.stringify({ of: name })),
})

const repetitive = (name: string, size: number): NewEvent => ({
  ...noisy(name, 0),
  data: bytes(name.padEnd(size, '0123456789abcdef')),
})

/** What a reader got, beside what was given to the log. Digests, so that a failure does not print megabytes. */
const told = ({ id, type, data, metadata }: NewEvent): readonly string[] => [
  id,
  type,
  createHash('sha256').update(data).digest('hex'),
  Buffer.from(metadata).toString(),
]
const toldAll = (events: readonly NewEvent[]): readonly (readonly string[])[] => events.map(told)

export const largeEventsContract = ({ log, fresh, append, read }: Rig): void => {
  describe('events of any size that one event may have', () => {
    test.each<[string, NewEvent]>([
      ['a megabyte and a bit', noisy('a', MIB + 1)],
      ['three megabytes that cannot be compressed', noisy('b', 3 * MIB)],
      ['ten megabytes of text', repetitive('c', 10 * MIB)],
      ['as many bytes as one event may have', { ...noisy('d', 16 * MIB - 2), metadata: bytes('{}') }],
      ['large metadata', { ...noisy('e', 10), metadata: noise('meta', 2 * MIB) }],
    ])('%s: every way of reading gives the event as it was, between its neighbours', async (_, large) => {
      const stream = `${fresh()}a`
      const given = [eventOf(`before ${stream}`), large, eventOf(`after ${stream}`)]
      for (const event of given) stored(await append(stream, 'any', event))
      const inOrder = toldAll(given)
      expect(toldAll(await read({ prefixes: [stream] }))).toEqual(inOrder)
      expect(toldAll(await flatten(log.readStream(stream)))).toEqual(inOrder)
      expect(toldAll(await flatten(log.readStream(stream, { backwards: true })))).toEqual(inOrder.toReversed())
      expect(toldAll(await flatten(log.readStream(stream, { from: 1, max: 1, batchMax: 1 })))).toEqual([inOrder[1]])
      const live = await take(
        log.subscribe({ prefixes: [stream], signal: new AbortController().signal }),
        (seen) => seen.at(-1)!.kind === 'caught-up',
      )
      expect(toldAll(eventsOf(live))).toEqual(inOrder)
    })

    test('count as one revision and one position, like any other', async () => {
      const stream = `${fresh()}a`
      expect(stored(await append(stream, 'no-stream', noisy('one', 2 * MIB))).revision).toBe(0)
      expect(stored(await append(stream, 0, eventOf('two'), noisy('three', 2 * MIB))).revision).toBe(2)
      expect(refusal(await append(stream, 1, noisy('four', 2 * MIB)))).toMatchObject({
        tag: 'WrongExpectedRevision',
        actual: 2,
      })
      expect(await log.streamRevision(stream)).toBe(2)
      const events = await flatten(log.readStream(stream))
      expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2])
      const [, second, third] = events.map(({ position }) => position) as [bigint, bigint, bigint]
      expect(second < third).toBe(true)
      const after = await read({ prefixes: [stream], after: second })
      expect(toldAll(after)).toEqual(toldAll([noisy('three', 2 * MIB)]))
      expect(await read({ prefixes: [stream], after: third })).toEqual([])
      expect(await read({ prefixes: [stream], through: second })).toHaveLength(2)
    })

    test('are recognised when they are repeated', async () => {
      const stream = `${fresh()}a`
      const large = noisy('again', 3 * MIB)
      stored(await append(stream, 'any', large))
      expect(stored(await append(stream, 'any', large, eventOf('new')))).toEqual({ revision: 1, stored: [false, true] })
      expect(await flatten(log.readStream(stream))).toHaveLength(2)
    })

    test('are stored in the order of their call, which may hold many megabytes', async () => {
      const prefix = fresh()
      const events = [noisy('m', 3 * MIB), eventOf('n'), repetitive('o', 2 * MIB), eventOf('p')]
      const answers = await log.append([
        ...events.map((event, i) => ({ stream: `${prefix}${i}`, expected: 'no-stream' as const, events: [event] })),
        { stream: `${prefix}all`, expected: 'no-stream', events },
        { stream: `${prefix}none`, expected: 7, events },
      ])
      expect(answers.map((answer) => answer._tag)).toEqual(['Right', 'Right', 'Right', 'Right', 'Right', 'Left'])
      expect(toldAll(await read({ prefixes: [prefix] }))).toEqual(toldAll([...events, ...events]))
    })

    test('reach subscriptions to a stream and to the log whole, whatever lies in between', async () => {
      const prefix = fresh()
      const stop = new AbortController()
      const large = noisy('live', 3 * MIB)
      const ofLog: RecordedEvent[] = []
      const ofStream: RecordedEvent[] = []
      const listen = async (
        live: AsyncIterable<StreamLive | Awaited<ReturnType<typeof take>>[number]>,
        heard: RecordedEvent[],
      ): Promise<void> => {
        for await (const message of live) {
          if (message.kind === 'events') heard.push(...message.events)
          if (heard.length === 3) return
        }
      }
      const both = Promise.all([
        listen(log.subscribe({ prefixes: [prefix], signal: stop.signal }), ofLog),
        listen(log.subscribeStream(`${prefix}a`, { signal: stop.signal }), ofStream),
      ])
      for (const event of [eventOf('first'), large, eventOf('last')]) stored(await append(`${prefix}a`, 'any', event))
      await both
      stop.abort()
      expect(toldAll(ofLog)).toEqual(toldAll([eventOf('first'), large, eventOf('last')]))
      expect(toldAll(ofStream)).toEqual(toldAll(ofLog))
    })

    test('go when their stream is erased, and the stream takes no further one', async () => {
      const prefix = fresh()
      stored(await append(`${prefix}a`, 'any', eventOf('small'), noisy('gone', 3 * MIB)))
      stored(await append(`${prefix}b`, 'any', eventOf('stays')))
      expect(await log.erase(`${prefix}a`)).toMatchObject({ right: { events: 2 } })
      expect(await flatten(log.readStream(`${prefix}a`))).toEqual([])
      expect(refusal(await append(`${prefix}a`, 'any', noisy('more', 3 * MIB)))).toMatchObject({ isErased: true })
      expect(contents(await read({ prefixes: [`${prefix}b`] }))).toEqual(['stays'])
    })

    test('are refused above that size, and nothing of their append is stored', async () => {
      const stream = `${fresh()}a`
      const above = { ...noisy('above', 1), data: new Uint8Array(16 * MIB + 1) }
      expect(refusal(await append(stream, 'any', eventOf('beside'), above)).tag).toBe('TooLarge')
      expect(await log.streamRevision(stream)).toBeUndefined()
    })
  })
}
