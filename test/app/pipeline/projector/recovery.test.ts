import { beforeAll, expect, test } from 'vitest'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { intervalName } from '../../../../src/domain/interval-complete.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import { readKpiEvent } from '../../../../src/contract/kpi-stream/stored.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { project, take, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const whole = { tenant: 't', profile: defaultProfile, batchMax: 100_000 }
let lines: readonly string[] = []

beforeAll(() => {
  lines = [...simulate({ seed: 4, fromMs: FROM, hours: 3, queues: 4, agents: 25, emit: 'metric-records' })].map(
    ({ line }) => line,
  )
})

const rawLog = async (): Promise<EventLog> => {
  const log = memoryLog()
  await take(log, 't', lines)
  await tickTo(log, 't', FROM + 24 * 3_600_000)
  return log
}

/** A log whose process dies before the n-th append. */
const dying = (log: EventLog, appends: number): EventLog => {
  let left = appends
  return { ...log, append: (entries) => (left-- > 0 ? log.append(entries) : Promise.reject(new Error('killed'))) }
}

/** Every row and marker of the KPI stream as `key revision`, with its bytes, in the order of the log. */
const published = async (
  log: EventLog,
): Promise<readonly Readonly<{ key: string; revision: number; bytes: string }>[]> => {
  const rows = []
  for await (const batch of log.readStream(kpiStream('t', 'g1')))
    for (const event of batch) {
      const stored = readKpiEvent(event)
      if (stored === undefined) continue
      const bytes = Buffer.from(event.data).toString('hex')
      if (stored.kind === 'row') rows.push({ key: stored.header.key, revision: stored.header.revision, bytes })
      else if (stored.kind === 'interval-complete')
        rows.push({ key: intervalName(stored.marker), revision: stored.marker.number, bytes })
    }
  return rows
}

test.each([1, 2, 3])(
  'killed after append %i of a batch that needs several, and started with other batches: as if nothing had been',
  async (appends) => {
    const calm = await rawLog()
    await project({ log: calm, ...whole })
    const expected = await published(calm)
    expect(expected.length).toBeGreaterThan(3_000) // four appends at least

    const log = await rawLog()
    await expect(project({ log, kpi: dying(log, appends), ...whole })).rejects.toThrow('killed')
    expect((await published(log)).length).toBeLessThan(expected.length)
    expect(await project({ log, ...whole, batchMax: 100 })).toMatchObject({ kind: 'caught-up' })
    expect(await published(log)).toEqual(expected)
  },
)

test('killed between batches and started with other batches: revisions rise and the last rows are those of a calm run', async () => {
  const calm = await rawLog()
  await project({ log: calm, ...whole })
  const last = (rows: readonly Readonly<{ key: string; bytes: string }>[]) =>
    new Map(rows.map(({ key, bytes }) => [key, bytes]))

  const log = await rawLog()
  await expect(project({ log, kpi: dying(log, 5), ...whole, batchMax: 900 })).rejects.toThrow('killed')
  await project({ log, ...whole, batchMax: 350 })
  const rows = await published(log)
  expect(last(rows)).toEqual(last(await published(calm)))
  const seen = new Map<string, number>()
  for (const { key, revision } of rows) {
    expect(revision).toBeGreaterThan(seen.get(key) ?? 0)
    seen.set(key, revision)
  }
})
