import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { FactRunBuilder } from '../../../src/domain/fact-run.js'
import { decodePoint, decodeRaw } from '../../../src/ingress/decode/decoders.js'
import { bodies, eventBridge } from '../envelopes.js'

const { template, id, body } = bodies.metrics
const rawOf = (changes: object): Buffer =>
  Buffer.from(JSON.stringify(eventBridge(template, id, { ...body, ...changes })))

const metric = fc.constantFrom('tHandle', 'nOffered', 'oWait', 'oMessageTurn', 'nOverSla', 'tUnheardOf', 'tAnswered')
const value = fc.oneof(
  { weight: 4, arbitrary: fc.nat(100_000) },
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom('1', null, 9e9),
)
const usual = '2026-01-05T10:00:12.411Z'
const date = fc.constantFrom(
  usual,
  usual,
  '2026-01-05T10:00:12.411Z',
  '2026-01-05T10:00:12Z',
  '2026-02-30T10:00:12.411Z',
  '1999-01-05T10:00:12.411Z',
)
const dimension = fc.constantFrom('a', 'B', '', null, 7, ['a'], ['a', 'b', 'a'], [1], 'x'.repeat(300), 'Ünicode')

test('a point that is read from bytes is the only fact of its event', () => {
  let points = 0
  fc.assert(
    fc.property(
      fc.record({ metric, value, metricDate: date }),
      fc.dictionary(fc.constantFrom('queueId', 'mediaType', 'direction', 'divisionIds', 'wrapUpCode'), dimension, {
        maxKeys: 2,
      }),
      (figures, dimensions) => {
        const raw = rawOf({ ...figures, ...dimensions })
        const point = decodePoint(template, raw)
        if (point === undefined) return
        points++
        const run = new FactRunBuilder()
        run.addPoint(0, point, undefined)
        expect(E.right([run.build().fact(0)])).toEqual(decodeRaw(template, raw))
      },
    ),
    { numRuns: 3_000 },
  )
  expect(points).toBeGreaterThan(150)
})

test('points that share dimensions share a tuple, and points with others do not', () => {
  const run = new FactRunBuilder()
  for (const changes of [
    { value: 1 },
    { value: 2 },
    { queueId: 'another' },
    { value: 3, divisionIds: [] },
    { value: 4 },
  ]) {
    const point = decodePoint(template, rawOf(changes))
    if (point !== undefined) run.addPoint(0, point, 0)
  }
  const { length, tuple, tuples } = run.build()
  expect(length).toBe(5)
  expect([...tuple.subarray(0, 5)]).toEqual([0, 0, 1, 2, 0])
  expect(tuples).toHaveLength(3)
})
