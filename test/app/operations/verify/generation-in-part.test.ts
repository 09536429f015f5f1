import { beforeAll, describe, expect, test } from 'vitest'
import { rowsAs } from '../../../../src/app/operations/as-of/as-of.js'
import { catchUp } from '../../../../src/app/operations/generations/catch-up.js'
import { rebuild } from '../../../../src/app/operations/generations/rebuild.js'
import { verify } from '../../../../src/app/operations/verify/verify.js'
import { readGenerations, type Generation } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { runLiveProjector } from '../../../../src/app/pipeline/projector/projector-stage.js'
import { rowJson } from '../../../../src/contract/row-json.js'
import { HOUR_MS, MINUTE_MS } from '../../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'
import type { Row } from '../../../../src/domain/row.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { rowsOf, silent, take, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const profile: Profile = { ...defaultProfile, rollUps: ['PT1H'] }
const other: Profile = {
  ...profile,
  version: 2,
  shortAbandonMs: 2_000,
  serviceLevel: { ...defaultProfile.serviceLevel, durationMs: 5_000 },
}
const signal = new AbortController().signal

/** g2 has other rules for one hour; its other rows are those of g1. Both go on with what comes later. */
describe('a generation that was rebuilt in part', () => {
  let log: EventLog
  let generation: Generation
  beforeAll(async () => {
    log = memoryLog()
    const logs = singleLog(log)
    const lines = [
      ...simulate({
        ...{ seed: 7, fromMs: FROM, hours: 3, queues: 2, agents: 8 },
        ...{ reorder: 0.1, lateness: { share: 0.1, maxMs: HOUR_MS } },
      }),
    ].map(({ line }) => line)
    const common = { tenant: 't', logs, data: undefined, raw: log, batchMax: 100, untilCaughtUp: true, signal }
    const live = { ...common, logger: silent, now: () => FROM + 9 * HOUR_MS, profile }
    const part = async (at: number): Promise<void> => {
      await take(log, 't', lines.slice((at * lines.length) / 3, ((at + 1) * lines.length) / 3))
      await tickTo(log, 't', FROM + (at + 1) * HOUR_MS)
    }
    await part(0)
    await runLiveProjector(live)
    await part(1)
    await runLiveProjector(live)
    const scope = { from: FROM, to: FROM + HOUR_MS }
    const built = await rebuild({ ...live, profile: other, scope, promote: false })
    await part(2)
    await tickTo(log, 't', FROM + 6 * HOUR_MS)
    generation = (await readGenerations(log, 't')).all[built.generation.name] as Generation
    await catchUp(live, generation)
  }, 60_000)

  test('is verified with the rows of its scope and those of its base', async () => {
    expect(generation.scoped).toBeDefined()
    const found = await verify({
      ...{ tenant: 't', generation, raw: log, kpi: log, data: undefined, facts: {}, signal, logger: silent },
    })
    expect(found.first).toBeNull()
    expect(found.rows).toBeGreaterThan(200)
  })

  test('is what both give together as of a moment', async () => {
    const of = {
      tenant: 't',
      generation,
      scope: {},
      raw: log,
      kpi: log,
      data: undefined,
      facts: {},
      signal,
      logger: silent,
    }
    const now = await rowsAs(of, { kind: 'as-of', at: FROM + 6 * HOUR_MS, by: 'event-time' })
    const texts = (rows: readonly Row[]): readonly string[] =>
      rows.map((row) => JSON.stringify({ ...rowJson(row), revision: 0 })).sort()
    const latest = (await rowsAs(of, { kind: 'latest' })).rows.map(({ row }) => row)
    expect(texts(now.rows.map(({ row }) => row))).toEqual(texts(latest))
    const before = await rowsAs(of, { kind: 'as-of', at: FROM + 2 * HOUR_MS - 10 * MINUTE_MS, by: 'event-time' })
    expect(before.rows.some(({ from }) => from === 'fold')).toBe(true)
    expect((await rowsOf(log, 't', generation.name)).length).toBeGreaterThan(before.rows.length)
  })
})
