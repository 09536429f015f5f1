import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readIntervals, type CompleteInterval, type IntervalsWanted } from '../../../src/app/operations/intervals.js'
import { keepRowIndex } from '../../../src/app/row-index/row-events.js'
import type { RowsOf } from '../../../src/app/row-index/row-index.js'
import { encodeKpiEvents } from '../../../src/contract/kpi-stream/encode.js'
import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import { flatRowOf } from '../../../src/domain/flat-row.js'
import type { IntervalComplete } from '../../../src/domain/interval-complete.js'
import type { KpiEvent } from '../../../src/domain/kpi-event.js'
import { addToDigest, rowNumber } from '../../../src/domain/row-digest.js'
import type { Row } from '../../../src/domain/row.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { right } from '../../support/right.js'
import { at, restated, row } from '../reconcile/fixtures.js'

const queue = (id: string, quarter: number): Row => row([id, 'voice', null, null], at(quarter), { nOffered: 1 })

/** A marker of `queue` that counts these rows. */
const markerOf = (quarter: number, rows: readonly Row[], more: Partial<IntervalComplete> = {}): IntervalComplete => ({
  ...{ tenant: 't', family: 'queue', granularity: 'PT15M', start: at(quarter), end: at(quarter + 1), zone: null },
  ...{ number: 1, rows: rows.length, closedAt: at(quarter + 2) },
  digest: rows.map(({ key, revision }) => rowNumber(key, revision)).reduce(addToDigest, 0),
  ...more,
})

/** A KPI log with these batches of rows and markers. */
const logOf = async (...batches: (readonly (Row | IntervalComplete)[])[]): Promise<EventLog> => {
  const log = memoryLog()
  for (const [index, batch] of batches.entries()) {
    const position = BigInt(index + 1)
    const events = batch.map((each): KpiEvent =>
      'key' in each ? { kind: 'row', row: flatRowOf(each) } : { kind: 'interval-complete', marker: each },
    )
    for (const append of appendsOf('t', 'g1', encodeKpiEvents('t', 'g1', events, position), position))
      right((await log.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events: append }]))[0])
  }
  return log
}

const of = (kpi: EventLog, data?: string): RowsOf => ({ kpi, tenant: 't', generation: 'g1', data })
const { signal } = new AbortController()
const read = (rows: RowsOf, wanted: Partial<IntervalsWanted> = {}): Promise<readonly CompleteInterval[]> =>
  readIntervals(rows, { check: true, signal, ...wanted })

/** `quarter #number rows: result`. */
const short = ({ marker: { start, number, rows }, check }: CompleteInterval): string =>
  `${(start - at(0)) / (at(1) - at(0))} #${number} ${rows}: ${check?.result}`

const [a, b, c] = [queue('a', 0), queue('b', 0), queue('c', 1)]

test('the last marker of each interval is listed, and matches the latest rows before it', async () => {
  const later = restated(a, { nOffered: 2 }, 'late')
  const last = markerOf(0, [later, b], { number: 2 })
  const log = await logOf([a, b, markerOf(0, [a, b])], [c, markerOf(1, [c])], [later, last])
  expect(await read(of(log))).toEqual([
    { marker: last, check: { result: 'matches', computed: { rows: 2, digest: last.digest } } },
    { marker: markerOf(1, [c]), check: { result: 'matches', computed: { rows: 1, digest: markerOf(1, [c]).digest } } },
  ])
  expect(await read(of(log), { check: false })).toEqual([{ marker: last }, { marker: markerOf(1, [c]) }])
})

test('a marker with a wrong digest or a wrong number of rows differs, and says what the log holds', async () => {
  const { digest } = markerOf(0, [a, b])
  const log = await logOf([a, b, markerOf(0, [a, b], { digest: digest + 1 })], [c, markerOf(1, [c], { rows: 2 })])
  expect(await read(of(log))).toMatchObject([
    { check: { result: 'differs', computed: { rows: 2, digest } } },
    { check: { result: 'differs', computed: { rows: 1 } } },
  ])
})

test('a row that is missing in the log makes its marker differ', async () => {
  expect((await read(of(await logOf([a, markerOf(0, [a, b])])))).map(short)).toEqual(['0 #1 2: differs'])
})

test('rows that change behind the marker are told from a wrong marker', async () => {
  const log = await logOf([a, b, markerOf(0, [a, b])], [restated(a, { nOffered: 2 }, 'late')])
  expect((await read(of(log))).map(short)).toEqual(['0 #1 2: changed'])
})

test('a row that holds nothing any more does not count', async () => {
  const log = await logOf([a, b, markerOf(0, [a, b])], [restated(a, {}, 'recomputed'), markerOf(0, [b], { number: 2 })])
  expect((await read(of(log))).map(short)).toEqual(['0 #2 1: matches'])
})

test('a marker of several intervals without rows stays beside a later one of an interval among them', async () => {
  const gap = markerOf(0, [], { end: at(4) })
  const log = await logOf([gap], [a, markerOf(0, [a], { number: 2 })], [c, markerOf(1, [c], { number: 2 })])
  expect((await read(of(log))).map(short)).toEqual(['0 #2 1: matches', '0 #1 0: matches', '1 #2 1: matches'])
  expect((await read(of(await logOf([c, gap])))).map(short)).toEqual(['0 #1 0: differs'])
  expect((await read(of(await logOf([gap], [c])))).map(short)).toEqual(['0 #1 0: changed'])
})

test('family, length and range choose; a marker without rows is in a range that it reaches into', async () => {
  const agent = row(['anna', 'sales', 'voice', null, null], at(0), { tHandle: [1_000] }, { family: 'agent' })
  const log = await logOf([a, agent, markerOf(0, [a]), markerOf(0, [agent], { family: 'agent' })])
  expect(await read(of(log), { family: 'agent' })).toMatchObject([
    { marker: { family: 'agent' }, check: { result: 'matches' } },
  ])
  expect(await read(of(log), { granularity: 'P1D' })).toEqual([])
  const gaps = await logOf([markerOf(0, [], { end: at(4) }), queue('a', 5), markerOf(5, [queue('a', 5)])])
  expect((await read(of(gaps), { from: at(3), to: at(5) })).map(short)).toEqual(['0 #1 0: matches'])
  expect((await read(of(gaps), { from: at(4) })).map(short)).toEqual(['5 #1 1: matches'])
})

test('with a row index a range is answered from the events near it, and the answer is that of the whole stream', async () => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-intervals-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const batches = Array.from({ length: 250 }, (_, quarter) => [
    ...[queue('a', 2 * quarter), queue('b', 2 * quarter)],
    ...[markerOf(2 * quarter, [queue('a', 2 * quarter), queue('b', 2 * quarter)])],
    ...(quarter === 99 ? [markerOf(199, [], { end: at(200) })] : []),
  ])
  const log = await logOf(...batches)
  let events = 0
  const counting: EventLog = {
    ...log,
    readStream: async function* (stream, options) {
      for await (const batch of log.readStream(stream, options)) {
        events += batch.length
        yield batch
      }
    },
  }
  await keepRowIndex(of(counting, data))
  for (const check of [true, false]) {
    const wanted = { check, from: at(199), to: at(203) }
    const expected = await read(of(log), wanted)
    expect(expected.map(({ marker }) => marker.start)).toEqual([at(199), at(200), at(202)])
    events = 0
    expect(await read(of(counting, data), wanted)).toEqual(expected)
    expect(events).toBeLessThan(150)
  }
})
