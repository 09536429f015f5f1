import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { catchUp } from '../../../src/app/operations/generations/catch-up.js'
import { rebuild } from '../../../src/app/operations/generations/rebuild.js'
import { readIntervals } from '../../../src/app/operations/intervals.js'
import { readGenerations, type Generation, type SavedScope } from '../../../src/app/pipeline/generations.js'
import { singleLog, type Logs } from '../../../src/app/pipeline/logs/logs.js'
import { layerOf, scopeOf } from '../../../src/app/pipeline/projector/generation-projection.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { isInScope } from '../../../src/app/scoped/scope.js'
import { latestRows } from '../../../src/contract/kpi-stream/latest.js'
import type { StoredRow } from '../../../src/contract/kpi-stream/stored.js'
import { HOUR_MS, MINUTE_MS } from '../../../src/domain/interval.js'
import { defaultProfile, type PointSource, type Profile } from '../../../src/domain/profile.js'
import { appendTick } from '../../../src/ingress/clock.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import type { Delivery } from '../../../src/simulator/delivery/delivery.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { lawRuns } from '../../support/law-runs.js'
import { silent, take } from '../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const NOW = Date.parse('2026-02-01T00:00:00Z')

let deliveries: readonly Delivery[]
beforeAll(() => {
  deliveries = [
    ...simulate({
      ...{ seed: 11, fromMs: FROM, hours: 2, queues: 3, agents: 14, callsPerHour: 10, emit: 'both', envelope: 'mixed' },
      ...{ reorder: 0.1, lateness: { share: 0.1, maxMs: HOUR_MS }, reconfigure: true },
    }),
  ]
})

/** Deliveries `[from, to)` of all, as a share, with a tick behind each tenth. */
const taken = async (log: EventLog, from: number, to: number): Promise<void> => {
  const [first, end] = [from, to].map((share) => Math.floor(share * deliveries.length)) as [number, number]
  const step = Math.ceil(deliveries.length / 10)
  for (let at = first; at < end; at += step) {
    const part = deliveries.slice(at, Math.min(end, at + step))
    await take(
      log,
      't',
      part.map(({ line }) => line),
    )
    await appendTick(log, 't', Math.floor((part.at(-1) as Delivery).deliverAtMs / MINUTE_MS) * MINUTE_MS)
  }
}

const common = (logs: Logs, raw: EventLog) => ({
  ...{ tenant: 't', logs, data: undefined, raw, batchMax: 700, untilCaughtUp: true },
  ...{ signal: new AbortController().signal, logger: silent, now: () => NOW },
})

const rowsOf = (log: EventLog, generation: string): Promise<ReadonlyMap<string, StoredRow>> =>
  latestRows(log, 't', generation)

const bytesOf = (rows: ReadonlyMap<string, StoredRow>, wanted: (row: StoredRow['row']) => boolean) =>
  new Map(
    [...rows].flatMap(([key, { row, avro }]) =>
      wanted(row) ? [[key, Buffer.from(avro).toString('base64')] as const] : [],
    ),
  )

const generationOf = async (log: EventLog, name: string): Promise<Generation> =>
  (await readGenerations(log, 't')).all[name] as Generation

const everyMarkerMatches = async (log: EventLog, generation: string): Promise<void> => {
  const { signal } = new AbortController()
  const intervals = await readIntervals({ kpi: log, tenant: 't', generation, data: undefined }, { check: true, signal })
  expect(intervals.length).toBeGreaterThan(0)
  expect(intervals.filter(({ check }) => check?.result === 'differs')).toEqual([])
}

const base = (points: PointSource): Profile => ({ ...defaultProfile, points, rollUps: ['PT1H'] })
const other = (points: PointSource): Profile => ({
  ...base(points),
  version: 2,
  shortAbandonMs: 2_000,
  serviceLevel: { ...defaultProfile.serviceLevel, durationMs: 5_000 },
  quantiles: ['tAnswered'],
})

const anyScope: fc.Arbitrary<SavedScope> = fc
  .record({
    from: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
    length: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    families: fc.option(fc.subarray(['queue', 'agent', 'agent-state'] as const, { minLength: 1 }), { nil: undefined }),
    queue: fc.option(fc.nat(2), { nil: undefined }),
  })
  .map(({ from, length, families, queue }) => ({
    ...(from !== undefined && { from: FROM + from * 15 * MINUTE_MS }),
    ...(length !== undefined && { to: FROM + ((from ?? 0) + length) * 15 * MINUTE_MS }),
    ...(families !== undefined && { families }),
    ...(queue !== undefined && { dimensions: { queueId: [queueIds()[queue] as string] } }),
  }))

const queueIds = (): readonly string[] => {
  const ids = new Set<string>()
  for (const { line } of deliveries)
    for (const [, id] of line.matchAll(/"queueId":\s*"([^"]+)"/g)) ids.add(id as string)
  return [...ids].sort()
}

describe('a rebuild of some rows', () => {
  test('has in its scope the rows of a rebuild of all, and elsewhere those of the live generation, byte for byte; also when events come later', async () => {
    let [inside, outside, different] = [0, 0, 0]
    await fc.assert(
      fc.asyncProperty(
        anyScope,
        fc.constantFrom<PointSource>('metric-records', 'detail-events'),
        fc.double({ min: 0.2, max: 0.9, noNaN: true }),
        async (saved, points, cut) => {
          const log = memoryLog()
          const logs = singleLog(log)
          const live = { ...common(logs, log), profile: base(points) }
          await taken(log, 0, cut / 2)
          await runLiveProjector(live)
          await taken(log, cut / 2, cut)
          const scoped = await rebuild({ ...live, profile: other(points), scope: saved, promote: false })
          const whole = await rebuild({ ...live, profile: other(points), promote: false })
          expect([scoped.generation.name, whole.generation.name]).toEqual(['g2', 'g3'])

          const scope = scopeOf(saved)
          const compare = async (): Promise<void> => {
            for (const name of ['g1', 'g2', 'g3']) await catchUp(live, await generationOf(log, name))
            const [g1, g2, g3] = [await rowsOf(log, 'g1'), await rowsOf(log, 'g2'), await rowsOf(log, 'g3')]
            const isIn = (row: StoredRow['row']): boolean => isInScope(scope, row)
            const isOut = (row: StoredRow['row']): boolean => !isInScope(scope, row)
            expect(bytesOf(g2, isIn)).toEqual(bytesOf(g3, isIn))
            expect(bytesOf(g2, isOut)).toEqual(bytesOf(g1, isOut))
            await everyMarkerMatches(log, 'g2')
            const before = bytesOf(g1, isIn)
            inside += before.size
            outside += bytesOf(g2, isOut).size
            for (const [key, bytes] of bytesOf(g2, isIn)) different += before.get(key) === bytes ? 0 : 1
          }
          await compare()
          await taken(log, cut, 1)
          await compare()
        },
      ),
      // Rows lie within this scope and out of it, and the profile changes some: few random scopes may miss one of these.
      { ...lawRuns(8), examples: [[{ from: FROM + 30 * MINUTE_MS, families: ['queue'] }, 'detail-events', 0.6]] },
    )
    expect(Math.min(inside, outside, different)).toBeGreaterThan(0)
  }, 240_000)
})

test('a row is computed by the rebuilt generation in its scope, and by the one below elsewhere', async () => {
  const log = memoryLog()
  const live = { ...common(singleLog(log), log), profile: base('metric-records') }
  await taken(log, 0, 0.3)
  await runLiveProjector(live)
  const scope: SavedScope = { to: FROM + 15 * MINUTE_MS, families: ['queue'] }
  const { generation } = await rebuild({ ...live, profile: other('metric-records'), scope, promote: true })
  const cell = { family: 'queue', dimensions: ['q', 'voice', null, null], granularity: 'PT15M' } as const
  expect(layerOf(generation, { ...cell, start: FROM }).profile.version).toBe(2)
  expect(layerOf(generation, { ...cell, start: FROM + 15 * MINUTE_MS }).profile.version).toBe(1)

  // One more layer: what was rebuilt before stays as it was.
  const third = { ...other('metric-records'), version: 3 }
  const above = await rebuild({ ...live, profile: third, scope: { families: ['agent'] }, promote: false })
  expect(layerOf(above.generation, { ...cell, start: FROM }).profile.version).toBe(2)
  expect(above.outside).toMatchObject({ moved: 0 })
})
