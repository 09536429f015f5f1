import * as E from 'fp-ts/lib/Either.js'
import { beforeEach, describe, expect, test } from 'vitest'
import { deadLetters } from '../../../../src/app/operations/dead-letters.js'
import { erase } from '../../../../src/app/operations/erase.js'
import { verify, VerifyRefused, type VerifyOptions } from '../../../../src/app/operations/verify/verify.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import type { Generation } from '../../../../src/app/pipeline/generations.js'
import { HOUR_MS, MINUTE_MS } from '../../../../src/domain/interval.js'
import { familyNames } from '../../../../src/domain/family.js'
import { defaultProfile, type PointSource, type Profile } from '../../../../src/domain/profile.js'
import { configStream, kpiStream } from '../../../../src/domain/stream-name.js'
import { appendTakeBack } from '../../../../src/ingress/clock.js'
import { importedData } from '../../../../src/ingress/decode/configuration.js'
import { contentId } from '../../../../src/log/content-id.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { generationOf, project, silent, take, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const HOURS = 2
type Source = Exclude<PointSource, 'conversation-details' | 'metric-records-and-details'>
const profileOf = (points: Source): Profile => ({
  ...defaultProfile,
  points,
  families: familyNames,
  rollUps: ['PT1H', 'P1D'],
})

const linesOf = (points: Source): readonly string[] =>
  [
    ...simulate({
      ...{ seed: 3, fromMs: FROM, hours: HOURS, queues: 2, agents: 8, emit: points },
      ...{ reorder: 0.1, duplicates: 0.05, lateness: { share: 0.05, maxMs: HOUR_MS } },
    }),
  ].map(({ line }) => line)

const verified = (log: EventLog, points: Source, more: Partial<VerifyOptions> = {}) =>
  verify({
    ...{ tenant: 't', generation: generationOf(profileOf(points)), raw: log, kpi: log, data: undefined, facts: {} },
    ...{ signal: new AbortController().signal, logger: silent },
    ...more,
  })

const run = (log: EventLog, points: Source, generation: Partial<Generation> = {}) =>
  project({
    ...{ log, tenant: 't', profile: profileOf(points), batchMax: 40, generation: generation.name ?? 'g1' },
    ...(typeof generation.historyThrough === 'string' && { historyThrough: generation.historyThrough }),
  })

const takePart = async (log: EventLog, lines: readonly string[], part: number, of: number): Promise<void> => {
  await take(log, 't', lines.slice((lines.length * part) / of, (lines.length * (part + 1)) / of))
  await tickTo(log, 't', FROM + Math.floor((HOURS * HOUR_MS * (part + 1)) / of))
}

const streamOf = async (log: EventLog, kind: string): Promise<string> => {
  for await (const batch of log.readAll())
    for (const { stream } of batch) if (stream.includes(`.${kind}-`)) return stream
  throw new Error(`there is no stream of a ${kind}`)
}

const eraseStream = (log: EventLog, stream: string) =>
  erase({
    ...{ raw: log, tenant: 't', stream, entityId: stream.slice(stream.indexOf('-') + 1), dryRun: false },
    ...{ deadLetters: () => deadLetters(singleLog(log), 't'), now: () => FROM + 3 * HOUR_MS },
  })

describe.each(['metric-records', 'detail-events'] as const)('a log of %s', (points) => {
  let log: EventLog
  let lines: readonly string[]
  beforeEach(async () => {
    log = memoryLog()
    lines = linesOf(points)
    for (let part = 0; part < 6; part++) {
      await takePart(log, lines, part, 6)
      await run(log, points)
    }
    await tickTo(log, 't', FROM + 5 * HOUR_MS)
    await run(log, points)
  }, 60_000)

  test('is verified without a difference, each revision with its digest by interval', async () => {
    const found = await verified(log, points)
    expect(found.first).toBeNull()
    expect(found).toMatchObject({ differences: 0, waiting: 0, isStopped: false, compared: 'revisions' })
    expect(found.rows).toBeGreaterThan(500)
    expect(found.intervals.every(({ stored, computed }) => stored === computed)).toBe(true)
  })

  test('of which a conversation was erased since is verified but for the rows that had counted it, which are told', async () => {
    await eraseStream(log, await streamOf(log, 'conversation'))
    const found = await verified(log, points)
    expect(found.first).toBeNull()
    expect(found.erased.streams).toBe(1)
    expect(found.erased.rows).toBeGreaterThan(0)
    expect(found.rows).toBeGreaterThan(300)
  })

  test('of which a user was erased since is verified but for the rows of that user', async () => {
    await eraseStream(log, await streamOf(log, 'user'))
    const found = await verified(log, points)
    expect(found.first).toBeNull()
    expect(found.erased).toMatchObject({ streams: 1 })
  })

  test('of which a conversation was erased before a generation began is verified as a whole', async () => {
    await eraseStream(log, await streamOf(log, 'conversation'))
    const generation = { ...generationOf(profileOf(points), 'g2'), historyThrough: String(await log.head()) }
    await run(log, points, generation)
    const found = await verified(log, points, { generation })
    expect(found.first).toBeNull()
    expect(found.erased).toEqual({ streams: 0, rows: 0 })
    expect(found.rows).toBeGreaterThan(100)
  })

  test('of which a generation began in history is verified, with what came behind that history', async () => {
    const history = memoryLog()
    for (let part = 0; part < 3; part++) await takePart(history, lines, part, 6)
    const generation = { ...generationOf(profileOf(points)), historyThrough: String(await history.head()) }
    for (let part = 3; part < 6; part++) {
      await run(history, points, generation)
      await takePart(history, lines, part, 6)
    }
    await run(history, points, generation)
    const found = await verified(history, points, { generation })
    expect(found.first).toBeNull()
    expect(found.rows).toBeGreaterThan(300)
  })

  test('whose clock was taken back, and whose profile was changed by an event, is verified', async () => {
    const other = memoryLog()
    for (let part = 0; part < 6; part++) {
      await takePart(other, lines, part, 6)
      if (part === 2) await tickTo(other, 't', FROM + HOURS * HOUR_MS)
      await run(other, points)
      if (part === 2) {
        const at = FROM + HOUR_MS
        await appendTakeBack(other, 't', at, (await other.streamRevision('t.clock')) ?? 0)
        const profile = {
          ...profileOf(points),
          serviceLevel: { ...defaultProfile.serviceLevel, durationMs: 5_000 },
        }
        const data = importedData({ type: 'ProfilePublished', at: at + 15 * MINUTE_MS, profile })
        const id = contentId('ProfilePublished', 't')
        const [appended] = await other.append([
          {
            stream: configStream('t', 'profile', 'kpi'),
            expected: 'any',
            events: [{ id, type: 'ProfilePublished', data, metadata: Buffer.from('{}') }],
          },
        ])
        expect(appended !== undefined && E.isRight(appended)).toBe(true)
      }
    }
    await run(other, points)
    const found = await verified(other, points)
    expect(found.first).toBeNull()
    expect(found.rows).toBeGreaterThan(300)
  })

  test('that grows, with a projector beside the verification, is verified through where the projector was', async () => {
    const growing = memoryLog()
    for (let part = 0; part < 3; part++) await takePart(growing, lines, part, 6)
    await run(growing, points)
    const before = await growing.streamRevision(kpiStream('t', 'g1'))
    let beside: Promise<unknown> | undefined
    const grow = async (): Promise<void> => {
      for (let part = 3; part < 6; part++) {
        await takePart(growing, lines, part, 6)
        await run(growing, points)
      }
    }
    const found = await verified(growing, points, { onProgress: () => void (beside ??= grow()) })
    await beside
    expect(found.first).toBeNull()
    expect(found.through?.kpiRevision).toBe(before)
    expect((await verified(growing, points)).first).toBeNull()
  })

  test('whose projector is behind is verified as far as that has come', async () => {
    await take(log, 't', linesOf(points).slice(0, 10), 1)
    await tickTo(log, 't', FROM + 9 * HOUR_MS)
    const found = await verified(log, points)
    expect(found).toMatchObject({ first: null, differences: 0 })
    expect(BigInt(found.through?.position ?? 0)).toBeLessThan((await log.head()) as bigint)
  })
})

test('a generation of another version of the projection, or of another log, is refused with what can be done', async () => {
  const log = memoryLog()
  await takePart(log, linesOf('metric-records'), 0, 6)
  await run(log, 'metric-records')
  const generation = generationOf(profileOf('metric-records'))
  await expect(
    verified(log, 'metric-records', { generation: { ...generation, projectionVersion: 1 } }),
  ).rejects.toThrow(/computed by version 1 of the projection/)
  await expect(verified(log, 'metric-records', { raw: memoryLog() })).rejects.toThrow(VerifyRefused)
})

test('a generation that holds nothing yet has nothing to be verified', async () => {
  expect(await verified(memoryLog(), 'metric-records')).toMatchObject({ through: null, differences: 0, rows: 0 })
})
