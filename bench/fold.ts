import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pino } from 'pino'
import { encodeKpiEvents } from '../src/contract/kpi-stream/encode.js'
import { factRunOf, type FactRun } from '../src/domain/fact-run.js'
import type { Fact } from '../src/domain/fact.js'
import { HOUR_MS } from '../src/domain/interval.js'
import { defaultProfile, type PointSource } from '../src/domain/profile.js'
import { embeddedLogs } from '../src/app/pipeline/logs/logs.js'
import { PROJECTION_VERSION } from '../src/app/pipeline/generations.js'
import { runProjector } from '../src/app/pipeline/projector/projector.js'
import { rawPrefixes } from '../src/domain/stream-name.js'
import { noSnapshots } from '../src/app/pipeline/projector/snapshots.js'
import { appendTick } from '../src/ingress/clock.js'
import { decodeRaw } from '../src/ingress/decode/decoders.js'
import { ingest } from '../src/ingress/ingest.js'
import { readRawEvents } from '../src/ingress/raw-event.js'
import { KpiProjection } from '../src/projections/kpi-projection.js'
import { simulate } from '../src/simulator/simulate.js'
import type { BenchLine } from './bench-line.js'
import { repeatsOf, type Repeats } from './repeats.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const BATCH = 2_000

type Source = Exclude<PointSource, 'conversation-details' | 'metric-records-and-details'>

/**
 * On one thread, beside `JSON.parse` alone of the same bytes: raw log → rows in the KPI log on disk, and the fold alone,
 * facts in memory → encoded rows.
 */
export const benchFold = async (): Promise<readonly BenchLine[]> => {
  const lines: BenchLine[] = []
  for (const points of ['metric-records', 'detail-events'] as const)
    lines.push(await firstPassOf(points), foldAloneOf(points))
  return lines
}

const simulated = (points: Source): readonly Buffer[] =>
  [...simulate({ seed: 7, fromMs: FROM, hours: 8, queues: 20, agents: 150, emit: points })].map(({ line }) =>
    Buffer.from(line),
  )

const parseAll = (lines: readonly Buffer[]): void => {
  for (const line of lines) JSON.parse(line.toString('utf8'))
}

/** The fold with its rows and their encoding, without log and decoding. Processor time: other work does not count. */
const foldAloneOf = (points: Source): BenchLine => {
  const lines = simulated(points)
  const runs = runsOf(lines)
  let rows = 0
  const fold = (): void => {
    rows = 0
    const projection = new KpiProjection('t', { ...defaultProfile, points })
    for (const run of runs) {
      projection.applyRun(run)
      rows += encodeKpiEvents('t', 'g', projection.drainEvents(), BigInt(rows)).length
    }
  }
  const [parse, alone] = [() => parseAll(lines), fold].map((work) => {
    work() // warms up
    return repeatsOf(Array.from({ length: 5 }, () => cpuSecondsOf(work)))
  }) as [Repeats, Repeats]
  return {
    name: `facts → rows, ${points}`,
    ours: lines.length / alone.median,
    ceiling: lines.length / parse.median,
    unit: 'events/s',
    spread: alone.spread,
    note: `${lines.length} events, ${rows} rows; fold, rows and their encoding, from columns in memory; processor time; ceiling is JSON.parse alone`,
  }
}

/** The facts of the lines, with ticks among them, as a projector gets them. */
const runsOf = (lines: readonly Buffer[]): readonly FactRun[] => {
  const runs: FactRun[] = []
  for (let at = 0; at < lines.length; at += BATCH) {
    const facts = lines.slice(at, at + BATCH).flatMap((line) =>
      readRawEvents(line, { tenant: 't', source: 'bench', receivedAt: FROM + 9 * HOUR_MS }).flatMap(({ read }) => {
        const decoded = E.flatMap(read, ({ event }) => decodeRaw(event.type, event.data))
        return E.isRight(decoded) ? decoded.right : []
      }),
    )
    const tick: Fact = { type: 'ClockTicked', at: FROM + Math.floor((at / lines.length) * 8 * HOUR_MS) }
    runs.push(factRunOf([...facts, tick]))
  }
  return runs
}

const cpuSecondsOf = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const firstPassOf = async (points: Source): Promise<BenchLine> => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-bench-'))
  const logs = embeddedLogs(dir, 'bench')
  try {
    const raw = await logs.raw('writer')
    const lines = simulated(points)
    for (let at = 0; at < lines.length; at += BATCH) {
      await ingest(raw, lines.slice(at, at + BATCH), { tenant: 't', source: 'bench', receivedAt: FROM + 9 * HOUR_MS })
      await appendTick(raw, 't', FROM + Math.floor((at / lines.length) * 8 * HOUR_MS))
    }

    const events = lines.length
    const parse = median(3, () => parseAll(lines))
    const read = await timed(async () => {
      for await (const batch of raw.readAll({ prefixes: rawPrefixes('t'), batchMax: 5_000 }))
        if (batch.length === 0) throw new Error('empty batch')
    })
    let rows = 0
    const runs: number[] = []
    for (const name of ['g1', 'g2', 'g3']) {
      const kpi = await logs.kpi(name, 'writer')
      runs.push(
        await timed(() =>
          runProjector({
            tenant: 't',
            generation: {
              name,
              projectionVersion: PROJECTION_VERSION,
              profile: { ...defaultProfile, points },
              historyThrough: null,
              startedAt: '',
            },
            raw,
            kpi,
            snapshots: noSnapshots,
            batchMax: 20_000,
            untilCaughtUp: true,
            signal: new AbortController().signal,
            logger: pino({ level: 'silent' }),
            now: () => 0,
            onProgress: (progress) => (rows = progress.rows),
          }),
        ),
      )
    }
    const fold = runs.sort((a, b) => a - b)[1] as number
    return {
      name: `log → rows, ${points}`,
      ours: events / fold,
      ceiling: events / parse,
      unit: 'events/s',
      note: `${events} events, ${rows} rows; ceiling is JSON.parse alone; reading the log alone ${Math.round(events / read)}/s`,
    }
  } finally {
    await logs.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1_000
}

const median = (runs: number, work: () => void): number => {
  const times = Array.from({ length: runs }, () => {
    const began = performance.now()
    work()
    return (performance.now() - began) / 1_000
  })
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] as number
}
