/** Envelopes and bodies in the shapes that Genesys documents, written by hand. All ids are made up. */

export type Body = Readonly<Record<string, unknown>>

export const conversationId = '4f1c8a52-7b0e-4d3a-9c61-2e5d8b7f0a11'
export const userId = '9d0b6c3e-5a24-4f7b-8e19-c7a2d4f6b822'
export const queueId = 'a3e7f915-2c48-4b6d-b0f3-6d1e9c5a7b33'
export const sessionId = 'c85d2e70-91fb-4a3c-a6d4-0b7e3f9c1d44'
export const at = Date.parse('2026-01-05T10:00:12.411Z')

/** As EventBridge delivers it. `time` is in whole seconds, the publication in milliseconds. */
export const eventBridge = (template: string, id: string, body: Body, timestamp = '2026-01-05T10:00:12.431Z') => ({
  version: '0',
  id: '6f0e2d1c-3b4a-4958-8776-655443322110',
  'detail-type': template,
  source: 'aws.partner/genesys.com/cloud/0d9c8b7a-6f5e-4d3c-8b2a-1f0e9d8c7b6a/streamvane',
  account: '123456789012',
  time: '2026-01-05T10:00:13Z',
  region: 'eu-central-1',
  resources: [],
  detail: {
    topicName: template.replace('{id}', id),
    version: '2',
    eventBody: body,
    metadata: { CorrelationId: 'b1c2d3e4-f5a6-4788-99aa-bbccddeeff00-archival' },
    timestamp,
  },
})

/** As a notification channel delivers it: no envelope around it and no time of publication. */
export const notification = (template: string, id: string, body: Body) => ({
  topicName: template.replace('{id}', id),
  version: '2',
  eventBody: body,
  metadata: { CorrelationId: '00112233-4455-4677-8899-aabbccddeeff' },
})

export const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

/** The same value with the keys of every object in reverse. */
export const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  )
}

const session = {
  eventTime: at,
  conversationId,
  participantId: 'e2f3a4b5-c6d7-4e8f-9a0b-1c2d3e4f5a66',
  sessionId,
  mediaType: 'VOICE',
  provider: 'Edge',
  direction: 'INBOUND',
  ani: 'tel:+4930111',
  dnis: 'tel:+4930222',
  divisionId: 'f0e1d2c3-b4a5-4968-8778-695a4b3c2d77',
  conversationExternalContactIds: [],
}

const detail = (suffix: string): string => `v2.detail.events.conversation.{id}.${suffix}`

/** One body for each topic that states facts. */
export const bodies = {
  metrics: {
    template: 'v2.analytics.conversation.{id}.metrics',
    id: conversationId,
    body: {
      metric: 'tAnswered',
      metricDate: '2026-01-05T10:00:12.411Z',
      value: 12_411,
      recordId: '77665544-3322-4110-8099-887766554433',
      conversationId,
      sessionId,
      purpose: 'agent',
      userId,
      queueId,
      mediaType: 'voice',
      direction: 'inbound',
      messageType: 'webmessaging',
      originatingDirection: 'inbound',
      requestedRoutingSkillIds: ['french', 'billing'],
      activeSkillIds: ['french'],
      requestedLanguageId: 'fr',
      wrapUpCode: 'sold',
      outboundCampaignId: 'spring',
      divisionIds: ['f0e1d2c3-b4a5-4968-8778-695a4b3c2d77'],
      requestedRoutings: ['Standard'],
      usedRouting: 'Standard',
      firstQueue: true,
    },
  },
  acdStart: {
    template: detail('acd.start'),
    id: conversationId,
    body: {
      ...session,
      queueId,
      routingPriority: 0,
      requestedRoutingSkillIds: ['french'],
      skillExpressionApplied: false,
    },
  },
  acdEnd: {
    template: detail('acd.end'),
    id: conversationId,
    body: {
      ...session,
      queueId,
      disconnectType: 'TRANSFER',
      acdOutcome: 'ANSWERED',
      answeredUserId: userId,
      requestedRoutings: ['STANDARD'],
      usedRouting: 'STANDARD',
      requestedRoutingSkillIds: ['french', 'billing'],
      requestedLanguageId: 'fr',
      connectedDurationMs: 12_411,
    },
  },
  userStart: { template: detail('user.start'), id: conversationId, body: { ...session, userId, queueId } },
  userEnd: {
    template: detail('user.end'),
    id: conversationId,
    body: {
      ...session,
      userId,
      queueId,
      disconnectType: 'CONSULT_TRANSFER',
      interactingDurationMs: 374_894,
      heldDurationMs: 11_000,
      alertingDurationMs: 2_364,
      contactingDurationMs: 0,
      dialingDurationMs: 0,
      callbackDurationMs: 0,
    },
  },
  customerStart: {
    template: detail('customer.start'),
    id: conversationId,
    body: { ...session, externalContactId: 'x' },
  },
  customerEnd: {
    template: detail('customer.end'),
    id: conversationId,
    body: { ...session, disconnectType: 'PEER', interactingDurationMs: 400_123 },
  },
  wrapUp: {
    template: detail('wrapup'),
    id: conversationId,
    body: { ...session, queueId, wrapupCode: 'sold', wrapupNotes: 'n', wrapupDurationMs: 3_000 },
  },
  outbound: {
    template: detail('outbound'),
    id: conversationId,
    body: {
      ...session,
      direction: 'OUTBOUND',
      outboundCampaignId: 'spring',
      outboundContactListId: 'l',
      outboundContactId: 'c',
    },
  },
  voicemailStart: { template: detail('voicemail.start'), id: conversationId, body: { ...session, userId, queueId } },
  voicemailEnd: {
    template: detail('voicemail.end'),
    id: conversationId,
    body: { ...session, userId, queueId, disconnectType: 'PEER', voicemailDurationMs: 8_250 },
  },
  flowStart: {
    template: detail('flow.start'),
    id: conversationId,
    body: { ...session, flowType: 'INBOUNDCALL', flowId: 'welcome', flowVersion: '7.0' },
  },
  flowEnd: {
    template: detail('flow.end'),
    id: conversationId,
    body: {
      ...session,
      flowType: 'inboundcall',
      flowId: 'welcome',
      flowVersion: '7.0',
      disconnectType: 'TRANSFER',
      exitReason: 'TRANSFER',
      transferType: 'ACD',
      connectedDurationMs: 64_300,
    },
  },
  flowOutcome: {
    template: detail('flow.outcome'),
    id: conversationId,
    body: {
      ...session,
      flowType: 'INBOUNDCALL',
      flowId: 'welcome',
      flowVersion: '7.0',
      flowOutcomeId: 'identified',
      flowOutcomeValue: 'FAILURE',
      flowOutcomeStartTime: at - 5_000,
      flowOutcomeEndTime: at,
      flowMilestones: [
        { milestoneId: 'm1', milestoneTime: at - 4_000 },
        { milestoneId: 'm2', milestoneTime: at - 1_000 },
      ],
    },
  },
  contact: { template: detail('contact'), id: conversationId, body: { ...session, externalContactId: 'x' } },
  attributes: {
    template: detail('attributes'),
    id: conversationId,
    body: {
      eventTime: at,
      conversationId,
      participantId: 'e2f3a4b5-c6d7-4e8f-9a0b-1c2d3e4f5a66',
      attributes: { 'customer tier': 'gold' },
      communications: [{ id: sessionId, mediaType: 'VOICE' }],
    },
  },
  flowMetrics: {
    template: 'v2.analytics.flow.{id}.metrics',
    id: conversationId,
    body: {
      metric: 'tFlow',
      metricDate: '2026-01-05T10:00:12.411Z',
      value: 64_300,
      recordId: '87665544-3322-4110-8099-887766554433',
      conversationId,
      sessionId,
      mediaType: 'voice',
      direction: 'inbound',
      divisionIds: ['d1', 'd2'],
      flowId: 'welcome',
      flowName: 'Welcome',
      flowType: 'inboundcall',
      entryType: 'dnis',
      outcomes: [],
    },
  },
  agentState: {
    template: 'v2.detail.events.agent.{id}.state',
    id: userId,
    body: {
      conversationId,
      sessionId,
      sessionStart: at - 60_000,
      currentState: 'INTERACT',
      currentStateStart: at,
      userId,
      queueId,
      originatingDirection: 'INBOUND',
      mediaType: 'VOICE',
      requestedSkillIds: [],
    },
  },
  summary: {
    template: 'v2.users.{id}.conversationsummary',
    id: userId,
    body: {
      userId,
      call: { contactCenter: { active: 1, acw: 0 }, enterprise: { active: 1, acw: 0 } },
      message: { contactCenter: { active: 2, acw: 1 }, enterprise: { active: 0, acw: 0 } },
    },
  },
  membership: {
    template: 'v2.routing.queues.{id}.users',
    id: queueId,
    body: { id: userId, user: { id: userId }, queueId, joined: true, additionalProperties: {} },
  },
  acw: {
    template: detail('acw'),
    id: conversationId,
    body: { ...session, userId, queueId, wrapupCode: 'ININ-WRAP-UP-TIMEOUT', wrapupNotes: '', wrapupDurationMs: 3_000 },
  },
  routingStatus: {
    template: 'v2.users.{id}.routingStatus',
    id: userId,
    body: { id: userId, routingStatus: { status: 'NOT_RESPONDING', startTime: '2026-01-05T10:00:12.411Z' } },
  },
  presence: {
    template: 'v2.users.{id}.presence',
    id: userId,
    body: {
      source: 'PURECLOUD',
      presenceDefinition: { id: '31fe3bac-dea6-44b7-bed7-47f91660a1a0', systemPresence: 'On Queue' },
      primary: true,
      message: '',
      modifiedDate: '2026-01-05T10:00:12.411Z',
    },
  },
  activity: {
    template: 'v2.users.{id}.activity',
    id: userId,
    body: {
      id: userId,
      routingStatus: { status: 'IDLE', startTime: '2026-01-05T10:00:12.411Z' },
      presence: {
        presenceDefinition: { id: '31fe3bac-dea6-44b7-bed7-47f91660a1a0', systemPresence: 'ON_QUEUE' },
        presenceMessage: '',
        modifiedDate: '2026-01-05T09:58:00.000Z',
      },
      outOfOffice: { active: false, modifiedDate: '2025-12-01T08:00:00.000Z' },
      activeQueueIds: [queueId],
      dateActiveQueuesChanged: '2026-01-05T09:58:00.000Z',
    },
  },
} as const satisfies Record<string, Readonly<{ template: string; id: string; body: Body }>>

/** The body of one topic with some fields put in place of its own; `undefined` takes a field away. */
export const changed = (body: Body, fields: Body): Body =>
  Object.fromEntries(Object.entries({ ...body, ...fields }).filter(([, value]) => value !== undefined))
