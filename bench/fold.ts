import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { HOUR_MS } from '../src/domain/interval.js'
import { defaultProfile, type PointSource } from '../src/domain/profile.js'
import { embeddedLogs } from '../src/app/pipeline/logs/logs.js'
import { PROJECTION_VERSION } from '../src/app/pipeline/generations.js'
import { runProjector } from '../src/app/pipeline/projector/projector.js'
import { rawPrefixes } from '../src/domain/stream-name.js'
import { noSnapshots } from '../src/app/pipeline/projector/snapshots.js'
import { appendTick } from '../src/ingress/clock.js'
import { ingest } from '../src/ingress/ingest.js'
import { simulate } from '../src/simulator/simulate.js'
import type { BenchLine } from './bench-line.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const BATCH = 2_000

/** Raw log → rows in the KPI log, on one thread and on disk, beside `JSON.parse` alone of the same bytes. */
export const benchFold = async (): Promise<readonly BenchLine[]> => [
  await foldOf('metric-records'),
  await foldOf('detail-events'),
]

const foldOf = async (points: Exclude<PointSource, 'conversation-details'>): Promise<BenchLine> => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-bench-'))
  const logs = embeddedLogs(dir, 'bench')
  try {
    const raw = await logs.raw('writer')
    const simulation = simulate({ seed: 7, fromMs: FROM, hours: 8, queues: 20, agents: 150, emit: points })
    const lines = [...simulation].map(({ line }) => Buffer.from(line))
    for (let at = 0; at < lines.length; at += BATCH) {
      await ingest(raw, lines.slice(at, at + BATCH), { tenant: 't', source: 'bench', receivedAt: FROM + 9 * HOUR_MS })
      await appendTick(raw, 't', FROM + Math.floor((at / lines.length) * 8 * HOUR_MS))
    }

    const events = lines.length
    const parse = median(3, () => {
      for (const line of lines) JSON.parse(line.toString('utf8'))
    })
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
