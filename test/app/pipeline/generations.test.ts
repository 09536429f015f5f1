import { expect, test } from 'vitest'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { compareDigests, intervalDigests } from '../../../src/app/operations/generations/digest.js'
import { runEgress } from '../../../src/app/pipeline/egress/egress.js'
import {
  GenerationsChanged,
  promote,
  readGenerations,
  startGeneration,
  watchLive,
} from '../../../src/app/pipeline/generations.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { singleLog, type Logs } from '../../../src/app/pipeline/logs/logs.js'
import { rebuild } from '../../../src/app/operations/generations/rebuild.js'
import { replay } from '../../../src/app/operations/generations/replay.js'
import { simulate } from '../../../src/simulator/simulate.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { recordingSink } from '../../support/recording-sink.js'
import { rowOf } from '../../contract/some-rows.js'
import { rowsOf, silent, take, tickTo } from '../../support/pipeline.js'
import { comparedRows } from '../../support/compared-rows.js'

const NOW = Date.parse('2026-02-01T00:00:00Z')
const FROM = Date.parse('2026-01-05T06:00:00Z')
const forever = (): AbortSignal => new AbortController().signal

const withMorning = async (): Promise<EventLog> => {
  const log = memoryLog()
  await take(
    log,
    't',
    [...simulate({ seed: 2, fromMs: FROM, hours: 1, queues: 2, agents: 8 })].map(({ line }) => line),
  )
  await tickTo(log, 't', FROM + 12 * 3_600_000)
  return log
}

const projecting = (logs: Logs, raw: EventLog, profile: Profile) => ({
  tenant: 't',
  profile,
  logs,
  data: undefined,
  raw,
  batchMax: 500,
  untilCaughtUp: true,
  signal: forever(),
  logger: silent,
  now: () => NOW,
})

const publishing = (
  logs: Logs,
  sink: ReturnType<typeof recordingSink>['sink'],
  signal = forever(),
  untilCaughtUp = true,
) => runEgress({ tenant: 't', logs, sink, batchMax: 100, untilCaughtUp, signal, logger: silent, now: () => 0 })

test('generations are numbered, the promoted one is live, and of two changes at one moment one is refused', async () => {
  const log = memoryLog()
  const none = await readGenerations(log, 't')
  const first = await startGeneration(log, 't', none, defaultProfile, undefined, new Date(NOW))
  expect(first.generation).toMatchObject({ name: 'g1', profile: defaultProfile })
  await expect(startGeneration(log, 't', none, defaultProfile, undefined, new Date(NOW + 1))).rejects.toThrow(
    GenerationsChanged,
  )
  const second = await startGeneration(log, 't', first.state, defaultProfile, undefined, new Date(NOW))
  await promote(log, 't', second.state, 'g2', new Date(NOW))
  expect(await readGenerations(log, 't')).toMatchObject({ live: 'g2', all: { g1: {}, g2: {} } })
})

test('who watches is told the live generation, and each one promoted later', async () => {
  const log = memoryLog()
  const stop = new AbortController()
  const live = watchLive(log, 't', stop.signal)[Symbol.asyncIterator]()
  const first = live.next()
  let { state } = await startGeneration(
    log,
    't',
    await readGenerations(log, 't'),
    defaultProfile,
    undefined,
    new Date(NOW),
  )
  state = await promote(log, 't', state, 'g1', new Date(NOW))
  expect(await first).toEqual({ done: false, value: { generation: 'g1', promotion: 1 } })
  const next = live.next()
  state = (await startGeneration(log, 't', state, defaultProfile, undefined, new Date(NOW))).state
  await promote(log, 't', state, 'g2', new Date(NOW))
  expect(await next).toEqual({ done: false, value: { generation: 'g2', promotion: 2 } })
  stop.abort()
  expect(await live.next()).toMatchObject({ done: true })
})

test('a rebuild by the same profile has the same values in every interval; by another it says which differ', async () => {
  const log = await withMorning()
  const logs = singleLog(log)
  await runLiveProjector(projecting(logs, log, defaultProfile))
  const same = await rebuild({ ...projecting(logs, log, defaultProfile), promote: false })
  expect(same).toMatchObject({ before: 'g1', generation: { name: 'g2' }, promoted: false })
  expect(same.intervals.length).toBeGreaterThan(4)
  expect(same.intervals.every((difference) => difference.same)).toBe(true)
  const other = await rebuild({
    ...projecting(logs, log, { ...defaultProfile, version: 2, intervalMs: 1_800_000 }),
    promote: false,
  })
  expect(other.intervals.some((difference) => !difference.same)).toBe(true)
  expect((await readGenerations(log, 't')).live).toBe('g1')
})

test('a running egress goes on with the generation that is promoted, from its beginning', async () => {
  const log = await withMorning()
  const logs = singleLog(log)
  await runLiveProjector(projecting(logs, log, defaultProfile))
  const { sink, records, reached } = recordingSink()
  const stop = new AbortController()
  const running = publishing(logs, sink, stop.signal, false)
  await reached('g1', (await rowsOf(log, 't')).length)
  await rebuild({ ...projecting(logs, log, defaultProfile), promote: true })
  await reached('g2', (await rowsOf(log, 't', 'g2')).length)
  stop.abort()
  expect(await running).toEqual({ kind: 'stopped' })
  const last = (generation: string) =>
    new Map(
      records
        .filter((record) => record.generation === generation)
        .map((record) => [record.header.key, rowOf(record).measures]),
    )
  expect(last('g2')).toEqual(last('g1'))
})

test('an egress that lost its connection goes on behind the progress that the sink tells; refused and fenced it ends', async () => {
  const log = await withMorning()
  const logs = singleLog(log)
  await runLiveProjector(projecting(logs, log, defaultProfile))
  const calm = recordingSink()
  expect(await publishing(logs, calm.sink)).toEqual({ kind: 'caught-up' })
  // The third write arrives and its answer is lost; the fifth does not arrive.
  const shaken = recordingSink(undefined, ['ok', 'ok', 'lost answer', 'ok', 'lost'])
  expect(await publishing(logs, shaken.sink)).toEqual({ kind: 'caught-up' })
  expect(shaken.records.map(rowOf)).toEqual(calm.records.map(rowOf))
  expect(await publishing(logs, recordingSink(undefined, ['ok', 'refused']).sink)).toMatchObject({ kind: 'refused' })
  expect(await publishing(logs, recordingSink(undefined, ['fenced']).sink)).toMatchObject({ kind: 'superseded' })
})

test('a replay publishes the latest rows of its range and family, marked, and moves no progress', async () => {
  const log = await withMorning()
  const logs = singleLog(log)
  await runLiveProjector(projecting(logs, log, defaultProfile))
  const range = { from: FROM + 900_000, to: FROM + 1_800_000, family: 'queue' as const }
  const wanted = (await rowsOf(log, 't')).filter(
    (row) => row.family === 'queue' && row.start >= range.from && row.start < range.to,
  )
  expect(wanted.length).toBeGreaterThan(0)
  const scope = { from: range.from, to: range.to, families: new Set([range.family]) }
  const options = { tenant: 't', logs, scope, batchMax: 2, signal: forever() }
  expect(await replay({ ...options, sink: undefined })).toBe(wanted.length)
  const { sink, records, progress } = recordingSink()
  expect(await replay({ ...options, sink })).toBe(wanted.length)
  expect(records.every((record) => record.replay && record.generation === 'g1')).toBe(true)
  expect(new Set(records.map(({ header }) => header.key))).toEqual(new Set(wanted.map((row) => row.key)))
  expect(progress()).toBeUndefined()
})

test('digests do not depend on the order of rows, and tell values apart', async () => {
  const log = await withMorning()
  await runLiveProjector(projecting(singleLog(log), log, defaultProfile))
  const rows = await rowsOf(log, 't')
  const digests = intervalDigests(comparedRows(rows))
  expect(intervalDigests(comparedRows([...rows].reverse()))).toEqual(digests)
  const [first, ...rest] = rows
  if (first === undefined) throw new Error('no rows')
  const changed = {
    ...first,
    measures: first.measures.map((measure) =>
      measure === undefined ? undefined : { ...measure, count: measure.count + 1, sum: measure.sum + 1 },
    ),
  }
  const differences = compareDigests(digests, intervalDigests(comparedRows([changed, ...rest]))).filter(
    ({ same }) => !same,
  )
  expect(differences.map(({ start }) => start)).toEqual([first.start])
})
