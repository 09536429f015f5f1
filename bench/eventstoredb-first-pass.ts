import { EventStoreDBClient, streamNameFilter } from '@eventstore/db-client'
import { pino } from 'pino'
import { runProjector } from '../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../src/app/pipeline/projector/snapshots.js'
import { PROJECTION_VERSION } from '../src/app/pipeline/generations.js'
import { defaultProfile } from '../src/domain/profile.js'
import { rawPrefixes } from '../src/domain/stream-name.js'
import { ingest } from '../src/ingress/ingest.js'
import type { EventLog } from '../src/log/event-log.js'
import { openEventStoreDbLog } from '../src/log/eventstoredb/log.js'
import { memoryLog } from '../src/log/memory-log.js'
import { simulate } from '../src/simulator/simulate.js'
import type { BenchLine } from './bench-line.js'
import { repeatsOf, secondsOf } from './repeats.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const HOURS = 3
const BATCH = 2_000
const REPEATS = 3
const FEW = 1_000

/** What the peer is asked to put into its log: records of another application. */
export type Others = Readonly<{ others: number; bytes: number }>

/**
 * A first pass from the server beside the bare client's filtered subscription, share of its time spent waiting, and a
 * few events behind a million records of others. `addOthers` resolves once these lie in the server's log.
 */
export const benchFirstPass = async (
  connectionString: string,
  addOthers: (others: Others) => Promise<unknown>,
): Promise<readonly BenchLine[]> => {
  const log = openEventStoreDbLog({ connectionString })
  const client = EventStoreDBClient.connectionString(connectionString)
  try {
    const events = await fill(log, 'pass', HOURS)
    const [ours, bare, waiting]: [number[], number[], number[]] = [[], [], []]
    for (let repeat = 0; repeat <= REPEATS; repeat++) {
      const before = performance.eventLoopUtilization()
      const passS = await secondsOf(() => firstPass(log, 'pass', `g${repeat}`))
      const { utilization } = performance.eventLoopUtilization(before)
      const bareS = await secondsOf(() => bareRead(client, rawPrefixes('pass'), events))
      if (repeat === 0) continue // not timed: code that is not warm
      ours.push(events / passS)
      bare.push(events / bareS)
      waiting.push(1 - utilization)
    }
    const pass = repeatsOf(ours)
    const first: BenchLine = {
      ...{ name: 'EventStoreDB: first pass, raw → rows', ours: pass.median, ceiling: repeatsOf(bare).median },
      ...{ unit: 'events/s', goal: 0.5, spread: pass.spread, note: 'ceiling: the bare client’s filtered subscription' },
    }
    const idle: BenchLine = {
      ...{ name: 'EventStoreDB: share of a first pass spent waiting', ours: repeatsOf(waiting).median * 100 },
      ...{ ceiling: 100, unit: '% of the time', goal: 0.1, lessIsBetter: true },
    }
    return [first, idle, await fewBehindMany(log, client, addOthers)]
  } finally {
    await Promise.all([log.close(), client.dispose()])
  }
}

/** Returns how many events there are. */
const fill = async (log: EventLog, tenant: string, hours: number): Promise<number> => {
  const lines = [...simulate({ seed: 7, fromMs: FROM, hours, queues: 20, agents: 150, emit: 'metric-records' })].map(
    ({ line }) => Buffer.from(line),
  )
  let stored = 0
  for (let at = 0; at < lines.length; at += BATCH)
    stored += (await ingest(log, lines.slice(at, at + BATCH), { tenant, source: 'bench', receivedAt: FROM })).stored
  return stored
}

const firstPass = (raw: EventLog, tenant: string, name: string): Promise<unknown> =>
  runProjector({
    tenant,
    generation: {
      ...{ name, projectionVersion: PROJECTION_VERSION, historyThrough: null, startedAt: '' },
      profile: { ...defaultProfile, points: 'metric-records' },
    },
    ...{ raw, kpi: memoryLog(), snapshots: noSnapshots, batchMax: 20_000, untilCaughtUp: true },
    ...{ signal: new AbortController().signal, logger: pino({ level: 'silent' }), now: () => 0 },
  })

/** As the client's documentation has it. */
const bareRead = async (client: EventStoreDBClient, prefixes: readonly string[], count: number): Promise<void> => {
  const subscription = client.subscribeToAll({
    filter: streamNameFilter({ prefixes: [...prefixes], maxSearchWindow: 4_096, checkpointInterval: 8 }),
  })
  let seen = 0
  for await (const { event } of subscription) if (event !== undefined && ++seen === count) break
}

const fewBehindMany = async (
  log: EventLog,
  client: EventStoreDBClient,
  addOthers: (others: Others) => Promise<unknown>,
): Promise<BenchLine> => {
  await addOthers({ others: 1_000_000, bytes: 1_000 })
  for (let at = 0; at < FEW; at += 100) {
    const events = Array.from({ length: 100 }, (_, i) => ({
      id: `00000000-0000-4000-8000-${`${at + i}`.padStart(12, '0')}`,
      ...{ type: 'Few', data: Buffer.alloc(738, 32), metadata: Buffer.from('{}') },
    }))
    await log.append([{ stream: `few.${at}`, expected: 'any', events }])
  }
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    let seen = 0
    ours.push(
      await secondsOf(async () => {
        for await (const batch of log.readAll({ prefixes: ['few.'] })) seen += batch.length
      }),
    )
    if (seen !== FEW) throw new Error(`read ${seen} events of ${FEW}`)
    bare.push(await secondsOf(() => bareRead(client, ['few.'], FEW)))
  }
  const { median, spread } = repeatsOf(ours)
  return {
    ...{
      name: 'EventStoreDB: 1,000 events behind a million of others',
      ours: median * 1_000,
      ceiling: repeatsOf(bare).median * 1_000,
    },
    ...{ unit: 'ms', lessIsBetter: true, spread, note: 'ceiling: the bare client’s filtered subscription' },
  }
}
