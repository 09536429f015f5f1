import fc from 'fast-check'
import { expect, test } from 'vitest'
import { whatIf, type WhatIf } from '../../../../src/app/operations/what-if/what-if.js'
import type { Supposition } from '../../../../src/app/operations/what-if/hypothesis.js'
import { isInScope, type Scope } from '../../../../src/app/scoped/scope.js'
import { HOUR_MS, MINUTE_MS } from '../../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'
import { isEmptyRow, valueText, type Row } from '../../../../src/domain/row.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { lawRuns } from '../../../support/law-runs.js'
import { generationOf, project, rowsOf, silent, take, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const runs = lawRuns(6)

const anyProfile = (points: Profile['points']): fc.Arbitrary<Profile> =>
  fc
    .record({
      durationMs: fc.constantFrom(0, 2_000, 20_000, 60_000),
      includeFlowOuts: fc.boolean(),
      includeShortAbandons: fc.boolean(),
      shortAbandonMs: fc.constantFrom(0, 5_000, 60_000),
      intervalMs: fc.constantFrom(15 * MINUTE_MS, 30 * MINUTE_MS),
      rollUps: fc.constantFrom<Profile['rollUps']>([], ['PT1H'], ['P1D']),
      families: fc.subarray<Profile['families'][number]>(['queue', 'agent', 'agent-state', 'skill', 'organisation'], {
        minLength: 1,
      }),
      splitBy: fc.constantFrom<Profile['splitBy']>([], ['direction']),
    })
    .map(({ durationMs, includeFlowOuts, includeShortAbandons, ...more }) => ({
      ...defaultProfile,
      ...{ points, version: 2, ...more },
      serviceLevel: { ...defaultProfile.serviceLevel, durationMs, includeFlowOuts, includeShortAbandons },
    }))

const anyRange: fc.Arbitrary<Scope> = fc
  .tuple(fc.integer({ min: -1, max: 3 }), fc.integer({ min: 1, max: 6 }))
  .map(([from, quarters]) => ({
    from: FROM + from * 15 * MINUTE_MS,
    to: FROM + (from + quarters) * 15 * MINUTE_MS,
  }))

/** A history with late, repeated and reordered events, published while it came in. */
const publishedHistory = async (seed: number, profile: Profile): Promise<EventLog> => {
  const log = memoryLog()
  const options = { seed, fromMs: FROM, hours: 0.5, queues: 2, agents: 5 }
  const disorder = {
    duplicates: 0.02,
    reorder: 0.1,
    late: { share: 0.02, maxMs: HOUR_MS },
    acwLate: { share: 0.1, maxMs: HOUR_MS },
  }
  const lines = [...simulate({ ...options, ...disorder })].map(({ line }) => line)
  for (const [index, part] of [lines.slice(0, lines.length / 2), lines.slice(lines.length / 2)].entries()) {
    await take(log, 't', part)
    await tickTo(log, 't', FROM + (1 + index) * 20 * MINUTE_MS)
    await project({ log, tenant: 't', profile })
  }
  await tickTo(log, 't', FROM + 6 * HOUR_MS)
  await project({ log, tenant: 't', profile })
  return log
}

const asked = (log: EventLog, profile: Profile, supposition: Supposition, scope: Scope): Promise<WhatIf> =>
  whatIf({
    ...{ tenant: 't', generation: generationOf(profile), scope, supposition, raw: log, kpi: log, data: undefined },
    ...{ facts: {}, now: () => FROM + 6 * HOUR_MS, signal: new AbortController().signal, logger: silent },
  })

const valuesOf = (rows: Iterable<Row>, scope: Scope): readonly string[] =>
  [...rows]
    .filter((row) => isInScope(scope, row) && !isEmptyRow(row))
    .map(valueText)
    .sort()

test.each(['metric-records', 'detail-events'] as const)(
  'of points from %s: the rules in force change nothing, and other rules give what a rebuild by them gives',
  { timeout: 240_000 },
  async (points) => {
    const profile: Profile = { ...defaultProfile, points, families: ['queue', 'agent', 'agent-state', 'organisation'] }
    await fc.assert(
      fc.asyncProperty(fc.nat(), anyProfile(points), anyRange, async (seed, other, scope) => {
        const log = await publishedHistory(seed, profile)
        const none = await asked(log, profile, { profile }, scope)
        expect(none).toMatchObject({ changes: [], notDueToIt: [], supposed: [] })

        const { changes } = await asked(log, profile, { profile: other }, scope)
        const published = new Map((await rowsOf(log, 't')).map((row) => [row.key, row]))
        for (const { kind, row } of changes)
          if (kind === 'removed') published.delete(row.key)
          else published.set(row.key, row)
        await project({ log, tenant: 't', profile: other, generation: 'g2', historyThrough: String(await log.head()) })
        expect(valuesOf(published.values(), scope)).toEqual(valuesOf(await rowsOf(log, 't', 'g2'), scope))
        const effects = changes.map(({ effect }) => effect)
        expect(effects).toEqual(effects.toSorted((a, b) => b - a))
      }),
      runs,
    )
  },
)
