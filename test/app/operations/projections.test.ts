import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { projectionStatus } from '../../../src/app/operations/generations/generation-status.js'
import {
  planPromotion,
  promoteGeneration,
  PromotionRefused,
  rollbackTarget,
} from '../../../src/app/operations/generations/promotion.js'
import { rebuild, RebuildRefused, RebuildStopped } from '../../../src/app/operations/generations/rebuild.js'
import { planRetirement, RetireRefused, retireGeneration } from '../../../src/app/operations/generations/retire.js'
import { throwAwayDerived } from '../../../src/app/operations/generations/derived-state.js'
import { readGenerations, type SavedScope } from '../../../src/app/pipeline/generations.js'
import { embeddedLogs, type Logs } from '../../../src/app/pipeline/logs/logs.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { latestRows } from '../../../src/contract/kpi-stream/latest.js'
import { HOUR_MS, MINUTE_MS } from '../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { appendTakeBack, appendTick } from '../../../src/ingress/clock.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { silent, take } from '../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const lines = [...simulate({ seed: 13, fromMs: FROM, hours: 1, queues: 2, agents: 8, reorder: 0.1 })].map(
  ({ line }) => line,
)
const told = { by: 'ada', why: 'a test' }
const other: Profile = { ...defaultProfile, version: 2, quantiles: ['tAnswered', 'tHandle'] }

/** The folder of an installation: what runs, and what an operator does beside it, each open it for themselves. */
let data: string
let logs: Logs
let operator: Logs
let raw: EventLog
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'streamvane-projections-'))
  logs = embeddedLogs(data, 'run')
  operator = embeddedLogs(data, 'operator')
  raw = await logs.raw('writer')
  await take(raw, 't', lines.slice(0, 1_500))
  await appendTick(raw, 't', FROM + 30 * MINUTE_MS)
})
afterEach(async () => {
  await operator.close()
  await logs.close()
  await rm(data, { recursive: true, force: true })
})

const common = (of: Logs, signal = new AbortController().signal) => ({
  ...{ tenant: 't', logs: of, data, raw, batchMax: 50, untilCaughtUp: true, signal, logger: silent, now: Date.now },
})
const projected = () => runLiveProjector({ ...common(logs), profile: defaultProfile })
const promoted = (name: string, publish: 'all' | 'differences' = 'differences') =>
  promoteGeneration({ ...common(operator), name, publish, told })
const rebuilt = (more: Partial<Parameters<typeof rebuild>[0]> = {}) =>
  rebuild({ ...common(operator), profile: other, promote: false, told, ...more })
const bytesOf = async (of: Logs, name: string): Promise<ReadonlyMap<string, string>> =>
  new Map(
    [...(await latestRows(await of.kpi(name, 'reader'), 't', name))].map(([key, { avro }]) => [
      key,
      Buffer.from(avro).toString('base64'),
    ]),
  )
const phases = async () =>
  (await projectionStatus({ logs: operator, tenant: 't', data })).generations.map(
    ({ generation, phase }) => `${generation.name} ${phase}`,
  )

describe('an operator beside a running projector', () => {
  test('promotes what was rebuilt and rolls it back while events come; each generation then has all of them', async () => {
    await projected()
    const stop = new AbortController()
    const running = runLiveProjector({ ...common(logs, stop.signal), profile: defaultProfile, untilCaughtUp: false })
    await rebuilt()
    await take(raw, 't', lines.slice(1_500, 2_000)) // what the promoted generation catches up with first
    expect(await promoted('g2')).toMatchObject({ from: 'g1', promotion: 2 })
    await take(raw, 't', lines.slice(2_000))
    await appendTick(raw, 't', FROM + 2 * HOUR_MS)
    expect(await rollbackTarget({ logs: operator, tenant: 't' }, undefined)).toBe('g1')
    expect(await promoted('g1')).toMatchObject({ from: 'g2', promotion: 3 })
    stop.abort()
    expect(await running).toEqual({ kind: 'stopped' })
    expect(await readGenerations(await operator.control('reader'), 't')).toMatchObject({
      live: 'g1',
      promoted: [{ name: 'g1' }, { name: 'g2', publish: 'differences', ...told }, { name: 'g1' }],
    })
    await projected()
    const whole = await rebuilt({ profile: defaultProfile })
    expect(await bytesOf(operator, 'g1')).toEqual(await bytesOf(operator, whole.generation.name))
  })

  test('is told how many rows a promotion would publish, and is refused what is live, unknown or incomplete', async () => {
    await projected()
    await rebuilt()
    const { differences } = await planPromotion({ logs: operator, tenant: 't' }, 'g2')
    expect(differences.find(({ family }) => family === 'queue')?.changed).toBeGreaterThan(0)
    expect(differences.find(({ family }) => family === 'agent-state')).toMatchObject({
      changed: 0,
      added: 0,
      withdrawn: 0,
    })
    await expect(promoted('g1')).rejects.toThrow(PromotionRefused)
    await expect(promoted('g9')).rejects.toThrow(/there is no generation g9; there are g1, g2/)
    await expect(rollbackTarget({ logs: operator, tenant: 't' }, undefined)).rejects.toThrow(
      /no generation to go back to/,
    )
  })
})

describe('a rebuild that is stopped again and again', () => {
  test.each<[string, SavedScope | undefined]>([
    ['of everything', undefined],
    ['of some rows', { from: FROM + 15 * MINUTE_MS, families: ['queue', 'agent'] }],
  ])('%s goes on where it was, and ends with the bytes of one that nobody stopped', async (_, scope) => {
    await projected()
    const calm = await rebuilt({ scope })
    let stops = 0
    for (let resume: true | undefined; ; resume = true) {
      const stop = new AbortController()
      let appends = 0
      const end = await rebuilt({
        ...{ scope: resume === undefined ? scope : undefined, resume, signal: stop.signal, batchMax: 40 },
        onProgress: () => void (++appends === 1 && stop.abort()),
      }).catch((cause: unknown) => cause)
      if (!(end instanceof RebuildStopped)) {
        expect(end).toMatchObject({ generation: { name: 'g3' }, promoted: false })
        break
      }
      stops += 1
      expect(end.message).toContain('projections rebuild --resume g3')
      expect(await phases()).toEqual(['g1 live', 'g2 complete', 'g3 incomplete'])
      await expect(promoted('g3')).rejects.toThrow(/not complete/)
    }
    expect(stops).toBeGreaterThan(2)
    expect(await bytesOf(operator, 'g3')).toEqual(await bytesOf(operator, calm.generation.name))
    await expect(rebuilt({ resume: true })).rejects.toThrow(/nothing to resume/)
  })

  test('is given up by retiring it: nothing of it stays, and its name is not used again', async () => {
    await projected()
    const stop = new AbortController()
    await expect(rebuilt({ signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow(RebuildStopped)
    const { bytes } = await retireGeneration({ ...common(operator), name: 'g2', force: false, told })
    expect(bytes).toBeGreaterThan(0)
    expect(existsSync(join(data, 'log', 'kpi-g2'))).toBe(false)
    expect(existsSync(join(data, 'state', 't.g2'))).toBe(false)
    await expect(rebuilt({ resume: 'g2' })).rejects.toThrow(/g2 was retired/)
    expect((await rebuilt()).generation.name).toBe('g3')
    expect(await phases()).toEqual(['g1 live', 'g2 retired', 'g3 complete'])
  })
})

describe('retiring', () => {
  test('refuses the live generation, and without force the one that a rollback needs', async () => {
    await projected()
    await rebuilt()
    await promoted('g2')
    const options = { ...common(operator), told }
    await expect(retireGeneration({ ...options, name: 'g2', force: true })).rejects.toThrow(RetireRefused)
    await expect(retireGeneration({ ...options, name: 'g1', force: false })).rejects.toThrow(/rollback would need it/)
    expect(await planRetirement({ ...options, name: 'g1', force: true })).toMatchObject({ isAgain: false })
    await retireGeneration({ ...options, name: 'g1', force: true })
    await expect(rollbackTarget({ logs: operator, tenant: 't' }, undefined)).rejects.toThrow(PromotionRefused)
    expect(await phases()).toEqual(['g1 retired', 'g2 live'])
  })

  test('that was killed between note and deletion is finished by retiring again', async () => {
    await projected()
    await rebuilt()
    const dies: Logs = { ...operator, deleteKpi: () => Promise.reject(new Error('killed')) }
    await expect(retireGeneration({ ...common(dies), name: 'g2', force: false, told })).rejects.toThrow('killed')
    expect(existsSync(join(data, 'log', 'kpi-g2'))).toBe(true)
    expect(await retireGeneration({ ...common(operator), name: 'g2', force: false, told })).toMatchObject({
      isAgain: true,
    })
    expect(existsSync(join(data, 'log', 'kpi-g2'))).toBe(false)
  })
})

test('derived state that is thrown away is made again from the log with the same rows', async () => {
  await projected()
  const before = await bytesOf(logs, 'g1')
  const options = { logs: operator, tenant: 't', data, name: undefined, kinds: ['snapshots', 'row-index'] as const }
  const plan = await throwAwayDerived({ ...options, dryRun: true })
  expect(plan.thrownAway[0]?.bytes).toBeGreaterThan(0)
  expect(await throwAwayDerived({ ...options, dryRun: false })).toEqual(plan)
  expect(existsSync(join(data, 'state', 't.g1'))).toBe(false)
  await take(raw, 't', lines.slice(1_500))
  await projected()
  await rebuilt({ profile: defaultProfile })
  expect(await bytesOf(logs, 'g1')).toEqual(await bytesOf(operator, 'g2'))
  expect(before.size).toBeGreaterThan(0)
})

describe('a rebuild of some rows is refused', () => {
  const scope: SavedScope = { families: ['queue'] }
  test('where the profile cuts time otherwise than the rows that stay', async () => {
    await projected()
    const halfHours: Profile = { ...other, intervalMs: 30 * MINUTE_MS }
    await expect(rebuilt({ scope, profile: halfHours })).rejects.toThrow(/another intervalMs than that of g1/)
  })

  test('where the clock was taken back since the live generation began', async () => {
    await projected()
    await appendTick(raw, 't', FROM + 40 * MINUTE_MS)
    await appendTakeBack(raw, 't', FROM + 35 * MINUTE_MS, 0)
    await expect(rebuilt({ scope })).rejects.toThrow(RebuildRefused)
    expect(await phases()).toEqual(['g1 live'])
  })
})
