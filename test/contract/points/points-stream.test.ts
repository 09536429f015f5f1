import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeOperations,
  encodeOperations,
  type PlacedOperation,
} from '../../../src/contract/points/operation-codec.js'
import {
  pointsEvents,
  pointsHead,
  pointsTail,
  readPoints,
  revisionBeyond,
} from '../../../src/contract/points/points-stream.js'
import type { PointOperation } from '../../../src/domain/point-operation.js'
import { pointsStream } from '../../../src/domain/stream-name.js'
import type { NewEvent, RecordedEvent } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { anyInstant, anyMetric } from '../../support/arbitrary-facts.js'
import { nowhere } from '../../support/fact-builders.js'

const anyPoint = anyMetric.map(({ type: _, ...point }) => point)

const anyOperation: fc.Arbitrary<PointOperation> = fc.oneof(
  fc.record({
    kind: fc.constant('observe' as const),
    point: anyPoint,
    why: fc.constantFrom(null, 'recomputed' as const),
  }),
  fc.record({ kind: fc.constant('take-back' as const), point: anyPoint, why: fc.constant('recomputed' as const) }),
  fc.record({
    kind: fc.constantFrom('joined' as const, 'pending' as const, 'withdraw' as const, 'settle' as const),
    only: fc.constantFrom(null, ['campaign' as const]),
    id: fc.string(),
    point: anyPoint,
    why: fc.constantFrom(null, 'handled' as const, 'late' as const),
  }),
  fc.record({
    kind: fc.constant('adjust' as const),
    userId: fc.string({ unit: 'grapheme' }),
    stateKind: fc.constantFrom('routingStatus' as const, 'systemPresence' as const),
    state: fc.string(),
    start: anyInstant,
    deltaMs: fc.integer(),
  }),
)

const anyOperations: fc.Arbitrary<readonly PlacedOperation[]> = fc
  .array(fc.tuple(fc.bigInt({ min: 0n, max: 3n }), anyOperation), { maxLength: 40 })
  .map((all) => {
    let position = 2n ** 40n
    return all.map(([step, operation]) => ({ position: (position += step), operation }))
  })

test('operations are read as they were written, with their positions', () => {
  fc.assert(
    fc.property(anyOperations, (operations) => {
      expect(decodeOperations(encodeOperations(operations))).toEqual(operations)
    }),
  )
})

test('ten thousand points of one queue take less than ten bytes each', () => {
  const operations = Array.from({ length: 10_000 }, (_, index): PlacedOperation => ({
    position: BigInt(index * 700),
    operation: {
      kind: 'observe',
      point: { ...nowhere, queueId: 'sales', metric: 'tAnswered', value: index % 90, at: 1_767_600_000_000 + index },
      why: null,
    },
  }))
  expect(encodeOperations(operations).length).toBeLessThan(100_000)
})

const STREAM = pointsStream('t', 'g1', '00')
const recorded = (event: NewEvent, revision: number): RecordedEvent => ({
  ...event,
  stream: STREAM,
  revision,
  position: BigInt(revision),
})

const count = (position: number): PlacedOperation => ({
  position: BigInt(position),
  operation: { kind: 'observe', point: { ...nowhere, metric: 'nOffered', value: 1, at: 0 }, why: null },
})

describe('a batch of a bucket', () => {
  test('is cut into events only between raw positions, and each event is a checkpoint', () => {
    const operations = [
      ...Array.from({ length: 19_999 }, () => count(1)),
      ...Array.from({ length: 5 }, () => count(2)),
      count(3),
    ]
    const batch = { after: undefined, mark: { position: 9n, origin: { logId: 'log' } }, operations }
    const parts = pointsEvents('me', STREAM, batch).map((event, index) => recorded(event, index))
    expect(
      parts.map((part) => [pointsHead(part).after, pointsHead(part).mark.position, readPoints(part).length]),
    ).toEqual([
      [undefined, 2n, 20_004],
      [2n, 9n, 1],
    ])
  })

  test('without operations is a checkpoint alone', () => {
    const [event, ...rest] = pointsEvents('me', STREAM, { after: 3n, mark: { position: 9n }, operations: [] })
    expect(rest).toEqual([])
    expect(event?.data).toHaveLength(0)
    expect(pointsHead(recorded(event as NewEvent, 0))).toMatchObject({ after: 3n, mark: { position: 9n } })
  })

  test('of another owner has other ids, so that it is no repeat', () => {
    const batch = { after: 3n, mark: { position: 9n }, operations: [] }
    const idOf = (owner: string) => pointsEvents(owner, STREAM, batch)[0]?.id
    expect(idOf('me')).toBe(idOf('me'))
    expect(idOf('you')).not.toBe(idOf('me'))
  })
})

test('the first revision beyond a raw position is found, and the tail of the stream', async () => {
  const log = memoryLog()
  expect(await pointsTail(log, 't', 'g1', '00')).toEqual({ revision: undefined, mark: undefined })
  expect(await revisionBeyond(log, STREAM, 5n)).toBe(0)
  const throughs = [10n, 20n, 35n, 36n]
  for (const [index, position] of throughs.entries())
    await log.append([
      {
        stream: STREAM,
        expected: index - 1,
        events: pointsEvents('me', STREAM, { after: throughs[index - 1], mark: { position }, operations: [] }),
      },
    ])
  const wanted = [undefined, 9n, 10n, 34n, 35n, 36n].map((position) => revisionBeyond(log, STREAM, position))
  expect(await Promise.all(wanted)).toEqual([0, 0, 1, 2, 3, 4])
  expect(await pointsTail(log, 't', 'g1', '00')).toMatchObject({ revision: 3, mark: { position: 36n } })
})
