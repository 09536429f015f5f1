import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { FactRunBuilder } from '../../../src/domain/fact-run.js'
import type { DecodedRun } from '../../../src/facts/decoded-run.js'
import { encodeSegment, readSegment, type Segment } from '../../../src/facts/codec/segment.js'
import { conversationStream, userStream } from '../../../src/domain/stream-name.js'
import { anyConfiguredLog, anyLog, anyMetric } from '../../support/arbitrary-facts.js'
import {
  at,
  configured,
  customerEnded,
  customerStarted,
  emitted,
  entered,
  flowEnded,
  flowStarted,
  initiated,
  inSession,
  leftQueue,
  nowhere,
  outcomeReached,
  queued,
  recorded,
  sessionEnded,
  sessionStarted,
  ticked,
  voicemailEnded,
  worked,
} from '../../support/fact-builders.js'
import { lawRuns } from '../../support/law-runs.js'

const origin = { decoders: '1', logId: '5f2c', tenant: 't', points: 'metric-records' }

/** A run whose events have one fact each, at positions with gaps. */
const runOf = (facts: readonly Fact[], more: Partial<DecodedRun> = {}): DecodedRun => {
  const builder = new FactRunBuilder()
  facts.forEach((fact, event) => builder.add(event, fact, event % 3 === 0 ? undefined : at('10:00') + event))
  return {
    ...{ after: 7n, through: 10n + 3n * BigInt(facts.length), rawEvents: facts.length + 2, last: undefined },
    ...{ events: facts.length, facts: builder.build(), undecodable: [] },
    position: (event) => 10n + 3n * BigInt(event),
    stream: () => 't.clock',
    ...more,
  }
}

const segmentOf = (run: DecodedRun): Segment => ({ origin, digest: { bytes: 99, crc32: 0xfeedbeef }, run })

const readBack = (run: DecodedRun): Segment => readSegment(encodeSegment(segmentOf(run))) as Segment

/** Everything that a reader can see of a run. */
const contentOf = ({ facts, position, stream, ...run }: DecodedRun) => ({
  ...run,
  positions: Array.from({ length: run.events }, (_, event) => position(event)),
  streams: Array.from({ length: run.events }, (_, event) => stream(event)),
  facts: Array.from({ length: facts.length }, (_, entry) => ({
    fact: facts.fact(entry),
    session: facts.session(entry),
    event: facts.event[entry],
    receivedAt: facts.receivedAt[entry],
    metric: facts.metric[entry],
  })),
})

const C = '3d7ad8c2-0d3b-4a54-9c3e-0e3fdc6d2b10'
const S = '6b0cf1a5-75f1-4a83-a1f5-1b2a6c7d8e9f'

/** A fact of each type; the compiler asks for a new type. */
const oneOfEach: { readonly [T in Fact['type']]: Extract<Fact, { type: T }> } = {
  MetricEmitted: { ...emitted('tCfcAnswered', 9_000, '10:00', { queue: 'sales' }), session: `${C}/${S}` },
  ConversationRecorded: recorded(
    C,
    { ...nowhere, metric: 'oMessageTurn', value: 1.25, at: at('10:02'), skillIds: ['a', 'b'] },
    { ...nowhere, metric: 'nUnheardOf', value: 1, at: at('09:00') },
  ),
  AcdStarted: queued('sales', '10:00', { skillIds: ['a', 'b'] }),
  AcdEnded: leftQueue('sales', 'ANSWERED', 5_000, '10:01', { answeredUserId: S }),
  CustomerStarted: customerStarted('10:00', { conversationId: C }),
  CustomerEnded: customerEnded(60_000, '10:01'),
  UserSessionStarted: sessionStarted('ann', '10:00'),
  UserSessionEnded: sessionEnded('ann', '10:05', { talkMs: 123_456 }),
  AfterCallWorkCompleted: worked('ann', 5_000, '10:06'),
  WrapUpApplied: { ...inSession('10:06', 's'), type: 'WrapUpApplied', queueId: null, wrapUpCode: 'sold', acwMs: 1 },
  OutboundInitiated: initiated('spring', '10:00'),
  VoicemailStarted: { ...inSession('10:00', 's'), type: 'VoicemailStarted', userId: null, queueId: 'sales' },
  VoicemailEnded: voicemailEnded(4_000, '10:00'),
  ConversationAnnotated: { type: 'ConversationAnnotated', at: at('10:00'), conversationId: C, what: 'contact' },
  FlowStarted: flowStarted('10:00'),
  FlowEnded: flowEnded(3_000, 'DISCONNECT', '10:01'),
  FlowOutcomeReached: outcomeReached('SUCCESS', '10:01', { startedAt: null, endedAt: at('10:00') }),
  AgentSegmentEntered: {
    ...{ type: 'AgentSegmentEntered', userId: 'ann', conversationId: C, sessionId: S, state: 'HOLD' },
    ...{ at: at('10:00'), queueId: null, mediaType: 'voice' },
  },
  AgentStateEntered: entered('ann', 'IDLE', '10:00'),
  ConversationLoadReported: { type: 'ConversationLoadReported', userId: 'ann', active: 2, acw: 0 },
  QueueMembershipChanged: { type: 'QueueMembershipChanged', queueId: 'sales', userId: 'ann', joined: true },
  QueueConfigured: configured('sales', '10:00', {}),
  OrgSettingsChanged: {
    ...{ type: 'OrgSettingsChanged', at: at('10:00'), includeFlowOuts: true, includeShortAbandons: null },
    ...{ includeAbandons: false, shortAbandonMs: 5_000 },
  },
  PresenceDefined: {
    ...{ type: 'PresenceDefined', presenceId: 'p', at: at('10:00'), systemPresence: 'BREAK', name: null },
    deactivated: false,
  },
  ObjectNamed: { type: 'ObjectNamed', kind: 'user', objectId: 'ann', at: at('10:00'), name: 'Ann', gone: false },
  ProfilePublished: { type: 'ProfilePublished', at: at('10:00'), profile: {} as never },
  ConfigurationAudited: {
    ...{ type: 'ConfigurationAudited', at: at('10:00'), service: 's', action: 'a', entityType: 'QUEUE' },
    ...{ entityId: null, changed: ['name'] },
  },
  StreamErased: {
    ...{ type: 'StreamErased', at: at('10:00'), stream: 't.00.conversation-c', from: '1', through: '2', events: 2 },
    points: [],
  },
  ClockTicked: ticked('10:00'),
  ClockTakenBack: { type: 'ClockTakenBack', at: at('09:00') },
}

describe('a segment', () => {
  test('gives back a fact of every type', () => {
    const run = runOf(Object.values(oneOfEach))
    expect(contentOf(readBack(run).run)).toEqual(contentOf(run))
  })

  test('gives back any run of facts, with its positions', () => {
    const anyFacts = fc.oneof(anyLog, anyConfiguredLog('metric-records'), anyConfiguredLog('detail-events'))
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const run = runOf(facts)
        expect(contentOf(readBack(run).run)).toEqual(contentOf(run))
      }),
      lawRuns(100),
    )
  })

  test('gives back any text and any number', () => {
    const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.uuid(), fc.constantFrom('\ud800', '', C.toUpperCase()))
    const anyPoint = fc
      .tuple(anyMetric, anyText, fc.double(), fc.option(anyText, { nil: undefined }))
      .map(([point, queueId, value, session]) => ({
        ...point,
        ...{ metric: 'oMessageTurn', queueId, value, skillIds: [queueId, 'b'] },
        ...(session === undefined ? {} : { session }),
      }))
    fc.assert(
      fc.property(fc.array(anyPoint), (facts) => {
        const run = runOf(facts)
        expect(contentOf(readBack(run).run)).toEqual(contentOf(run))
      }),
      lawRuns(200),
    )
  })

  test('says whose it is, and what of the log it stands for', () => {
    const names = [conversationStream('t', C), userStream('t', S), conversationStream('t', 'c 1'), 't.clock', 'x.y']
    const run = runOf(
      names.map(() => ticked('10:00')),
      {
        after: undefined,
        last: { stream: 't.clock', revision: 12, id: C, position: 2n ** 54n + 7n },
        undecodable: [1, 3],
        position: (event) => 2n ** 54n + BigInt(event),
        stream: (event) => names[event] as string,
        through: 2n ** 62n,
      },
    )
    const { run: read, ...rest } = readBack(run)
    expect(rest).toEqual({ origin, digest: { bytes: 99, crc32: 0xfeedbeef } })
    expect(contentOf(read)).toEqual(contentOf(run))
  })

  test('of which any byte was changed, or that was cut short, is not read', () => {
    const bytes = encodeSegment(segmentOf(runOf(Object.values(oneOfEach))))
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const damaged = Buffer.from(bytes)
        damaged[place] = (damaged[place] as number) ^ change
        expect(readSegment(damaged)).toBeUndefined()
        expect(readSegment(bytes.subarray(0, place))).toBeUndefined()
      }),
      lawRuns(200),
    )
  })
})
