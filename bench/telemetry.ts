import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { PROJECTION_VERSION } from '../src/app/pipeline/generations.js'
import { embeddedLogs, type Logs } from '../src/app/pipeline/logs/logs.js'
import { runProjector } from '../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../src/app/pipeline/projector/snapshots.js'
import { meteredLogs } from '../src/app/telemetry/metered-logs.js'
import { HOUR_MS } from '../src/domain/interval.js'
import { defaultProfile } from '../src/domain/profile.js'
import { appendTick } from '../src/ingress/clock.js'
import { ingest } from '../src/ingress/ingest.js'
import type { EventLog } from '../src/log/event-log.js'
import { simulate } from '../src/simulator/simulate.js'
import { exposition } from '../src/telemetry/metrics/exposition.js'
import { Meters } from '../src/telemetry/metrics/meters.js'
import { processGauges } from '../src/telemetry/metrics/process-gauges.js'
import { stageMeters, type StageMeters } from '../src/telemetry/metrics/stage-meters.js'
import type { BenchLine } from './bench-line.js'
import type { BenchOptions } from './main.js'
import { repeatsOf } from './repeats.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const HOURS = 2
/** Events of one append, as of one request. Figures are counted once a batch. */
const BATCH = 100
/** Pairs beside each other; the first warms up. */
const PAIRS_MIN = 5
const READINGS = 200
/** How often Prometheus reads by default. */
const SCRAPE_MS = 15_000

/** With metrics, and without: the log that stages are given, and what they record. */
type Side = Readonly<{ logs: (logs: Logs) => Logs; stages: StageMeters | undefined }>

const sideWith = (meters: Meters): Side => ({ logs: (logs) => meteredLogs(logs, meters), stages: stageMeters(meters) })
const without: Side = { logs: (logs) => logs, stages: undefined }

/**
 * What metrics cost: ingest and first pass with them beside the same without, in turns, by the processor time of this
 * process; and one reading of the page beside the time between two.
 */
export const benchTelemetry = async ({ repeats }: BenchOptions): Promise<readonly BenchLine[]> => {
  const lines = [...simulate({ seed: 7, fromMs: FROM, hours: HOURS, queues: 20, agents: 150 })].map(({ line }) =>
    Buffer.from(line),
  )
  const pairs = Math.max(PAIRS_MIN, repeats)
  return [
    await inTurns('ingest, with metrics beside without', lines.length, pairs, (side) =>
      within((logs) => taken(logs, side, lines)),
    ),
    await within(async (logs) => {
      const raw = await logs.raw('writer')
      await stored(raw, lines)
      return inTurns('first pass, with metrics beside without', lines.length, pairs, (side, turn) =>
        projected(logs, side, raw, `g${turn}`),
      )
    }),
    await reading(),
  ]
}

/** `work` answers the processor time that it took, in seconds. */
const inTurns = async (
  name: string,
  events: number,
  pairs: number,
  work: (side: Side, turn: number) => Promise<number>,
): Promise<BenchLine> => {
  const seconds = { on: [] as number[], off: [] as number[] }
  for (let turn = 0; turn <= 2 * pairs + 1; turn++) {
    // Whoever comes second finds caches warm, so they change places.
    const isOn = turn % 4 === 0 || turn % 4 === 3
    const took = await work(isOn ? sideWith(new Meters()) : without, turn)
    if (turn > 1) seconds[isOn ? 'on' : 'off'].push(took)
  }
  const [on, off] = [repeatsOf(seconds.on), repeatsOf(seconds.off)]
  const note = `${events} events, ${pairs} times each in turns; processor time`
  return {
    ...{ name, ours: events / on.median, ceiling: events / off.median, unit: 'events/s' },
    ...{ goal: 0.98, spread: on.spread, note },
  }
}

const within = async <A>(work: (logs: Logs) => Promise<A>): Promise<A> => {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'bench-telemetry-'))
  const logs = embeddedLogs(dir, 'bench')
  try {
    return await work(logs)
  } finally {
    await logs.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

const cpuSecondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const stored = async (raw: EventLog, lines: readonly Buffer[], stages?: StageMeters): Promise<void> => {
  const origin = { tenant: 't', source: 'bench', receivedAt: FROM + (HOURS + 1) * HOUR_MS }
  for (let at = 0; at < lines.length; at += BATCH) {
    await ingest(raw, lines.slice(at, at + BATCH), origin, { counter: stages?.ingress })
    await appendTick(raw, 't', FROM + Math.floor((at / lines.length) * HOURS * HOUR_MS))
  }
}

const taken = async (logs: Logs, side: Side, lines: readonly Buffer[]): Promise<number> => {
  const raw = await side.logs(logs).raw('writer')
  return cpuSecondsOf(() => stored(raw, lines, side.stages))
}

const projected = async (logs: Logs, side: Side, raw: EventLog, name: string): Promise<number> => {
  const generation = { name, projectionVersion: PROJECTION_VERSION, profile: defaultProfile, historyThrough: null }
  const kpi = await side.logs(logs).kpi(name, 'writer')
  return cpuSecondsOf(() =>
    runProjector({
      ...{ tenant: 't', generation: { ...generation, startedAt: '' }, raw, kpi, snapshots: noSnapshots },
      ...{ batchMax: 20_000, untilCaughtUp: true, signal: new AbortController().signal },
      ...{ logger: pino({ level: 'silent' }), now: () => 0, meter: side.stages?.projector },
    }),
  )
}

const reading = async (): Promise<BenchLine> => {
  const meters = new Meters()
  meters.tell(processGauges('0'))
  for (const sink of ['kafka', 'archive']) meters.begin('publishDuration', [sink])
  const read = async (): Promise<number> => exposition(await meters.read(), 'openmetrics').length
  const bytes = await read()
  const seconds = await cpuSecondsOf(async () => {
    for (let i = 0; i < READINGS; i++) await read()
  })
  const ours = (seconds / READINGS) * 1_000
  const note = `${bytes} bytes; beside the ${SCRAPE_MS / 1_000} s between two readings; processor time`
  return {
    name: 'one reading of the page',
    ours,
    ceiling: SCRAPE_MS,
    unit: 'ms',
    goal: 0.001,
    lessIsBetter: true,
    note,
  }
}
