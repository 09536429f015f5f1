import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isConfiguration, type Fact } from '../../../src/domain/fact.js'
import { familyNames } from '../../../src/domain/family.js'
import { rowOf } from '../../../src/domain/flat-row.js'
import { MINUTE_MS, type EpochMs } from '../../../src/domain/interval.js'
import type { Profile } from '../../../src/domain/profile.js'
import { valueText, type Row } from '../../../src/domain/row.js'
import { isInScope, type Scope } from '../../../src/app/scoped/scope.js'
import { foldParts, foldRuns, type ScopedFoldOf } from '../../../src/app/scoped/scoped-fold.js'
import { factRunOf } from '../../../src/domain/fact-run.js'
import { encodeSegment, readSegment, readSegmentSummary, type Segment } from '../../../src/facts/codec/segment.js'
import type { DecodedRun } from '../../../src/facts/decoded-run.js'
import type { RunSummary } from '../../../src/facts/run-summary.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { anyConfiguredLog, quickProfile, windowMs, windowStart } from '../../support/arbitrary-facts.js'
import { anyFetches, anyFetchesBesideEmissions } from '../../support/arbitrary-fetches.js'
import { lawRuns, untilMet } from '../../support/law-runs.js'
import { runOfFacts } from '../../support/run-of-facts.js'

const runs = lawRuns(120)
const STARTED = windowStart

/** A fold of all facts, of which those up to `history` are history. */
const fullFold = (facts: readonly Fact[], profile: Profile, history: number): readonly Row[] => {
  const known = facts.slice(0, history)
  const projection = new KpiProjection('acme', profile, {
    configuration: known.filter(isConfiguration),
    knownAt: STARTED,
    inHistory: history > 0,
    takeBacks: known.flatMap((fact): readonly EpochMs[] => (fact.type === 'ClockTakenBack' ? [fact.at] : [])),
  })
  facts.forEach((fact, index) => {
    if (index === history) projection.endHistory()
    projection.apply(fact)
  })
  return projection.drainEvents().flatMap((event) => (event.kind === 'row' ? [rowOf(event.row)] : []))
}

const values = (rows: readonly Row[]): readonly string[] =>
  rows.map((row) => `${valueText(row)} target=${row.serviceTarget ?? ''} erased=${row.erased ?? ''}`).sort()

const anyScope: fc.Arbitrary<Scope> = fc
  .record({
    families: fc.option(fc.subarray([...familyNames], { minLength: 1 })),
    quarter: fc.option(fc.nat({ max: 19 })),
    quarters: fc.integer({ min: 1, max: 8 }),
    queues: fc.option(fc.subarray<string | null>(['sales', 'service', 'a/b', null], { minLength: 1 })),
    users: fc.option(fc.subarray(['ann', 'bob', '~cy'], { minLength: 1 })),
    media: fc.option(fc.constantFrom('voice', 'chat')),
    campaign: fc.option(fc.constantFrom('spring', 'summer'), { freq: 1 }),
  })
  .map(({ families, quarter, quarters, queues, users, media, campaign }) => ({
    ...(families === null ? {} : { families: new Set(families) }),
    ...(quarter === null
      ? {}
      : {
          from: windowStart + quarter * 15 * MINUTE_MS,
          to: Math.min(windowStart + windowMs, windowStart + (quarter + quarters) * 15 * MINUTE_MS),
        }),
    dimensions: {
      ...(queues === null ? {} : { queueId: new Set(queues) }),
      ...(users === null ? {} : { userId: new Set<string | null>(users) }),
      ...(media === null ? {} : { mediaType: new Set<string | null>([media]) }),
      ...(campaign === null ? {} : { campaignId: new Set<string | null>([campaign]) }),
    },
  }))

const foldOf = (profile: Profile, history: number, scope: Scope): ScopedFoldOf => ({
  tenant: 'acme',
  generation: {
    profile,
    historyThrough: history === 0 ? null : String(history),
    startedAt: new Date(STARTED).toISOString(),
  },
  scope,
  trace: true,
  signal: new AbortController().signal,
})

const scoped = async (facts: readonly Fact[], profile: Profile, history: number, scope: Scope) =>
  foldRuns(foldOf(profile, history, scope), [runOfFacts(facts)])

const origin = { decoders: 'd', logId: 'l', tenant: 'acme', points: 'p' }

/** Facts as segments of so many events, each read as it is kept. */
const segmentsOf = (facts: readonly Fact[], size: number): readonly Readonly<{ run: DecodedRun; bytes: Buffer }>[] => {
  const all = runOfFacts(facts)
  const cuts = Array.from({ length: Math.ceil(facts.length / size) }, (_, cut) => cut * size)
  return cuts.map((from) => {
    const part = facts.slice(from, from + size)
    const run: DecodedRun = {
      ...{ after: from === 0 ? undefined : BigInt(from), through: BigInt(from + part.length), last: undefined },
      ...{ rawEvents: part.length, events: part.length, facts: factRunOf(part), undecodable: [] },
      position: (event) => BigInt(from + event + 1),
      stream: (event) => all.stream(from + event),
    }
    const bytes = encodeSegment({ origin, digest: { bytes: 0, crc32: 0 }, run })
    return { run: (readSegment(bytes) as Segment).run, bytes }
  })
}

describe.each([
  ['metric-records', anyConfiguredLog('metric-records')],
  ['detail-events', anyConfiguredLog('detail-events')],
  ['conversation-details', anyFetches],
  ['metric-records-and-details', anyFetchesBesideEmissions],
] as const)('a scoped fold of points from %s', { timeout: 120_000 }, (points, anyLog) => {
  const profile = quickProfile(points)

  test('gives the rows of the scope the values that the fold of all facts gives them', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, anyScope, fc.nat({ max: 60 }), async (log, scope, history) => {
        // Which interval a published profile finds begun is known of points in columns exactly, of the rest nearly.
        const facts = log.filter((fact, index) => fact.type !== 'ProfilePublished' || index < history)
        const all = fullFold(facts, profile, history).filter((row) => isInScope(scope, row))
        const { rows } = await scoped(facts, profile, history, scope)
        expect(values(rows)).toEqual(values(all))
      }),
      runs,
    )
  })

  test('gives the same rows where it does not read the segments that it does not need', async () => {
    let leftOut = 0
    await untilMet(
      () => leftOut > 0,
      () =>
        fc.assert(
          fc.asyncProperty(
            anyLog,
            anyScope,
            fc.nat({ max: 60 }),
            fc.integer({ min: 1, max: 9 }),
            async (facts, scope, history, size) => {
              const whole = await scoped(facts, profile, history, scope)
              const segments = segmentsOf(facts, size)
              const through = segments.at(-1)?.run.through
              const fold = foldOf(profile, history, scope)
              const inPart = await foldParts(fold, through, async function* (_, __, needs) {
                for (const { run, bytes } of segments) {
                  const { summary } = readSegmentSummary(bytes) as { summary: RunSummary }
                  const isNeeded = needs(summary)
                  if (!isNeeded) leftOut++
                  const given = isNeeded ? run : summary.shared
                  yield { run: given, fromFact: 0, toFact: given.facts.length }
                }
              })
              expect(values(inPart.rows)).toEqual(values(whole.rows))
              expect(inPart.frontier).toBe(whole.frontier)
              expect(inPart.scanned.configuration).toEqual(whole.scanned.configuration)
              expect([...inPart.scanned.streams]).toEqual(expect.arrayContaining([...whole.scanned.streams]))
            },
          ),
          runs,
        ),
    )
  })
})
