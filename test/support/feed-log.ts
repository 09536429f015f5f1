import { encodeKpiEvents } from '../../src/contract/kpi-stream/encode.js'
import { appendsOf } from '../../src/contract/kpi-stream/marks.js'
import { flatRowOf } from '../../src/domain/flat-row.js'
import type { KpiEvent } from '../../src/domain/kpi-event.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import { kpiStream } from '../../src/domain/stream-name.js'
import { promote, readGenerations, startGeneration } from '../../src/app/pipeline/generations.js'
import { singleLog, type Logs } from '../../src/app/pipeline/logs/logs.js'
import { loadConfig } from '../../src/app/config/load.js'
import type { Config } from '../../src/app/config/schema.js'
import { memoryLog } from '../../src/log/memory-log.js'
import type { EventLog } from '../../src/log/event-log.js'
import { right } from './right.js'

export type FeedLog = Readonly<{
  log: EventLog
  logs: Logs
  /** Appends rows and, behind them, markers of what is complete: starts of intervals, with the number of their rows. */
  add: (rows: readonly Row[], complete?: readonly (readonly [start: number, end: number])[]) => Promise<void>
  /** Starts another generation and makes it live; rows are added to it from then on. */
  promoteNext: (profile?: Partial<Profile>) => Promise<void>
}>

/** A log of tenant `t` whose live generation `g1` holds the rows that are added. */
export const feedLog = async (profile: Partial<Profile> = {}): Promise<FeedLog> => {
  const log = memoryLog()
  let [position, generation] = [0n, 'g0']
  const promoteNext = async (more: Partial<Profile> = {}): Promise<void> => {
    const date = new Date('2026-01-01T00:00:00Z')
    const before = await readGenerations(log, 't')
    const started = await startGeneration(log, 't', before, { ...defaultProfile, ...more }, undefined, date)
    generation = started.generation.name
    await promote(log, 't', started.state, generation, date)
  }
  await promoteNext(profile)
  const add: FeedLog['add'] = async (rows, complete = []) => {
    position += 1n
    const events: KpiEvent[] = rows.map((row) => ({ kind: 'row', row: flatRowOf(row) }))
    const family = rows[0]?.family ?? 'queue'
    const granularity = rows[0]?.granularity ?? 'PT15M'
    for (const [start, end] of complete) {
      const own = rows.filter((row) => row.start === start).length
      const marker = { tenant: 't', family, granularity, start, end, zone: null, number: Number(position) }
      events.push({ kind: 'interval-complete', marker: { ...marker, rows: own, digest: 0, closedAt: end } })
    }
    const encoded = encodeKpiEvents('t', generation, events, position)
    for (const each of appendsOf('t', generation, encoded, position))
      right((await log.append([{ stream: kpiStream('t', generation), expected: 'any', events: each }]))[0])
  }
  return { log, logs: singleLog(log), add, promoteNext }
}

/** A configuration with these feeds. */
export const feedConfig = (
  list: readonly Readonly<Record<string, unknown>>[],
  more: Readonly<Record<string, unknown>> = {},
): Config => loadConfig({ flags: { tenant: 't', ...more, feeds: { list, ...(more['feeds'] as object | undefined) } } })
