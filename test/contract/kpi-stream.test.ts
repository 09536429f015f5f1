import { describe, expect, test } from 'vitest'
import { latestRows } from '../../src/contract/kpi-stream/latest.js'
import { appendsOf, recover } from '../../src/contract/kpi-stream/marks.js'
import { decodeRow } from '../../src/contract/kpi-stream/stored.js'
import { rowEvents } from '../support/kpi-events.js'
import { kpiStream } from '../../src/domain/stream-name.js'
import type { NewEvent } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { queueRow } from './some-rows.js'
import { eventsOf } from '../ingress/log-content.js'
import { right } from '../support/right.js'

/** Rows of as many queues; `position` is where the batch goes to, which makes their ids. */
const rows = (count: number, revision = 1, position = BigInt(revision)): readonly NewEvent[] =>
  rowEvents(
    't',
    'g1',
    Array.from({ length: count }, (_, queue) => queueRow({ queueId: `queue-${queue}`, revision })),
    position,
  )

const typesOf = (events: readonly NewEvent[]): readonly string[] => [...new Set(events.map(({ type }) => type))]

const logOf = async (...appends: (readonly NewEvent[])[]) => {
  const log = memoryLog()
  for (const events of appends)
    right((await log.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }]))[0])
  return log
}

describe('the appends of a batch', () => {
  test('are one, with the checkpoint, if the batch is small', () => {
    const appends = appendsOf('t', 'g1', rows(1_000), 7n)
    expect(appends.map(typesOf)).toEqual([['Row.queue', 'Checkpoint']])
  })

  test('are several of limited rows and bytes if it is large: the first has BatchBegan, the last the checkpoint, and no row is missing', () => {
    const all = rows(5_500)
    const appends = appendsOf('t', 'g1', all, 7n)
    expect(appends.length).toBeGreaterThan(5)
    for (const events of appends) {
      expect(events.length).toBeLessThanOrEqual(1_002)
      expect(events.reduce((bytes, { data }) => bytes + data.length, 0)).toBeLessThan(600 * 1_024)
    }
    expect(typesOf(appends[0] ?? [])).toEqual(['BatchBegan', 'Row.queue'])
    expect(typesOf(appends.at(-1) ?? [])).toEqual(['Row.queue', 'Checkpoint'])
    for (const events of appends.slice(1, -1)) expect(typesOf(events)).toEqual(['Row.queue'])
    expect(appends.flat().filter(({ type }) => type === 'Row.queue')).toEqual(all)
  })

  test('are limited by bytes where rows are large', () => {
    const large = rows(300).map((event) => ({ ...event, data: Buffer.alloc(4_096) }))
    expect(appendsOf('t', 'g1', large, 7n).map(({ length }) => length)).toEqual([1 + 128, 128, 44 + 1])
  })

  test('are a checkpoint alone if there are no rows', () => {
    expect(appendsOf('t', 'g1', [], 7n).map(typesOf)).toEqual([['Checkpoint']])
  })
})

describe('what recovery finds', () => {
  test('in a stream that was never written is nothing', async () => {
    expect(await recover(memoryLog(), 't', 'g1')).toEqual({
      checkpoint: undefined,
      revision: undefined,
      cutShort: undefined,
    })
  })

  test('behind a complete batch is its checkpoint and the end of the stream', async () => {
    const log = await logOf(...appendsOf('t', 'g1', rows(3), 7n), ...appendsOf('t', 'g1', rows(2, 2), 19n))
    expect(await recover(log, 't', 'g1')).toEqual({ checkpoint: { position: 19n }, revision: 6, cutShort: undefined })
  })

  test('a checkpoint says which raw log its position is in and which event was folded last', async () => {
    const origin = { logId: 'raw-log', event: { stream: 't.0a.conversation-c1', revision: 3, id: 'event' } }
    const log = await logOf(...appendsOf('t', 'g1', rows(1), 7n, origin))
    expect((await recover(log, 't', 'g1')).checkpoint).toEqual({ position: 7n, origin })
    const [first = []] = appendsOf('t', 'g1', rows(2_500, 2), 19n, origin)
    expect((await recover(await logOf(first), 't', 'g1')).cutShort?.through).toEqual({ position: 19n, origin })
  })

  test('behind an incomplete batch is the checkpoint before it and its end position', async () => {
    const [first = [], second = []] = appendsOf('t', 'g1', rows(2_500, 2), 19n)
    const log = await logOf(...appendsOf('t', 'g1', rows(3), 7n), first, second)
    const { checkpoint, revision, cutShort } = await recover(log, 't', 'g1')
    expect({ checkpoint, revision, through: cutShort?.through }).toEqual({
      checkpoint: { position: 7n },
      revision: 4 + first.length + second.length - 1,
      through: { position: 19n },
    })
  })
})

test('the latest row of a key is the one that was appended last', async () => {
  const log = await logOf(...appendsOf('t', 'g1', rows(2), 1n), ...appendsOf('t', 'g1', rows(1, 2), 2n))
  const latest = await latestRows(log, 't', 'g1')
  expect([...latest.values()].map(({ row }) => [row.dimensions[0], row.revision])).toEqual([
    ['queue-0', 2],
    ['queue-1', 1],
  ])
  expect(await latestRows(log, 't', 'g1', { family: 'agent' })).toEqual(new Map())
  expect([
    ...(await latestRows(log, 't', 'g1', { row: ({ dimensions }) => dimensions[0] === 'queue-1' })).values(),
  ]).toHaveLength(1)
})

test('a row of a schema that this version does not know says which, and what to do', async () => {
  const [row] = rows(1)
  const log = await logOf([{ ...(row as NewEvent), metadata: Buffer.from('{"schema":"0123456789abcdef"}') }])
  const [event] = await eventsOf(log, kpiStream('t', 'g1'))
  expect(() => decodeRow(event ?? expect.fail('no event'))).toThrow(/0123456789abcdef.*streamvane rebuild --promote/)
})
