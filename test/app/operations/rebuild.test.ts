import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runEgress } from '../../../src/app/pipeline/egress/egress.js'
import { readGenerations } from '../../../src/app/pipeline/generations.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { embeddedLogs, type Logs } from '../../../src/app/pipeline/logs/logs.js'
import {
  rebuild,
  RebuildFailed,
  RebuildStopped,
  type RebuildOptions,
  type RebuildOutcome,
} from '../../../src/app/operations/generations/rebuild.js'
import { HOUR_MS } from '../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import { contentId } from '../../../src/log/content-id.js'
import { LogUnavailable, type EventLog, type Live } from '../../../src/log/event-log.js'
import { bookOfLog, bookOfRecords, textOf } from '../../support/pipeline-life.js'
import { silent, take, tickTo } from '../../support/pipeline.js'
import { recordingSink } from '../../support/recording-sink.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
let lines: readonly string[]
beforeAll(() => {
  lines = [...simulate({ seed: 13, fromMs: FROM, hours: 1, queues: 2, agents: 10, reorder: 0.1 })].map(
    ({ line }) => line,
  )
})

/** The embedded log, as the product has it: each generation a part of its own. */
let data: string
let logs: Logs
let raw: EventLog
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'streamvane-rebuild-'))
  logs = embeddedLogs(data, 'test')
  raw = await logs.raw('writer')
  await take(raw, 't', lines)
  await tickTo(raw, 't', FROM + 2 * HOUR_MS)
})
afterEach(async () => {
  await logs.close()
  await rm(data, { recursive: true, force: true })
})

// eslint-disable-next-line require-yield -- it fails before the first event
async function* unreachableLog(): AsyncGenerator<Live> {
  throw new LogUnavailable('it went away')
}

const never = new AbortController().signal
const common = (signal = never) => ({
  tenant: 't',
  profile: defaultProfile,
  logs,
  data,
  raw,
  batchMax: 50,
  signal,
  logger: silent,
  now: Date.now,
})
const projected = () => runLiveProjector({ ...common(), untilCaughtUp: true })
const rebuilt = (more: Partial<RebuildOptions> = {}): Promise<RebuildOutcome> =>
  rebuild({ ...common(), untilCaughtUp: true, batchMax: 1_000, promote: false, ...more })

/**
 * The configured service level only enters ratios; whether metric records or detail events make the points, and the
 * intervals, change values.
 */
const halfHours: Profile = { ...defaultProfile, version: 2, intervalMs: 30 * 60_000 }

describe('a rebuild', () => {
  test('of a generation whose rows cannot be read any more says so, and promotes the new one', async () => {
    await projected()
    const g1 = await logs.kpi('g1', 'writer')
    const metadata = Buffer.from('{"schema":"0123456789abcdef"}')
    const events = [{ id: contentId('unknown'), type: 'Row.queue', data: Buffer.from('?'), metadata }]
    await g1.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }])
    const outcome = await rebuilt({ promote: true })
    expect(outcome).toMatchObject({
      before: 'g1',
      intervals: [],
      notCompared: expect.stringContaining('0123456789abcdef'),
      promoted: true,
    })
    expect((await readGenerations(await logs.control('reader'), 't')).live).toBe('g2')
  })

  test('by the same profile has the same values in every interval, in fewer revisions, and leaves the live generation unchanged', async () => {
    await projected()
    const { before, generation, intervals, promoted } = await rebuilt()
    expect({ before, name: generation.name, promoted }).toEqual({ before: 'g1', name: 'g2', promoted: false })
    expect(intervals.length).toBeGreaterThan(4)
    expect(intervals.filter(({ same }) => !same)).toEqual([])
    expect((await readGenerations(await logs.control('reader'), 't')).live).toBe('g1')
    const revisionsOf = async (name: string) => (await logs.kpi(name, 'reader')).streamRevision(`t.kpi-${name}`)
    expect(await revisionsOf('g2')).toBeLessThan((await revisionsOf('g1')) as number)
  })

  test('by another profile differs where the profiles differ', async () => {
    await projected()
    const { intervals } = await rebuilt({ profile: halfHours, promote: true })
    expect(intervals.some(({ same }) => !same)).toBe(true)
    expect((await readGenerations(await logs.control('reader'), 't')).all['g2']?.profile).toEqual(halfHours)
  })

  test('without a live generation compares with nothing', async () => {
    const { before, intervals } = await rebuilt()
    expect(before).toBeUndefined()
    expect(intervals.every(({ before, same }) => before === undefined && !same)).toBe(true)
  })

  test('that is stopped reports that it is incomplete, and promotes nothing', async () => {
    await projected()
    const stop = new AbortController()
    const stopped = rebuilt({ signal: stop.signal, promote: true, batchMax: 10, onProgress: () => stop.abort() })
    await expect(stopped).rejects.toThrow(RebuildStopped)
    await expect(stopped).rejects.toThrow(/generation g2 is not complete: stopped at position \d+ of \d+/)
    expect((await readGenerations(await logs.control('reader'), 't')).live).toBe('g1')
  })

  test('whose log goes away for longer than it may wait reports that it is incomplete', async () => {
    await projected()
    const away = { ...raw, subscribe: () => unreachableLog() }
    const failing = rebuilt({ raw: away, promote: true, waitMs: 0 })
    await expect(failing).rejects.toThrow(/generation g2 is not complete: projector: given up .*: it went away/)
    await expect(failing).rejects.toThrow(RebuildFailed)
    expect((await readGenerations(await logs.control('reader'), 't')).live).toBe('g1')
  })
})

test('a promotion switches the running projector and egress, and later events go to the new generation alone', async () => {
  const stop = new AbortController()
  const { sink, reached, records } = recordingSink()
  const projector = runLiveProjector({ ...common(stop.signal), untilCaughtUp: false })
  const egress = runEgress({
    tenant: 't',
    logs,
    sink,
    batchMax: 100,
    untilCaughtUp: false,
    signal: stop.signal,
    logger: silent,
    now: () => 0,
  })
  await reached('g1', 50)

  // Another process rebuilds: it has logs of its own, and lets go of the new generation at its end.
  const elsewhere = embeddedLogs(data, 'rebuild')
  await rebuilt({ logs: elsewhere, raw: await elsewhere.raw('reader'), promote: true })
  const rows = (await bookOfLog(await elsewhere.kpi('g2', 'reader'), 't', 'g2')).size
  await elsewhere.close()
  await reached('g2', rows)

  const soFar = records.length
  const later = simulate({ seed: 14, fromMs: FROM + 24 * HOUR_MS, hours: 0.5, queues: 2, agents: 10 })
  await take(
    raw,
    't',
    [...later].map(({ line }) => line),
  )
  await reached('g2', rows + 20)
  stop.abort()
  expect([await projector, await egress]).toEqual([{ kind: 'stopped' }, { kind: 'stopped' }])
  expect(new Set(records.slice(soFar).map(({ generation }) => generation))).toEqual(new Set(['g2']))

  const rest = {
    tenant: 't',
    logs,
    sink,
    batchMax: 100,
    untilCaughtUp: true,
    signal: never,
    logger: silent,
    now: () => 0,
  }
  expect(await runEgress(rest)).toEqual({ kind: 'caught-up' })
  const second = records.filter(({ generation }) => generation === 'g2')
  expect(textOf(bookOfRecords(second))).toBe(textOf(await bookOfLog(await logs.kpi('g2', 'reader'), 't', 'g2')))
})
