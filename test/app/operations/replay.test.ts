import * as E from 'fp-ts/lib/Either.js'
import { beforeEach, describe, expect, test } from 'vitest'
import { promote, readGenerations, startGeneration } from '../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { NoGeneration } from '../../../src/app/operations/computed.js'
import {
  replay,
  ReplayFailed,
  ReplayRefused,
  type ReplayOptions,
} from '../../../src/app/operations/generations/replay.js'
import type { Scope } from '../../../src/app/scoped/scope.js'
import { latestHeaders } from '../../../src/contract/kpi-stream/latest.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import { isRow } from '../../../src/egress/sink.js'
import { memoryDestination, memorySink } from '../../../src/egress/memory-sink.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { answers } from '../../support/answers.js'
import { project, rowsOf, take } from '../../support/pipeline.js'
import { recordingSink, type Fate } from '../../support/recording-sink.js'

const TEN = Date.UTC(2026, 0, 5, 10)
const QUARTER = 15 * 60_000
const AGENTS = 20

/** Twenty agents each with an answer at ten and another at half past. */
let log: EventLog
beforeEach(async () => {
  log = memoryLog()
  await take(log, 't', [
    ...answers(AGENTS),
    ...answers(AGENTS, 0, { metricDate: '2026-01-05T10:30:00.000Z', sessionId: 'another' }),
  ])
  const { state } = await startGeneration(
    log,
    't',
    await readGenerations(log, 't'),
    defaultProfile,
    undefined,
    new Date(0),
  )
  await promote(log, 't', state, 'g1', new Date(1))
  await project({ log, tenant: 't', profile: defaultProfile, batchMax: 10 })
})

const replayed = (more: Partial<ReplayOptions>): Promise<number> =>
  replay({
    tenant: 't',
    logs: singleLog(log),
    sink: undefined,
    batchMax: 7,
    signal: new AbortController().signal,
    ...more,
  })

describe('a replay', () => {
  test('publishes to a sink what the filter of the sink lets pass', async () => {
    const { sink, records } = recordingSink()
    expect(await replayed({ sink, filter: { families: ['queue'] } })).toBe(2)
    expect(new Set(records.filter(isRow).map(({ header }) => header.family))).toEqual(new Set(['queue']))
    expect(await replayed({ sink, filter: { only: 'final' } })).toBe(0)
    expect(await replayed({ sink, filter: { granularities: ['PT1H'] } })).toBe(0)
  })

  test('publishes the latest row of every key once, in the order of the log, marked as replay, without moving the progress', async () => {
    const before = { generation: 'g1', revision: 3 }
    const { sink, records, progress } = recordingSink(before)
    expect(await replayed({ sink })).toBe(2 * (AGENTS + 1))
    expect(records.map(({ header }) => header.key).sort()).toEqual(
      (await rowsOf(log, 't')).map(({ key }) => key).sort(),
    )
    expect(records.filter(({ header }) => header.family === 'queue').map(({ header }) => header.revision)).toEqual([
      AGENTS,
      AGENTS,
    ])
    expect(records.every(({ replay, generation }) => replay && generation === 'g1')).toBe(true)
    expect(progress()).toEqual(before)
  })

  test('of a range takes intervals that start within it; of a family, only its rows', async () => {
    const startsOf = async (scope: Scope): Promise<readonly string[]> => {
      const { sink, records } = recordingSink()
      const count = await replayed({ sink, scope })
      expect(count).toBe(records.length)
      return [...new Set(records.map(({ header }) => `${header.family} ${(header.start - TEN) / QUARTER}`))].sort()
    }
    expect(await startsOf({ from: TEN, to: TEN + 2 * QUARTER })).toEqual(['agent 0', 'queue 0'])
    expect(await startsOf({ from: TEN + 1, to: TEN + 2 * QUARTER + 1 })).toEqual(['agent 2', 'queue 2'])
    expect(await startsOf({ families: new Set(['queue']) })).toEqual(['queue 0', 'queue 2'])
    expect(await startsOf({ families: new Set(['queue']), from: TEN + QUARTER })).toEqual(['queue 2'])
    expect(await startsOf({ from: TEN + 3 * QUARTER })).toEqual([])
  })

  test('right after a promotion is refused until the egress has switched, and the egress goes on undisturbed', async () => {
    const destination = memoryDestination()
    const egress = memorySink(destination)
    expect(await egress.connect(new AbortController().signal)()).toEqual(E.right(undefined))
    const { sink, records } = recordingSink()
    await expect(replayed({ sink, published: memorySink(destination) })).rejects.toThrow(
      /generation g1 is live, and the egress has published nothing yet/,
    )
    destination.progress = { generation: 'g0', revision: 3 }
    await expect(replayed({ sink, published: memorySink(destination) })).rejects.toThrow(
      /published generation g0: run the replay again once the egress has switched/,
    )
    expect(records).toEqual([])
    const last = (await log.streamRevision(kpiStream('t', 'g1'))) as number
    destination.progress = { generation: 'g1', revision: last }
    expect(await replayed({ sink, published: memorySink(destination) })).toBe(2 * (AGENTS + 1))
    expect(E.isRight((await egress.stillOwner?.(new AbortController().signal)()) ?? E.left('absent'))).toBe(true)
  })

  test('leaves rows that the egress has still to publish to the egress', async () => {
    const destination = memoryDestination()
    const { sink, records } = recordingSink()
    const half = Math.floor(((await log.streamRevision(kpiStream('t', 'g1'))) as number) / 2)
    destination.progress = { generation: 'g1', revision: half }
    await replayed({ sink, published: memorySink(destination) })
    expect(records.length).toBeGreaterThan(0)
    const inLog = await latestHeaders(log, 't', 'g1')
    for (const { header } of records) expect(inLog.get(header.key)?.revision).toBeLessThanOrEqual(half)
  })

  test('without a sink counts and publishes nothing', async () => {
    expect(await replayed({ scope: { families: new Set(['agent']) } })).toBe(2 * AGENTS)
  })

  test.each<readonly [Fate, RegExp]>([
    ['refused', /not today, after 7 of 42 records; run it again/],
    ['lost', /no way, after 7 of 42 records/],
    ['fenced', /another instance has taken over: another, after 7 of 42/],
  ])('whose second write is %s says how far it came', async (fate, message) => {
    const { sink } = recordingSink(undefined, ['ok', fate])
    const failing = replayed({ sink })
    await expect(failing).rejects.toThrow(fate === 'refused' ? ReplayRefused : ReplayFailed)
    await expect(failing).rejects.toThrow(message)
  })

  test('that is stopped returns the number of published records', async () => {
    const stop = new AbortController()
    const { sink, records } = recordingSink()
    const count = await replayed({ sink, signal: stop.signal, onProgress: (written) => written >= 14 && stop.abort() })
    expect(count).toBe(14)
    expect(records).toHaveLength(14)
  })

  test('of a tenant without rows is refused', async () => {
    await expect(replayed({ tenant: 'other' })).rejects.toThrow(NoGeneration)
  })
})
