import type { AcdOutcome, ConversationAnnotated, DetailFact, FlowFact, FlowOutcomeReached } from '../../domain/fact.js'
import type { Decoder, Decoders } from './decoder.js'
import {
  durationMs,
  epochMs,
  membersOf,
  optionalEpochMs,
  optionalText,
  optionalWord,
  text,
  texts,
  type Body,
} from './fields.js'
import { disconnectType, flowType, lowerCase, mediaType, upperSnake } from './spelling.js'

const sessionFields = [
  'eventTime',
  'conversationId',
  'sessionId',
  'mediaType',
  'direction',
  'messageType',
  'divisionId',
]

const session = (body: Body) => ({
  at: epochMs(body, 'eventTime'),
  conversationId: text(body, 'conversationId'),
  sessionId: text(body, 'sessionId'),
  mediaType: mediaType(optionalWord(body, 'mediaType')),
  direction: lowerCase(optionalWord(body, 'direction')),
  messageType: lowerCase(optionalWord(body, 'messageType')),
  divisionId: optionalText(body, 'divisionId'),
})

const flow = (body: Body) => ({
  ...session(body),
  flowId: text(body, 'flowId'),
  flowType: flowType(optionalText(body, 'flowType')),
})

const outcomes: ReadonlySet<unknown> = new Set<AcdOutcome>(['ANSWERED', 'ABANDON', 'FLOW_OUT'])
const acdOutcome = (value: unknown): AcdOutcome => (outcomes.has(value) ? (value as AcdOutcome) : 'UNKNOWN')

const flowOutcomes: ReadonlySet<unknown> = new Set<FlowOutcomeReached['outcome']>(['SUCCESS', 'FAILURE'])
const flowOutcome = (value: unknown): FlowOutcomeReached['outcome'] =>
  flowOutcomes.has(value) ? (value as FlowOutcomeReached['outcome']) : 'UNKNOWN'

/** An event of a session; `more` are its fields beside those of every session. */
const ofSession = (more: readonly string[], fact: (body: Body) => DetailFact): Decoder => ({
  fields: [...sessionFields, ...more],
  facts: (body) => [fact(body)],
})

const ofFlow = (more: readonly string[], fact: (body: Body) => FlowFact): Decoder => ({
  fields: [...sessionFields, 'flowId', 'flowType', ...more],
  facts: (body) => [fact(body)],
})

const annotation = (what: ConversationAnnotated['what']): Decoder => ({
  fields: ['eventTime', 'conversationId'],
  facts: (body) => [
    {
      type: 'ConversationAnnotated',
      at: epochMs(body, 'eventTime'),
      conversationId: text(body, 'conversationId'),
      what,
    },
  ],
})

const bySuffix: Decoders = {
  'acd.start': ofSession(['queueId', 'requestedRoutingSkillIds'], (body) => ({
    type: 'AcdStarted',
    ...session(body),
    queueId: text(body, 'queueId'),
    skillIds: texts(body, 'requestedRoutingSkillIds'),
  })),
  'acd.end': ofSession(
    [
      'queueId',
      'acdOutcome',
      'answeredUserId',
      'connectedDurationMs',
      'requestedRoutingSkillIds',
      'requestedLanguageId',
    ],
    (body) => ({
      type: 'AcdEnded',
      ...session(body),
      queueId: text(body, 'queueId'),
      outcome: acdOutcome(body['acdOutcome']),
      answeredUserId: optionalText(body, 'answeredUserId'),
      connectedMs: durationMs(body, 'connectedDurationMs'),
      skillIds: texts(body, 'requestedRoutingSkillIds'),
      languageId: optionalText(body, 'requestedLanguageId'),
    }),
  ),
  'customer.start': ofSession([], (body) => ({ type: 'CustomerStarted', ...session(body) })),
  'customer.end': ofSession(['disconnectType', 'interactingDurationMs'], (body) => ({
    type: 'CustomerEnded',
    ...session(body),
    disconnectType: disconnectType(body['disconnectType']),
    connectedMs: durationMs(body, 'interactingDurationMs'),
  })),
  'user.start': ofSession(['userId', 'queueId'], (body) => ({
    type: 'UserSessionStarted',
    ...session(body),
    userId: text(body, 'userId'),
    queueId: optionalText(body, 'queueId'),
  })),
  'user.end': ofSession(
    [
      ...['userId', 'queueId', 'disconnectType', 'interactingDurationMs', 'heldDurationMs', 'alertingDurationMs'],
      ...['contactingDurationMs', 'dialingDurationMs', 'callbackDurationMs'],
    ],
    (body) => ({
      type: 'UserSessionEnded',
      ...session(body),
      userId: text(body, 'userId'),
      queueId: optionalText(body, 'queueId'),
      disconnectType: disconnectType(body['disconnectType']),
      talkMs: durationMs(body, 'interactingDurationMs'),
      heldMs: durationMs(body, 'heldDurationMs'),
      alertMs: durationMs(body, 'alertingDurationMs'),
      contactingMs: durationMs(body, 'contactingDurationMs'),
      dialingMs: durationMs(body, 'dialingDurationMs'),
      callbackMs: durationMs(body, 'callbackDurationMs'),
    }),
  ),
  acw: ofSession(['userId', 'queueId', 'wrapupCode', 'wrapupDurationMs'], (body) => ({
    type: 'AfterCallWorkCompleted',
    ...session(body),
    userId: text(body, 'userId'),
    queueId: optionalText(body, 'queueId'),
    wrapUpCode: optionalText(body, 'wrapupCode'),
    acwMs: durationMs(body, 'wrapupDurationMs'),
  })),
  wrapup: ofSession(['queueId', 'wrapupCode', 'wrapupDurationMs'], (body) => ({
    type: 'WrapUpApplied',
    ...session(body),
    queueId: optionalText(body, 'queueId'),
    wrapUpCode: optionalText(body, 'wrapupCode'),
    acwMs: durationMs(body, 'wrapupDurationMs'),
  })),
  outbound: ofSession(['outboundCampaignId'], (body) => ({
    type: 'OutboundInitiated',
    ...session(body),
    campaignId: text(body, 'outboundCampaignId'),
  })),
  'voicemail.start': ofSession(['userId', 'queueId'], (body) => ({
    type: 'VoicemailStarted',
    ...session(body),
    userId: optionalText(body, 'userId'),
    queueId: optionalText(body, 'queueId'),
  })),
  'voicemail.end': ofSession(['userId', 'queueId', 'voicemailDurationMs'], (body) => ({
    type: 'VoicemailEnded',
    ...session(body),
    userId: optionalText(body, 'userId'),
    queueId: optionalText(body, 'queueId'),
    voicemailMs: durationMs(body, 'voicemailDurationMs'),
  })),
  'flow.start': ofFlow([], (body) => ({ type: 'FlowStarted', ...flow(body) })),
  'flow.end': ofFlow(['exitReason', 'connectedDurationMs'], (body) => ({
    type: 'FlowEnded',
    ...flow(body),
    exitReason: upperSnake(optionalText(body, 'exitReason') ?? 'UNKNOWN'),
    connectedMs: durationMs(body, 'connectedDurationMs'),
  })),
  'flow.outcome': ofFlow(
    ['flowOutcomeValue', 'flowOutcomeStartTime', 'flowOutcomeEndTime', 'flowMilestones'],
    (body) => ({
      type: 'FlowOutcomeReached',
      ...flow(body),
      outcome: flowOutcome(body['flowOutcomeValue']),
      startedAt: optionalEpochMs(body, 'flowOutcomeStartTime'),
      endedAt: optionalEpochMs(body, 'flowOutcomeEndTime'),
      milestones: membersOf(body, 'flowMilestones'),
    }),
  ),
  contact: annotation('contact'),
  attributes: annotation('attributes'),
}

/** The 16 analytics detail events. The correlator derives metric points from them. */
export const detailEventDecoders: Decoders = Object.fromEntries(
  Object.entries(bySuffix).map(([suffix, decoder]) => [`v2.detail.events.conversation.{id}.${suffix}`, decoder]),
)
