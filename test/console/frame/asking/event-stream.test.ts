import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventReader, type StreamEvent } from '../../../../src/console/frame/asking/event-stream.js'

const STREAM = [
  ': a comment\n\n',
  'event: flow\ndata: {"at": 1}\n\n',
  'id: g1:7\r\nevent: rows\r\ndata: one\r\ndata:  two\r\n\r\n',
  'event: nothing\n\n',
  'data\r\r',
  'retry: 10\nid\ndata: last\n\n',
].join('')

const read = (pieces: readonly string[]): readonly StreamEvent[] => {
  const reader = new EventReader()
  return pieces.flatMap((piece) => reader.read(piece))
}

test('events, data of several lines, ids and comments are read as the standard says', () => {
  expect(read([STREAM])).toEqual([
    { event: 'flow', data: '{"at": 1}', id: undefined },
    { event: 'rows', data: 'one\n two', id: 'g1:7' },
    { event: 'message', data: '', id: 'g1:7' },
    { event: 'message', data: 'last', id: '' },
  ])
})

test('a stream that is cut into pieces anywhere gives the same events', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 6 }), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), STREAM.length]
      const pieces = places.slice(1).map((to, at) => STREAM.slice(places[at], to))
      expect(read(pieces)).toEqual(read([STREAM]))
    }),
    { numRuns: 200 },
  )
})

test('an event that is not complete is not told', () => {
  expect(read(['event: flow\ndata: {'])).toEqual([])
})
