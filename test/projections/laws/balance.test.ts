import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AcdOutcome, Fact } from '../../../src/domain/fact.js'
import type { Measure } from '../../../src/domain/measure.js'
import { addMeasures, noMeasure } from '../../../src/domain/measure.js'
import type { MetricName } from '../../../src/domain/metric.js'
import { measureIn, type Row } from '../../../src/domain/row.js'
import { anyState, anyTick, quickProfile, windowMs, windowStart } from '../../support/arbitrary-facts.js'
import { lastRows, rowsOf } from '../../support/given.js'
import { lawRuns } from '../../support/law-runs.js'

const ms = (max: number) => fc.oneof(fc.constant(0), fc.integer({ min: 1, max }))

/**
 * One stay in a queue as it happens: alerts that were missed, an outcome, and if answered a session that talks, holds
 * and may be followed by work.
 */
const stay = fc.record({
  queueId: fc.constantFrom('sales', 'service'),
  mediaType: fc.constantFrom('voice', 'chat'),
  missedBy: fc.array(fc.constantFrom('ann', 'bob'), { maxLength: 2 }),
  waitMs: fc.integer({ min: 1, max: 600_000 }),
  outcome: fc.constantFrom<Exclude<AcdOutcome, 'UNKNOWN'>>('ANSWERED', 'ABANDON', 'FLOW_OUT'),
  userId: fc.constantFrom('ann', 'bob', 'cy'),
  direction: fc.constantFrom('inbound', 'outbound'),
  session: fc.record({
    talkMs: ms(1_800_000),
    heldMs: ms(600_000),
    alertMs: ms(20_000),
    contactingMs: ms(9_000),
    dialingMs: ms(30_000),
  }),
  acw: fc.option(fc.record({ delayMs: ms(7_200_000), acwMs: ms(600_000) })),
})
type Stay = typeof stay extends fc.Arbitrary<infer T> ? T : never

const factsOf = (startMs: number, stays: readonly Stay[], conversationId: string): readonly Fact[] => {
  const facts: Fact[] = []
  let now = windowStart + startMs
  stays.forEach(({ queueId, mediaType, missedBy, waitMs, outcome, userId, direction, session, acw }, leg) => {
    const common = (name: string) => ({
      ...{ conversationId, sessionId: `${name}-${leg}`, mediaType, queueId },
      ...{ direction: 'inbound', messageType: null, divisionId: null },
    })
    facts.push({ type: 'AcdStarted', ...common('acd'), skillIds: [], at: now })
    missedBy.forEach((agent, index) => {
      const missed = { talkMs: 0, heldMs: 0, alertMs: 15_000, contactingMs: 0, dialingMs: 0, callbackMs: 0 }
      facts.push({
        type: 'UserSessionEnded',
        ...common(`missed${index}`),
        ...missed,
        userId: agent,
        disconnectType: 'TIMEOUT',
        at: now + waitMs,
      })
    })
    now += waitMs
    facts.push({
      type: 'AcdEnded',
      ...common('acd'),
      outcome,
      connectedMs: waitMs,
      answeredUserId: outcome === 'ANSWERED' ? userId : null,
      skillIds: [],
      languageId: null,
      at: now,
    })
    if (outcome !== 'ANSWERED') return
    now += session.talkMs + session.heldMs + session.contactingMs + session.dialingMs
    facts.push({
      type: 'UserSessionEnded',
      ...common('agent'),
      ...session,
      callbackMs: 0,
      userId,
      direction,
      disconnectType: 'TRANSFER',
      at: now,
    })
    if (acw !== null)
      facts.push({
        type: 'AfterCallWorkCompleted',
        ...common('agent'),
        userId,
        wrapUpCode: null,
        acwMs: acw.acwMs,
        at: now + acw.delayMs,
      })
  })
  return facts
}

const lastTick = { type: 'ClockTicked', at: windowStart + 100 * windowMs } as const

/** Closed conversations with ticks and lateness, and the end of everything behind them. */
const closedRange = fc
  .array(fc.tuple(fc.nat({ max: windowMs }), fc.array(stay, { minLength: 1, maxLength: 3 })), { maxLength: 8 })
  .map((conversations) => conversations.flatMap(([startMs, stays], index) => factsOf(startMs, stays, `c${index}`)))
  .chain((facts) =>
    fc.tuple(fc.shuffledSubarray(facts, { minLength: facts.length }), fc.array(anyTick, { maxLength: 4 })),
  )
  .map(([facts, ticks]): readonly Fact[] => [
    ...facts.slice(0, facts.length / 2),
    ...ticks,
    ...facts.slice(facts.length / 2),
    lastTick,
  ])

const total = (rows: Iterable<Row>, metric: MetricName): Measure =>
  [...rows].map((row) => measureIn(row, metric) ?? noMeasure).reduce(addMeasures, noMeasure)

const plain = ({ count, sum, min, max }: Measure) => ({ count, sum, min, max })

const ofFamily = (rows: readonly Row[], family: Row['family']): readonly Row[] =>
  [...lastRows(rows).values()].filter((row) => row.family === family && row.granularity === 'PT15M')

describe('over a closed range of whole conversations', () => {
  const profile = quickProfile('detail-events')
  const check = (law: (queues: readonly Row[], agents: readonly Row[]) => void): void =>
    fc.assert(
      fc.property(closedRange, (facts) => {
        const rows = rowsOf(facts, profile)
        law(ofFamily(rows, 'queue'), ofFamily(rows, 'agent'))
      }),
      lawRuns(100),
    )

  test('offered = answered + abandoned + flowed out, for each queue and media type', () => {
    check((queues) => {
      for (const cell of new Set(queues.map((row) => row.dimensions.join('/')))) {
        const rows = queues.filter((row) => row.dimensions.join('/') === cell)
        const ended = (['tAnswered', 'tAbandon', 'tFlowOut'] as const).map((metric) => total(rows, metric))
        expect(total(rows, 'nOffered').count).toBe(ended.reduce((sum, { count }) => sum + count, 0))
        expect(plain(total(rows, 'tAcd'))).toEqual(plain(ended.reduce(addMeasures, noMeasure)))
      }
    })
  })

  test('the wait of all is that of the answered, abandoned and flowed-out together; short abandons are among the abandons', () => {
    check((queues) => {
      for (const row of queues) {
        const parts = (['tAnswered', 'tAbandon', 'tFlowOut'] as const).map((metric) => total([row], metric))
        expect(plain(total([row], 'tWait'))).toEqual(plain(parts.reduce(addMeasures, noMeasure)))
        const [abandoned, short] = [total([row], 'tAbandon'), total([row], 'tShortAbandon')]
        expect(short.count).toBeLessThanOrEqual(abandoned.count)
        if (short.count > 0) expect([short.min, short.max < profile.shortAbandonMs]).toEqual([abandoned.min, true])
        const { numerator = 0, denominator = 0 } = row.kpis['serviceLevel'] ?? {}
        expect(numerator).toBeLessThanOrEqual(denominator ?? NaN)
      }
    })
  })

  test('handle = contacting + dialing + talk + held + after-call work', () => {
    check((queues, agents) => {
      for (const rows of [queues, agents]) {
        const parts = (['tContacting', 'tDialing', 'tTalkComplete', 'tHeldComplete', 'tAcw'] as const).map(
          (metric) => total(rows, metric).sum,
        )
        expect(total(rows, 'tHandle').sum).toBe(parts.reduce((sum, part) => sum + part, 0))
      }
    })
  })

  test('what agents did in queues is what the queues had done, metric by metric', () => {
    check((queues, agents) => {
      for (const metric of [
        'tAnswered',
        'nOverSla',
        'tTalkComplete',
        'tHeldComplete',
        'tAcw',
        'tHandle',
        'tAlert',
        'tNotResponding',
        'nTransferred',
      ] as const)
        expect(total(agents, metric)).toEqual(total(queues, metric))
    })
  })

  test('every row is settled', () => {
    check((queues, agents) => {
      for (const row of [...queues, ...agents]) expect(row.status).not.toBe('provisional')
    })
  })
})

describe('agent states', () => {
  const profile = quickProfile('metric-records')
  const log = fc.array(fc.oneof({ arbitrary: anyState, weight: 4 }, { arbitrary: anyTick, weight: 1 }), {
    maxLength: 40,
  })
  const sums = (rows: readonly Row[]): ReadonlyMap<string, number> => {
    const perInterval = new Map<string, number>()
    for (const row of ofFamily(rows, 'agent-state')) {
      const key = `${row.dimensions.slice(0, 2).join('/')}/${row.start}`
      const { sum } = addMeasures(total([row], 'tAgentRoutingStatus'), total([row], 'tSystemPresence'))
      expect(sum).toBeGreaterThanOrEqual(0)
      perInterval.set(key, (perInterval.get(key) ?? 0) + sum)
    }
    return perInterval
  }

  test('never fill more than the interval, per agent and kind, in whatever order they came', () => {
    fc.assert(
      fc.property(log, (facts) => {
        for (const sum of sums(rowsOf(facts, profile)).values()) expect(sum).toBeLessThanOrEqual(profile.intervalMs)
      }),
      lawRuns(300),
    )
  })

  test('fill exactly the time from the first to the last of them where none outlasts its limit', () => {
    const endless = { ...profile, agentState: { ...profile.agentState, stateMaxMs: 2 * windowMs } }
    fc.assert(
      fc.property(fc.array(anyState, { minLength: 1, maxLength: 30 }), (facts) => {
        const spans = new Map<string, number[]>()
        for (const { userId, kind, at } of facts)
          spans.set(`${userId}/${kind}`, [...(spans.get(`${userId}/${kind}`) ?? []), at])
        const expected = [...spans.values()].reduce(
          (sum, instants) => sum + Math.max(...instants) - Math.min(...instants),
          0,
        )
        expect([...sums(rowsOf(facts, endless)).values()].reduce((sum, value) => sum + value, 0)).toBe(expected)
      }),
      lawRuns(100),
    )
  })
})
