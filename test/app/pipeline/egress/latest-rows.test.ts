import { beforeEach, describe, expect, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import { promote, readGenerations, startGeneration } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { encodeKpiEvents } from '../../../../src/contract/kpi-stream/encode.js'
import { appendsOf } from '../../../../src/contract/kpi-stream/marks.js'
import { flatRowOf } from '../../../../src/domain/flat-row.js'
import type { KpiEvent } from '../../../../src/domain/kpi-event.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import type { Sink, SinkRecord } from '../../../../src/egress/sink.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { queueRow, START } from '../../../contract/some-rows.js'
import { silent } from '../../../support/pipeline.js'
import { recordingSink } from '../../../support/recording-sink.js'

const QUARTER = 900_000

let log: EventLog
let position: bigint
beforeEach(async () => {
  log = memoryLog()
  position = 0n
  await live(0)
})

/** Starts a generation and promotes it. */
const live = async (minute: number): Promise<string> => {
  const at = (second: number): Date => new Date(Date.UTC(2026, 0, 5, 6, minute, second))
  const { generation } = await startGeneration(
    log,
    't',
    await readGenerations(log, 't'),
    { ...defaultProfile, version: minute + 1 },
    undefined,
    at(0),
  )
  await promote(log, 't', await readGenerations(log, 't'), generation.name, at(1))
  return generation.name
}

/** Rows of the queue sales by the number of their quarter hour; `gone`: sales has left. */
const append = async (generation: string, ...rows: readonly (number | 'gone')[]): Promise<void> => {
  for (const row of rows) {
    position += 1n
    const event: KpiEvent =
      row === 'gone'
        ? { kind: 'left', left: { tenant: 't', dimension: 'queueId', id: 'sales', at: START } }
        : { kind: 'row', row: flatRowOf(queueRow({ start: START + row * QUARTER, revision: Number(position) })) }
    const [events = []] = appendsOf('t', generation, encodeKpiEvents('t', generation, [event], position), position)
    await log.append([{ stream: kpiStream('t', generation), expected: 'any', events }])
  }
}

const publishAll = (sink: Sink): ReturnType<typeof runEgress> =>
  runEgress({
    ...{ tenant: 't', logs: singleLog(log), sink: { ...sink, keepsLatest: true }, batchMax: 2, untilCaughtUp: true },
    ...{ signal: new AbortController().signal, logger: silent, now: () => 0 },
  })

/** What a topic of latest state by series gets: the number of the quarter hour, or what left. */
const toldLatest = (records: readonly SinkRecord[]): readonly (number | string)[] =>
  records.flatMap((record): readonly (number | string)[] => {
    if (record.kind === 'left') return record.series
    if (record.kind !== 'row' || record.newest?.series !== true) return []
    return [(record.header.start - START) / QUARTER]
  })

describe('a topic of latest state', () => {
  test('gets what the log holds last, and of a backlog nothing that is superseded in the log already', async () => {
    const { sink, arrived } = recordingSink()
    await append('g1', 0, 1, 0, 2, 1)
    await publishAll(sink)
    expect(toldLatest(arrived)).toEqual([2])
  })

  test('gets no correction of an earlier interval, before and after a restart', async () => {
    const { sink, arrived } = recordingSink()
    await append('g1', 1)
    await publishAll(sink)
    await append('g1', 0)
    await publishAll(sink)
    await append('g1', 1)
    await publishAll(sink)
    expect(toldLatest(arrived)).toEqual([1, 1])
    expect(arrived).toHaveLength(3)
  })

  test('gets the same whatever becomes of its writes', async () => {
    const { sink, arrived } = recordingSink(undefined, ['ok', 'lost', 'lost answer', 'ok', 'lost'])
    await append('g1', 1, 0, 2, 2, 0, 3, 1)
    await publishAll(sink)
    expect(toldLatest(arrived)).toEqual([3])
  })

  test('does not go back to the first interval of a generation that is promoted', async () => {
    const { sink, arrived } = recordingSink()
    await append('g1', 0, 1, 2)
    await publishAll(sink)
    const second = await live(5)
    await append(second, 0, 1, 2, 1)
    await publishAll(sink)
    expect(toldLatest(arrived)).toEqual([2, 2])
  })

  test('is told the series of a queue that left; a row that comes afterwards appears again', async () => {
    const { sink, arrived } = recordingSink()
    await append('g1', 1)
    await publishAll(sink)
    await append('g1', 'gone')
    await publishAll(sink)
    await append('g1', 0)
    await publishAll(sink)
    expect(toldLatest(arrived)).toEqual([1, 'queue/sales/voice/-/-/PT15M', 0])
  })

  test('is told so too if the queue left and came back in one backlog', async () => {
    const { sink, arrived } = recordingSink()
    await append('g1', 1, 'gone', 0)
    await publishAll(sink)
    expect(toldLatest(arrived)).toEqual([1, 'queue/sales/voice/-/-/PT15M', 0])
  })
})
