import { pino } from 'pino'
import { latestRows } from '../../../contract/kpi-stream/latest.js'
import type { Dimension } from '../../../domain/dimensions.js'
import { families } from '../../../domain/family.js'
import type { EpochMs } from '../../../domain/interval.js'
import { intervalAt } from '../../../domain/granularity.js'
import type { Row } from '../../../domain/row.js'
import { appendTick } from '../../../ingress/clock.js'
import { ingest } from '../../../ingress/ingest.js'
import type { EventLog } from '../../../log/event-log.js'
import { memoryLog } from '../../../log/memory-log.js'
import { PROJECTION_VERSION, type Generation } from '../../pipeline/generations.js'
import { runProjector } from '../../pipeline/projector/projector.js'
import { noSnapshots } from '../../pipeline/projector/snapshots.js'
import { explain } from '../explain/explain.js'
import type { Explanation } from '../explain/explanation.js'
import { NotExplained } from '../explain/not-explained.js'
import { changeConfiguration } from '../imports/import-configuration.js'
import { mismatchOf, type Mismatch } from './match.js'
import type { ProfileTest } from './read-file.js'

/** An expectation that does not hold. `explanation` tells what the row is made of, where there is one. */
export type Failure = Readonly<{ place: string; mismatch: Mismatch; explanation: Explanation | undefined }>

/**
 * What came of a test. `unusable`: given events that the ingress refuses, in words; the test fails then, because it does
 * not test what it says.
 */
export type TestOutcome = Readonly<{
  name: string
  failures: readonly Failure[]
  unusable: readonly string[]
  elapsedMs: number
}>

export const hasPassed = ({ failures, unusable }: TestOutcome): boolean => failures.length + unusable.length === 0

const TENANT = 'profile-test'

/** Later than everything that is given, so that nothing is stamped ahead of its receipt. */
const RECEIVED_AT = Date.UTC(9000, 0)

/**
 * Runs a test as the product would: the ingress takes what is given into a log in memory, the projector of a new
 * generation folds it, and the rows that it publishes are compared.
 */
export const runProfileTest = async (test: ProfileTest, signal: AbortSignal): Promise<TestOutcome> => {
  const began = performance.now()
  const log = memoryLog()
  const unusable = await give(log, test)
  const generation: Generation = {
    ...{ name: 'g1', projectionVersion: PROJECTION_VERSION, profile: test.profile, historyThrough: null },
    startedAt: new Date(0).toISOString(),
  }
  await runProjector({
    ...{ tenant: TENANT, generation, raw: log, kpi: log, snapshots: noSnapshots, batchMax: 10_000 },
    ...{ untilCaughtUp: true, signal, logger: silent, now: () => 0 },
  })
  const rows = [...(await latestRows(log, TENANT, generation.name)).values()].map(({ row }) => row)
  const failures: Failure[] = []
  for (const expectation of test.expectations) {
    const mismatch = mismatchOf(rows, expectation)
    if (mismatch === undefined) continue
    const explanation = 'row' in mismatch ? await explained(log, generation, mismatch, signal) : undefined
    failures.push({ place: expectation.place, mismatch, explanation })
  }
  return { name: test.name, failures, unusable, elapsedMs: performance.now() - began }
}

const silent = pino({ level: 'silent' })

/** Puts what is given into the log: settings first, then the rest in its order, and the clock at the end. */
const give = async (log: EventLog, { steps, ...test }: ProfileTest): Promise<readonly string[]> => {
  const unusable: string[] = []
  const settings = steps.flatMap((step) => (step.kind === 'settings' ? step.settings : []))
  await changeConfiguration(log, settings, { tenant: TENANT, source: 'given', now: 0, dryRun: false })
  let latest: EpochMs | undefined
  for (const step of steps)
    if (step.kind === 'tick') await appendTick(log, TENANT, step.at)
    else if (step.kind === 'events') {
      const receipt = await ingest(log, step.raws, { tenant: TENANT, source: step.place, receivedAt: RECEIVED_AT })
      for (const { reason, detail } of receipt.problems) unusable.push(`${step.place}: ${reason}: ${detail}`)
      if (receipt.duplicate > 0)
        unusable.push(`${step.place}: ${receipt.duplicate} of its events were given before, and are stored once`)
      latest = Math.max(latest ?? -Infinity, receipt.latest ?? -Infinity)
    }
  await appendTick(log, TENANT, test.clock ?? settledAt(test, latest))
  return unusable
}

/** When every expected interval is closed, and no session waits for its after-call work any more. */
const settledAt = ({ profile, expectations }: Omit<ProfileTest, 'steps'>, latest: EpochMs | undefined): EpochMs => {
  const ends = expectations.map(({ granularity, start }) => intervalAt(granularity, profile.zone, start).end)
  const { acwHorizonMs, acwSlackMs } = profile.correlation
  const waits = profile.points === 'detail-events' ? acwHorizonMs + acwSlackMs : 0
  return Math.max(...ends, latest ?? -Infinity) + waits + profile.graceMs + profile.intervalMs
}

/** The explanation of a row that is not as expected, with the formulas of those KPIs alone that differ. */
const explained = async (
  log: EventLog,
  generation: Generation,
  mismatch: Extract<Mismatch, { row: Row }>,
  signal: AbortSignal,
): Promise<Explanation | undefined> => {
  const { family, granularity, start, dimensions } = mismatch.row
  const logs = { raw: () => Promise.resolve(log), kpi: () => Promise.resolve(log) }
  const wanted = { family, granularity, at: start, dimensions: namesOf(family, dimensions) }
  try {
    const explanation = await explain({
      ...{ logs, data: undefined, tenant: TENANT, generation, wanted, withRaw: false },
      ...{ facts: {}, signal, logger: silent },
    })
    const differs = new Set(mismatch.kind === 'different' ? mismatch.differences.map(({ what }) => what) : [])
    const rows = explanation.rows.map((each) => ({ ...each, kpis: each.kpis.filter(({ name }) => differs.has(name)) }))
    return { ...explanation, rows }
  } catch (cause) {
    if (cause instanceof NotExplained) return undefined
    throw cause
  }
}

const namesOf = (family: Row['family'], dimensions: Row['dimensions']): readonly (readonly [Dimension, string])[] =>
  families[family].dimensions.map((name, place) => [name, dimensions[place] ?? '-'] as const)
