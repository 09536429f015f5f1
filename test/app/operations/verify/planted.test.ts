import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verify, type Verification } from '../../../../src/app/operations/verify/verify.js'
import { isKpiEvent, readKpiEvent } from '../../../../src/contract/kpi-stream/stored.js'
import { rowCodec } from '../../../../src/contract/row-codec.js'
import { familyNames } from '../../../../src/domain/family.js'
import { HOUR_MS, MINUTE_MS } from '../../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'
import { rawPrefixes } from '../../../../src/domain/stream-name.js'
import type { EventLog, RecordedEvent } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { eventsOf, fixedLog } from '../../../support/fixed-log.js'
import { lawRuns } from '../../../support/law-runs.js'
import { everyRevision, textOf, type WholeBook } from '../../../support/pipeline-life.js'
import { generationOf, project, silent, take, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const TENANT = 't'

type History = Readonly<{ seed: number; points: 'metric-records' | 'detail-events'; batchMax: number; pause: number }>

const anyHistory: fc.Arbitrary<History> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000 }),
  points: fc.constantFrom('metric-records', 'detail-events'),
  batchMax: fc.constantFrom(7, 60, 100_000),
  pause: fc.integer({ min: 1, max: 5 }),
})

const profileOf = ({ points }: History): Profile => ({
  ...defaultProfile,
  points,
  families: familyNames,
  rollUps: ['PT1H'],
  correlation: { ...defaultProfile.correlation, acwHorizonMs: 20 * MINUTE_MS },
})

/** A simulated hour that was projected bit by bit, and at last as a whole. */
const historyOf = async (history: History): Promise<EventLog> => {
  const { seed, points, batchMax, pause } = history
  const log = memoryLog()
  const lines = [
    ...simulate({
      ...{ seed, fromMs: FROM, hours: 1, queues: 2, agents: 5, emit: points, reconfigure: true },
      ...{ reorder: 0.1, duplicates: 0.05, lateness: { share: 0.05, maxMs: HOUR_MS } },
    }),
  ].map(({ line }) => line)
  const run = () => project({ log, tenant: TENANT, profile: profileOf(history), batchMax })
  for (let at = 0, step = 1; at < lines.length; at += 100, step++) {
    await take(log, TENANT, lines.slice(at, at + 100))
    await tickTo(log, TENANT, FROM + MINUTE_MS * Math.floor((60 * at) / lines.length))
    if (step % pause === 0) await run()
  }
  await tickTo(log, TENANT, FROM + 4 * HOUR_MS)
  await run()
  return log
}

const verified = (history: History, log: EventLog, more: Partial<Parameters<typeof verify>[0]> = {}) =>
  verify({
    ...{ tenant: TENANT, generation: generationOf(profileOf(history)), raw: log, kpi: log, data: undefined, facts: {} },
    ...{ spillEvents: 200, sliceRows: 7, signal: new AbortController().signal, logger: silent },
    ...more,
  })

const expectNone = (found: Verification): void => {
  expect(found.first).toBeNull()
  expect(found).toMatchObject({ differences: 0, waiting: 0, isStopped: false })
}

type Row = Readonly<{ at: number; key: string; start: number; event: RecordedEvent }>

/** The last revision of every row, where it stands in the log. */
const lastRows = (events: readonly RecordedEvent[]): readonly Row[] => {
  const rows = new Map<string, Row>()
  events.forEach((event, at) => {
    const stored = isKpiEvent(event) ? readKpiEvent(event) : undefined
    if (stored?.kind === 'row') rows.set(stored.header.key, { at, ...stored.header, event })
  })
  return [...rows.values()]
}

type Plant = (events: readonly RecordedEvent[], row: Row) => readonly RecordedEvent[]

const plants: Readonly<Record<'changed' | 'missing' | 'added' | 'unreadable', Plant>> = {
  changed: (events, { at, event }) => {
    const codec = rowCodec(readRow(event).family)
    const row = codec.decode(event.data)
    const measures = row.measures.map(
      (measure) => measure && { ...measure, count: measure.count + 1, sum: measure.sum + 1 },
    )
    return events.with(at, { ...event, data: codec.encode({ ...row, measures, serviceTarget: 0.123 }) })
  },
  missing: (events, { at }) => events.toSpliced(at, 1),
  added: (events, { at, event }) => {
    const codec = rowCodec(readRow(event).family)
    const row = codec.decode(event.data)
    const data = codec.encode({ ...row, revision: row.revision + 1 })
    return events.toSpliced(at + 1, 0, { ...event, id: '00000000-0000-4000-8000-000000000000', data })
  },
  unreadable: (events, { at, event }) => events.with(at, { ...event, data: event.data.subarray(0, 5) }),
}

type RawPlant = (
  events: readonly RecordedEvent[],
  pick: number,
) => Readonly<{ planted: readonly RecordedEvent[]; position: bigint }>

const rawPlants: Readonly<Record<'changed' | 'removed' | 'added', RawPlant>> = {
  changed: (events, pick) => {
    const [at, event] = pointAt(events, pick)
    const data = Buffer.from(event.data)
      .toString()
      .replace(/"value":\s*(\d+)/, (_, value: string) => `"value":${Number(value) + 1_000}`)
    return { planted: events.with(at, { ...event, data: Buffer.from(data) }), position: event.position }
  },
  removed: (events, pick) => {
    const [at, { position }] = pointAt(events, pick)
    return { planted: events.toSpliced(at, 1), position }
  },
  // The same point once more, under another id, at a position at which the raw streams hold nothing.
  added: (events, pick) => {
    const [, event] = pointAt(events, pick)
    const last = events.findLastIndex(isRaw)
    const free = [...events.keys()].filter((at) => at < last && !isRaw(events[at] as RecordedEvent))
    fc.pre(free.length > 0)
    const at = free[pick % free.length] as number
    const { position } = events[at] as RecordedEvent
    const twin = { ...event, id: '00000000-0000-4000-8000-000000000000', position }
    return { planted: events.with(at, twin), position }
  },
}

const isRaw = ({ stream }: RecordedEvent): boolean => rawPrefixes(TENANT).some((prefix) => stream.startsWith(prefix))

/** One of the raw events that rows may depend on. */
const pointAt = (events: readonly RecordedEvent[], pick: number): readonly [at: number, event: RecordedEvent] => {
  const points = [...events.entries()].filter(([, event]) => isRaw(event) && /record|metric|detail/.test(event.type))
  return points[pick % points.length] as [number, RecordedEvent]
}

const readRow = (event: RecordedEvent) => {
  const stored = readKpiEvent(event)
  if (stored?.kind !== 'row') throw new Error('this is no row')
  return stored.header
}

const lastOf = ({ book }: WholeBook): ReadonlyMap<string, string> =>
  new Map([...book].map(([key, revisions]) => [key, [...revisions].at(-1)?.join(' ') ?? '']))

describe('a verification', () => {
  test('finds no difference in any simulated history, however it was cut into batches and runs', async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, async (history) => expectNone(await verified(history, await historyOf(history)))),
      lawRuns(10),
    )
  })

  test('finds every row that was changed, removed, added or made unreadable, and says which', async () => {
    const anyPlant = fc.constantFrom('changed', 'missing', 'added', 'unreadable')
    await fc.assert(
      fc.asyncProperty(anyHistory, anyPlant, fc.nat(), async (history, kind, pick) => {
        const log = await historyOf(history)
        const events = await eventsOf(log)
        const rows = lastRows(events)
        const row = rows[pick % rows.length] as Row
        const found = await verified(history, fixedLog(plants[kind](events, row), await log.id()))
        expect(found.counts[kind]).toBe(1)
        const [first] = found.listed.filter((each) => each.kind === kind)
        if (kind !== 'unreadable')
          expect(first).toMatchObject({ key: row.key, intervalStart: new Date(row.start).toISOString() })
        else expect(first).toMatchObject({ kpiRevision: row.event.revision })
        expect(found.listed.filter(({ key }) => key !== first?.key && key !== row.key)).toEqual([])
        if (kind === 'changed' || kind === 'added')
          expect(first?.kpiRevision).toBe(row.event.revision + (kind === 'added' ? 1 : 0))
      }),
      lawRuns(20),
    )
  })

  test('of a short range reads what concerns it alone, and finds every row that was changed, removed or made unreadable', async () => {
    const anyPlant = fc.constantFrom('changed', 'missing', 'unreadable')
    await fc.assert(
      fc.asyncProperty(anyHistory, anyPlant, fc.nat(), fc.boolean(), async (history, kind, pick, quick) => {
        const log = await historyOf(history)
        const events = await eventsOf(log)
        const rows = lastRows(events)
        const row = rows[pick % rows.length] as Row
        const compared = { from: row.start, to: row.start + 15 * MINUTE_MS }
        const before = await verified(history, log, { compared, quick })
        expectNone(before)
        expect(before.compared).toBe('latest')
        expect(before.intervals.every(({ stored, computed }) => stored === computed)).toBe(true)
        const planted = fixedLog(plants[kind](events, row), await log.id())
        const after = await verified(history, planted, { compared, quick })
        expect(after.counts[kind]).toBe(1)
        if (kind !== 'unreadable')
          expect(after.listed.find((each) => each.kind === kind)).toMatchObject({ key: row.key })
      }),
      lawRuns(10),
    )
  })

  test('finds every raw event that was changed, removed or added, if a row depends on it, and names such a row', async () => {
    const anyPlant = fc.constantFrom('changed', 'removed', 'added')
    await fc.assert(
      fc.asyncProperty(anyHistory, anyPlant, fc.nat(), async (history, kind, pick) => {
        const log = await historyOf(history)
        const events = await eventsOf(log)
        const { planted, position } = rawPlants[kind](events, pick)
        const changed = fixedLog(planted, await log.id())
        const profile = profileOf(history)
        const [before, after] = [
          lastOf(await everyRevision(log, TENANT, profile)),
          lastOf(await everyRevision(changed, TENANT, profile)),
        ]
        const different = [...new Set([...before.keys(), ...after.keys()])].filter(
          (key) => before.get(key) !== after.get(key),
        )
        fc.pre(different.length > 0)
        const found = await verified(history, changed, { kpi: log })
        const keys = found.listed.filter(({ what }) => what === 'row').map(({ key }) => key)
        expect(keys.some((key) => different.includes(key))).toBe(true)
        expect(BigInt(found.first?.raw?.through ?? -1)).toBeGreaterThanOrEqual(position)
      }),
      lawRuns(20),
    )
  })

  test('that is stopped at any moment has written nothing and leaves no file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'streamvane-verify-'))
    try {
      const history: History = { seed: 5, points: 'metric-records', batchMax: 40, pause: 2 }
      const log = await historyOf(history)
      const fixed = fixedLog(await eventsOf(log), await log.id()) // which throws where anything is written
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (moment) => {
          const stop = new AbortController()
          let told = 0
          const onProgress = (): void => {
            if (++told === moment) stop.abort()
          }
          const found = await verified(history, fixed, { data: folder, signal: stop.signal, onProgress })
          expect(found.isStopped).toBe(stop.signal.aborted)
          expect(found.first).toBeNull()
          expect(await readdir(folder)).toEqual([])
        }),
        lawRuns(10),
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

test('the books that planted changes are compared by tell histories apart', async () => {
  const [one, other] = await Promise.all(
    [1, 2].map(async (seed) => {
      const history: History = { seed, points: 'metric-records', batchMax: 60, pause: 2 }
      return textOf((await everyRevision(await historyOf(history), TENANT, profileOf(history))).book)
    }),
  )
  expect(one).not.toBe(other)
})
