import fc from 'fast-check'
import type {
  AcdEnded,
  AgentStateEntered,
  ClockTakenBack,
  ClockTicked,
  ConfigurationFact,
  Fact,
  MetricEmitted,
  OrgSettingsChanged,
  ProfilePublished,
  QueueConfigured,
} from '../../src/domain/fact.js'
import { splits } from '../../src/domain/dimensions.js'
import { familyNames } from '../../src/domain/family.js'
import { MINUTE_MS, type EpochMs } from '../../src/domain/interval.js'
import { pointMetrics } from '../../src/domain/metric.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'

/** The window in which generated facts happen: five hours. */
export const windowStart: EpochMs = Date.UTC(2026, 0, 5, 9)
export const windowMs = 300 * MINUTE_MS

/**
 * Horizons short enough that a window of five hours passes them often; the restate horizon lies beyond any lateness
 * generated.
 */
export const quickProfile = (points: Profile['points']): Profile => ({
  ...defaultProfile,
  points,
  correlation: { ...defaultProfile.correlation, acwHorizonMs: 20 * MINUTE_MS },
  agentState: { ...defaultProfile.agentState, stateMaxMs: 70 * MINUTE_MS },
  families: familyNames,
  splitBy: ['direction'],
  rollUps: ['PT1H'],
  quantiles: ['tAnswered', 'tAbandon', 'tHandle'],
})

/** Instants with a liking for interval edges and the millisecond before them. */
export const anyInstant: fc.Arbitrary<EpochMs> = fc
  .oneof(
    fc.integer({ min: 0, max: windowMs }),
    fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.constantFrom(0, -1, 1))
      .map(([quarters, off]) => quarters * 15 * MINUTE_MS + off),
  )
  .map((offset) => windowStart + offset)

const queueId = fc.constantFrom('sales', 'service', 'a/b', '-')
const userId = fc.constantFrom('ann', 'bob', '~cy', '')
const mediaType = fc.constantFrom('voice', 'chat')
const direction = fc.constantFrom('inbound', 'outbound', null)
const durationMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 * MINUTE_MS }))
const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 4 })

export const anyMetric: fc.Arbitrary<MetricEmitted> = fc.record({
  type: fc.constant('MetricEmitted' as const),
  metric: fc.constantFrom(...pointMetrics, 'nUnheardOf'),
  value: durationMs,
  at: anyInstant,
  queueId: orNull(queueId),
  userId: orNull(userId),
  mediaType,
  direction,
  messageType: orNull(fc.constant('sms')),
  skillIds: fc.subarray(['german', 'billing']),
  languageId: orNull(fc.constant('de')),
  wrapUpCode: orNull(fc.constantFrom('sold', 'not sold')),
  flowId: orNull(fc.constant('menu')),
  campaignId: orNull(fc.constant('spring')),
  divisionIds: fc.subarray(['home', 'north']),
})

export const anyState: fc.Arbitrary<AgentStateEntered> = fc.record({
  type: fc.constant('AgentStateEntered' as const),
  userId,
  kind: fc.constantFrom('routingStatus' as const, 'systemPresence' as const),
  state: fc.constantFrom('IDLE', 'INTERACTING', 'OFF_QUEUE'),
  at: anyInstant,
})

export const anyTick: fc.Arbitrary<ClockTicked> = anyInstant.map((at) => ({ type: 'ClockTicked', at }))

/** All that detail events say of one agent session and the queue entry before it; any part may be missing. */
const sessionFacts = (sessionId: string): fc.Arbitrary<readonly Fact[]> =>
  fc
    .record({
      ids: fc.record({ queueId, userId, mediaType, direction, skillIds: fc.subarray(['german', 'billing']) }),
      campaignId: fc.option(fc.constantFrom('spring', 'summer')),
      acd: fc.option(
        fc.record({
          at: anyInstant,
          endAt: anyInstant,
          connectedMs: durationMs,
          outcome: fc.constantFrom<AcdEnded['outcome']>('ANSWERED', 'ABANDON', 'FLOW_OUT', 'UNKNOWN'),
        }),
      ),
      startAt: fc.option(anyInstant),
      end: fc.option(
        fc.record({
          at: anyInstant,
          disconnectType: fc.constantFrom('PEER', 'TRANSFER', 'TIMEOUT'),
          talkMs: durationMs,
          heldMs: durationMs,
          alertMs: durationMs,
          contactingMs: durationMs,
          dialingMs: durationMs,
        }),
        { freq: 5 },
      ),
      acw: fc.option(fc.record({ at: anyInstant, acwMs: durationMs })),
    })
    .map(({ ids, campaignId, acd, startAt, end, acw }) => {
      const { skillIds, mediaType: media, direction: way, ...who } = ids
      // A conversation of its own: a campaign begins a conversation once.
      const session = {
        conversationId: `c-${sessionId}`,
        sessionId,
        mediaType: media,
        direction: way,
        messageType: null,
        divisionId: 'home',
      }
      const facts: Fact[] = []
      if (acd !== null) {
        facts.push({ type: 'AcdStarted', ...session, queueId: who.queueId, skillIds, at: acd.at })
        const { endAt, connectedMs, outcome } = acd
        const answeredUserId = outcome === 'ANSWERED' ? who.userId : null
        const ended = { at: endAt, connectedMs, outcome, answeredUserId, skillIds, languageId: null }
        facts.push({ type: 'AcdEnded', ...session, queueId: who.queueId, ...ended })
      }
      if (startAt !== null) facts.push({ type: 'UserSessionStarted', ...session, ...who, at: startAt })
      if (end !== null) facts.push({ type: 'UserSessionEnded', ...session, ...who, ...end, callbackMs: 0 })
      if (acw !== null) facts.push({ type: 'AfterCallWorkCompleted', ...session, ...who, ...acw, wrapUpCode: 'sold' })
      if (campaignId !== null)
        facts.push({ type: 'OutboundInitiated', ...session, campaignId, at: startAt ?? windowStart })
      return facts
    })

/**
 * Facts in no order, without ticks. Each session ends at most once and has at most one after-call work, as Genesys
 * means it.
 */
export const factSet: fc.Arbitrary<readonly Fact[]> = fc
  .tuple(
    fc.array(anyMetric, { maxLength: 25 }),
    fc.array(anyState, { maxLength: 25 }),
    fc
      .nat({ max: 8 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => sessionFacts(`s${index}`)))),
  )
  .map(([metrics, states, sessions]) => [...metrics, ...states, ...sessions.flat()])

const shuffled = (facts: readonly Fact[]): fc.Arbitrary<readonly Fact[]> =>
  fc.shuffledSubarray([...facts], { minLength: facts.length, maxLength: facts.length })

/** Puts ticks and take-backs among facts, each at its own place and in their order. */
const withTicks = (
  facts: readonly Fact[],
  ticks: readonly (ClockTicked | ClockTakenBack)[],
  places: readonly number[],
): readonly Fact[] => {
  const inOrder = ticks.map((_, index) => (places[index] ?? 0) % (facts.length + 1)).sort((a, b) => a - b)
  const log: Fact[] = [...facts]
  for (let index = ticks.length - 1; index >= 0; index--)
    log.splice(inOrder[index] as number, 0, ticks[index] as ClockTicked)
  return log
}

const places = fc.array(fc.nat(), { minLength: 12, maxLength: 12 })
const ticksInOrder = fc.array(anyTick, { maxLength: 12 }).map((ticks) => [...ticks].sort((a, b) => a.at - b.at))

/** A log as it may have come: anything in any order, ticks in between. */
export const anyLog: fc.Arbitrary<readonly Fact[]> = fc
  .tuple(factSet.chain(shuffled), ticksInOrder, places)
  .map(([facts, ticks, where]) => withTicks(facts, ticks, where))

/** A log whose clock went wrong and was taken back, perhaps more than once. */
export const anyLogTakenBack: fc.Arbitrary<readonly Fact[]> = fc
  .tuple(
    factSet.chain(shuffled),
    fc.array(
      fc
        .tuple(anyTick, fc.option(anyInstant, { freq: 3 }))
        .map(([tick, back]) => [tick, ...(back === null ? [] : [{ type: 'ClockTakenBack' as const, at: back }])]),
      { maxLength: 6 },
    ),
    places,
  )
  .map(([facts, clock, where]) => withTicks(facts, clock.flat(), where))

/**
 * The same facts and the same ticks in two orders, and at the end of both a tick that is far enough ahead for all that
 * was to come.
 */
export const twoOrders: fc.Arbitrary<readonly [readonly Fact[], readonly Fact[]]> = factSet
  .chain((facts) => fc.tuple(shuffled(facts), shuffled(facts), ticksInOrder, places, places))
  .map(([one, other, ticks, where, elsewhere]) => {
    const last: ClockTicked = { type: 'ClockTicked', at: windowStart + 2 * windowMs }
    return [
      [...withTicks(one, ticks, where), last],
      [...withTicks(other, ticks, elsewhere), last],
    ] as const
  })

/** Places to cut a log at. */
export const anyCuts: fc.Arbitrary<readonly number[]> = fc.array(fc.nat({ max: 90 }), { maxLength: 12 })

/** Settings that count for all of history, each at an instant of its own. */
export const anyOrgSettings: fc.Arbitrary<readonly OrgSettingsChanged[]> = fc
  .array(
    fc.record({
      type: fc.constant('OrgSettingsChanged' as const),
      at: anyInstant,
      includeFlowOuts: orNull(fc.boolean()),
      includeShortAbandons: orNull(fc.boolean()),
      includeAbandons: orNull(fc.boolean()),
      shortAbandonMs: orNull(fc.constantFrom(1, 5 * MINUTE_MS, 20 * MINUTE_MS)),
    }),
    { maxLength: 3 },
  )
  .map((all) => all.filter(({ at }, index) => all.findIndex((other) => other.at === at) === index))

const level = fc.option(
  fc.record({ durationMs: fc.constantFrom(1, 5 * MINUTE_MS), target: orNull(fc.constantFrom(0.8, 0.9)) }),
)

export const anyQueueSettings: fc.Arbitrary<QueueConfigured> = fc.record({
  type: fc.constant('QueueConfigured' as const),
  queueId,
  at: anyInstant,
  name: fc.constant(null),
  serviceLevel: fc
    .record({ voice: level, chat: level })
    .map(({ voice, chat }) => ({ ...(voice && { voice }), ...(chat && { chat }) })),
  acw: orNull(
    fc.record({
      prompt: fc.constantFrom('MANDATORY_TIMEOUT', 'OPTIONAL'),
      timeoutMs: orNull(fc.constantFrom(MINUTE_MS, 30 * MINUTE_MS)),
    }),
  ),
})

/**
 * Profiles that differ from `quickProfile` in what takes effect while a generation runs, on the edge of an interval.
 */
export const anyPublished = (points: Profile['points']): fc.Arbitrary<ProfilePublished> =>
  fc
    .record({
      quarter: fc.nat({ max: 20 }),
      families: fc.subarray([...familyNames]),
      splitBy: fc.subarray([...splits]),
      quantiles: fc.subarray(['tAnswered' as const, 'tWait' as const, 'tHandle' as const]),
      shortAbandonMs: fc.constantFrom(10_000, 5 * MINUTE_MS),
      waitIncludesCustomerFirst: fc.boolean(),
      acwHorizonMs: fc.constantFrom(5 * MINUTE_MS, 40 * MINUTE_MS),
    })
    .map(({ quarter, acwHorizonMs, ...changed }) => {
      const profile = quickProfile(points)
      const correlation = { ...profile.correlation, acwHorizonMs }
      return {
        type: 'ProfilePublished',
        at: windowStart + quarter * 15 * MINUTE_MS,
        profile: { ...profile, ...changed, correlation },
      }
    })

export const anyConfiguration = (points: Profile['points']): fc.Arbitrary<readonly ConfigurationFact[]> =>
  fc
    .tuple(
      anyOrgSettings,
      fc.array(anyQueueSettings, { maxLength: 3 }),
      fc.array(anyPublished(points), { maxLength: 2 }),
    )
    .map((kinds): readonly ConfigurationFact[] => kinds.flat())

/** Puts facts among others, each at its own place, in their order. */
const strewn = (log: readonly Fact[], facts: readonly Fact[], where: readonly number[]): readonly Fact[] => {
  const sorted = facts.map((_, index) => (where[index] ?? 0) % (log.length + 1)).sort((a, b) => a - b)
  const strewnLog = [...log]
  for (let index = facts.length - 1; index >= 0; index--)
    strewnLog.splice(sorted[index] as number, 0, facts[index] as Fact)
  return strewnLog
}

/** A log as it may have come, with configuration that changes on the way. */
export const anyConfiguredLog = (points: Profile['points']): fc.Arbitrary<readonly Fact[]> =>
  fc.tuple(anyLog, anyConfiguration(points), places).map(([log, facts, where]) => strewn(log, facts, where))

/**
 * A log without configuration, settings of the organisation, and the log with them strewn in; ticks behind both let all
 * take effect.
 */
export const settingsStrewn: fc.Arbitrary<
  Readonly<{ log: readonly Fact[]; settings: readonly OrgSettingsChanged[]; strewn: readonly Fact[] }>
> = fc.tuple(anyLog, anyOrgSettings, places).map(([log, settings, where]) => {
  const ends = [2, 2.1, 2.2].map((windows): ClockTicked => ({
    type: 'ClockTicked',
    at: windowStart + windows * windowMs,
  }))
  return { log: [...log, ...ends], settings, strewn: [...strewn(log, settings, where), ...ends] }
})
