import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { LogEncryption } from '../src/app/pipeline/logs/encryption.js'
import { embeddedLogs, type Logs } from '../src/app/pipeline/logs/logs.js'
import { PROJECTION_VERSION } from '../src/app/pipeline/generations.js'
import { runProjector } from '../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../src/app/pipeline/projector/snapshots.js'
import { HOUR_MS } from '../src/domain/interval.js'
import { defaultProfile } from '../src/domain/profile.js'
import { appendTick } from '../src/ingress/clock.js'
import { ingest } from '../src/ingress/ingest.js'
import { masterKeysIn } from '../src/log/encryption/master-key.js'
import { simulate } from '../src/simulator/simulate.js'
import type { BenchLine } from './bench-line.js'
import { repeatsOf } from './repeats.js'

const TENANT = 'acme'
const FROM = Date.parse('2026-01-05T06:00:00Z')
const BATCH = 1_000
const BATCHES = 40
const WARM_UP = 8
const PASSES = 3

/** Processor seconds of all threads: the two logs are measured in turns on a machine that does other work too. */
const cpuSecondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const batchesOfLines = (): readonly (readonly Buffer[])[] => {
  const batches: Buffer[][] = []
  for (const { line } of simulate({ seed: 7, fromMs: FROM, hours: 24, queues: 20, agents: 150 })) {
    const last = batches.at(-1)
    if (last !== undefined && last.length < BATCH) last.push(Buffer.from(line))
    else if (batches.push([Buffer.from(line)]) > BATCHES) break
  }
  return batches.slice(0, BATCHES)
}

const firstPass = async (logs: Logs, generation: string): Promise<void> => {
  const end = await runProjector({
    ...{ tenant: TENANT, raw: await logs.raw('reader'), kpi: await logs.kpi(generation, 'writer') },
    generation: {
      ...{ name: generation, projectionVersion: PROJECTION_VERSION, profile: defaultProfile },
      ...{ historyThrough: null, startedAt: '2026-01-01T00:00:00.000Z' },
    },
    ...{ snapshots: noSnapshots, batchMax: 20_000, untilCaughtUp: true },
    ...{ signal: new AbortController().signal, logger: pino({ level: 'silent' }), now: () => 0 },
  })
  if (end.kind !== 'caught-up') throw new Error(`the projector ended: ${end.kind}`)
}

const readAll = async (logs: Logs): Promise<void> => {
  let bytes = 0
  for await (const batch of (await logs.raw('reader')).readAll())
    for (const { data, metadata } of batch) bytes += data.length + metadata.length
  if (bytes === 0) throw new Error('nothing was read')
}

type Pair = readonly [encrypted: Logs, plain: Logs]

/** The work on each of both in turns; processor time in microseconds an event, the median. */
const paired = async (
  pair: Pair,
  times: number,
  events: number,
  work: (logs: Logs, time: number) => Promise<unknown>,
): Promise<readonly [number, number]> => {
  const costs: [number[], number[]] = [[], []]
  for (let time = 0; time < times; time++)
    for (const which of [0, 1] as const) costs[which].push(await cpuSecondsOf(() => work(pair[which], time)))
  const micros = (seconds: readonly number[]): number => (1e6 * repeatsOf(seconds).median) / events
  return [micros(costs[0]), micros(costs[1])]
}

/** An encrypted log beside one that is not: the same events, in turns. */
export const benchEncryption = async (): Promise<readonly BenchLine[]> => {
  const dir = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'bench-encryption-'))
  const encryption: LogEncryption = {
    ...{ folder: join(dir, 'keys'), isEnabled: true },
    masters: () => masterKeysIn(Buffer.alloc(32, 1).toString('base64')),
  }
  const pair: Pair = [
    embeddedLogs(join(dir, 'a'), 'bench', undefined, encryption),
    embeddedLogs(join(dir, 'b'), 'bench'),
  ]
  try {
    const batches = batchesOfLines()
    const store = async (logs: Logs, time: number): Promise<void> => {
      const origin = { tenant: TENANT, source: 'bench', receivedAt: FROM + 9 * HOUR_MS }
      await ingest(await logs.raw('writer'), batches[time] ?? [], origin)
    }
    await paired(pair, WARM_UP, BATCH, store)
    const stored = await paired(pair, BATCHES - WARM_UP, BATCH, (logs, time) => store(logs, WARM_UP + time))
    for (const logs of pair) await appendTick(await logs.raw('writer'), TENANT, FROM + 26 * HOUR_MS)
    const events = BATCHES * BATCH
    const read = await paired(pair, PASSES, events, readAll)
    const passed = await paired(pair, PASSES, events, (logs, time) => firstPass(logs, `g${time}`))
    const bytes = (path: string): number => statSync(join(dir, path)).size
    const ndjson = batches.flat().reduce((sum, line) => sum + line.length + 1, 0)
    const keys = bytes('keys/data-keys') + bytes('keys/index/data.mdb')
    const line = (name: string, [ours, ceiling]: readonly [number, number]): BenchLine => ({
      ...{ name, ours: 100 * ours, ceiling: 100 * ceiling, unit: '1/100 µs of processor an event' },
      lessIsBetter: true,
    })
    return [
      line('encrypted: ingest, batches of 1,000', stored),
      line('encrypted: sequential read', read),
      line('encrypted: first pass in one thread', passed),
      {
        ...{ name: 'encrypted: disk', ours: bytes('a/log/raw/data.mdb'), ceiling: bytes('b/log/raw/data.mdb') },
        ...{ unit: 'bytes', lessIsBetter: true },
        note: `per byte of NDJSON ${(bytes('a/log/raw/data.mdb') / ndjson).toFixed(2)}, keys ${(keys / ndjson).toFixed(3)}`,
      },
    ]
  } finally {
    for (const logs of pair) await logs.close()
    rmSync(dir, { recursive: true, force: true })
  }
}
