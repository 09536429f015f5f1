import { describe, expect, test } from 'vitest'
import { morning, run, type Body } from './fixtures.js'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const isoMs = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

/** The documented enums of detail events (upper snake) … */
const M = [
  'VOICE',
  'CHAT',
  'EMAIL',
  'CALLBACK',
  'COBROWSE',
  'VIDEO',
  'SCREENSHARE',
  'MESSAGE',
  'INTERNALMESSAGE',
  'SCREENMONITORING',
]
const D = ['INBOUND', 'OUTBOUND']
const T = ['SMS', 'TWITTER', 'FACEBOOK', 'LINE', 'WHATSAPP', 'WEBMESSAGING', 'OPEN', 'INSTAGRAM', 'APPLE']
const X = [
  ...[
    'ENDPOINT',
    'CLIENT',
    'SYSTEM',
    'TRANSFER',
    'ERROR',
    'PEER',
    'OTHER',
    'SPAM',
    'TIMEOUT',
    'TRANSPORT_FAILURE',
    'CONFERENCE_TRANSFER',
    'CONSULT_TRANSFER',
  ],
  ...[
    'FORWARD_TRANSFER',
    'NO_ANSWER_TRANSFER',
    'NOT_AVAILABLE_TRANSFER',
    'UNCALLABLE',
    'DND_ENDPOINT',
    'DND_TRANSFER',
    'INACTIVITY',
    'SESSION_EXPIRED',
    'TAKEOVER',
  ],
]
/** … and of metric records (camel case). */
const metricDisconnects = [
  ...[
    'client',
    'conferenceTransfer',
    'consultTransfer',
    'endpoint',
    'endpointDnd',
    'error',
    'forwardTransfer',
    'inactivity',
    'noAnswerTransfer',
    'notAvailableTransfer',
  ],
  ...[
    'other',
    'peer',
    'sessionExpired',
    'spam',
    'system',
    'takeover',
    'timeout',
    'transfer',
    'transferDnd',
    'transportFailure',
    'uncallable',
  ],
]
const metricNames = new Set(
  `nBlindTransferred nBotInteractions nCallbackAttempts nCallbackScheduled nCfcOffered nCobrowseSessions nConnected nConsult nConsultTransferred nConversations nError
  nOffered nOutbound nOutboundAbandoned nOutboundAttempted nOutboundConnected nOverSla nTakeover nTransferred oAudioMessageCount oExternalAudioMessageCount
  oExternalMediaCount oMediaCount oMessageCount oMessageSegmentCount oMessageTurn oSkillExpressionApplications tAbandon tAcd tActiveCallback tActiveCallbackComplete tAcw
  tAgentResponseTime tAgentVideoConnected tAlert tAnswered tAverageAgentResponseTime tAverageCustomerResponseTime tBarging tCallbackAbandon tCallbackConnect
  tCallbackNotReached tCallbackVirtualWait tCfcAbandon tCfcAcd tCfcAnswered tCfcFlowOut tCoaching tCoachingComplete tConnected tContacting tDialing tFirstConnect tFirstDial
  tFirstEngagement tFirstResponse tFlowOut tHandle tHeld tHeldComplete tIvr tMonitoring tMonitoringComplete tNotResponding tPark tParkComplete tScreenMonitoring
  tSnippetRecord tTalk tTalkComplete tTransmitting tUserResponseTime tVoicemail`.split(/\s+/),
)

type Rule = (value: unknown) => boolean
const id: Rule = (value) => typeof value === 'string' && uuid.test(value)
const whole: Rule = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const text: Rule = (value) => typeof value === 'string' && value !== ''
const flag: Rule = (value) => typeof value === 'boolean'
const ids: Rule = (value) => Array.isArray(value) && value.every(id)
const time: Rule = (value) => typeof value === 'string' && isoMs.test(value)
const one =
  (values: readonly string[]): Rule =>
  (value) =>
    typeof value === 'string' && values.includes(value)
const list =
  (values: readonly string[]): Rule =>
  (value) =>
    Array.isArray(value) && value.every(one(values))

/** `name?` may be absent; a name that is in no rule may not be present. */
type Shape = Readonly<Record<string, Rule>>
const problems = (body: Body, shape: Shape): readonly string[] => {
  const found: string[] = []
  for (const [name, rule] of Object.entries(shape)) {
    const bare = name.replace('?', '')
    if (!(bare in body)) {
      if (!name.endsWith('?')) found.push(`${bare} is missing`)
    } else if (!rule(body[bare])) found.push(`${bare} is ${JSON.stringify(body[bare])}`)
  }
  for (const name of Object.keys(body))
    if (!(name in shape) && !(`${name}?` in shape)) found.push(`${name} is not documented here`)
  return found
}

const party: Shape = { eventTime: whole, conversationId: id, participantId: id }
const session: Shape = {
  ...party,
  sessionId: id,
  mediaType: one(M),
  provider: text,
  direction: one(D),
  'ani?': text,
  'dnis?': text,
  'messageType?': one(T),
  'conversationExternalContactIds?': ids,
}
const inDivision: Shape = { ...session, divisionId: id }
const contact: Shape = { ...inDivision, 'externalContactId?': id }
const acd: Shape = { ...inDivision, queueId: id, routingPriority: whole, requestedRoutingSkillIds: ids }
const user: Shape = { ...inDivision, userId: id, 'queueId?': id }
const flow: Shape = { ...inDivision, flowType: one(['INBOUNDCALL']), flowId: id, flowVersion: text }
const wrapup: Shape = { ...session, queueId: id, wrapupCode: text, 'wrapupDurationMs?': whole }
const voicemail: Shape = { ...inDivision, queueId: id }

const detailShapes: Readonly<Record<string, Shape>> = {
  'acd.start': { ...acd, skillExpressionApplied: flag },
  'acd.end': {
    ...acd,
    disconnectType: one(X),
    acdOutcome: one(['ABANDON', 'ANSWERED', 'FLOW_OUT']),
    'answeredUserId?': id,
    requestedRoutings: list(['STANDARD']),
    'usedRouting?': one(['STANDARD']),
    'requestedLanguageId?': id,
    'connectedDurationMs?': whole,
  },
  acw: { ...wrapup, userId: id },
  wrapup,
  attributes: { ...party, attributes: (value) => typeof value === 'object', communications: Array.isArray },
  contact,
  'customer.start': contact,
  'customer.end': { ...contact, disconnectType: one(X), 'interactingDurationMs?': whole },
  'flow.start': flow,
  'flow.end': {
    ...flow,
    disconnectType: one(X),
    exitReason: one(['TRANSFER', 'DISCONNECT']),
    'transferType?': one(['ACD']),
    connectedDurationMs: whole,
  },
  'flow.outcome': {
    ...flow,
    flowOutcomeId: id,
    flowOutcomeValue: one(['SUCCESS', 'FAILURE']),
    flowOutcomeStartTime: whole,
    flowOutcomeEndTime: whole,
    'flowMilestones?': (value) =>
      Array.isArray(value) &&
      value.every((one: Body) => problems(one, { milestoneId: id, milestoneTime: whole }).length === 0),
  },
  outbound: { ...inDivision, outboundCampaignId: id, outboundContactListId: id, outboundContactId: id },
  'user.start': user,
  'user.end': {
    ...user,
    disconnectType: one(X),
    'interactingDurationMs?': whole,
    'heldDurationMs?': whole,
    'alertingDurationMs?': whole,
    'contactingDurationMs?': whole,
    'dialingDurationMs?': whole,
    'callbackDurationMs?': whole,
  },
  'voicemail.start': voicemail,
  'voicemail.end': { ...voicemail, disconnectType: one(X), voicemailDurationMs: whole },
}

const metricShape: Shape = {
  metric: (value) => metricNames.has(String(value)),
  metricDate: time,
  value: whole,
  recordId: id,
  conversationId: id,
  sessionId: id,
  'peerId?': id,
  'participantName?': text,
  purpose: one(['customer', 'external', 'ivr', 'acd', 'agent', 'user', 'voicemail', 'dialer']),
  'userId?': id,
  'queueId?': id,
  divisionIds: ids,
  mediaType: one(['callback', 'chat', 'email', 'message', 'voice']),
  'messageType?': one(['webmessaging', 'whatsapp', 'sms']),
  direction: one(['inbound', 'outbound']),
  originatingDirection: one(['inbound', 'outbound']),
  interactionType: one(['enterprise', 'contactCenter']),
  provider: text,
  ani: text,
  dnis: text,
  'remote?': text,
  'requestedRoutingSkillIds?': ids,
  'requestedLanguageId?': id,
  'requestedRoutings?': list(['Standard']),
  'usedRouting?': one(['Standard']),
  'routingPriority?': whole,
  'selectedAgentId?': id,
  'disconnectType?': one(metricDisconnects),
  'errorCode?': text,
  'flowOutType?': text,
  'firstQueue?': flag,
  'wrapUpCode?': text,
  'externalContactId?': id,
  'outboundCampaignId?': id,
  'outboundContactListId?': id,
}

const flowMetricShape: Shape = {
  metric: one(
    'nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed oFlowMilestone tFlow tFlowDisconnect tFlowExit tFlowOutcome'.split(
      ' ',
    ),
  ),
  metricDate: time,
  value: whole,
  recordId: id,
  conversationId: id,
  sessionId: id,
  divisionIds: ids,
  mediaType: one(['voice']),
  direction: one(['inbound']),
  originatingDirection: one(['inbound']),
  flowId: id,
  flowName: text,
  flowType: one(['inboundcall']),
  flowVersion: text,
  entryType: one(['agent', 'direct', 'dnis', 'flow', 'outbound']),
  'exitReason?': one(['TRANSFER', 'DISCONNECT']),
  'transferType?': one(['ACD']),
}

const segments = 'ALERT INTERACT WRAPUP CALLBACK CONTACTING DIALING HOLD TERMINATED'.split(' ')
const agentStateShape: Shape = {
  conversationId: id,
  sessionId: id,
  sessionStart: whole,
  currentState: one(segments),
  currentStateStart: whole,
  userId: id,
  'queueId?': id,
  originatingDirection: one(D),
  mediaType: one(M),
  'requestedLanguageId?': id,
  'requestedSkillIds?': ids,
}

const userShapes: Readonly<Record<string, Shape>> = {
  routingStatus: { id, routingStatus: (value) => problems(value as Body, routingStatus).length === 0 },
  presence: {
    source: text,
    presenceDefinition: (value) => problems(value as Body, presenceDefinition).length === 0,
    primary: flag,
    message: (value) => typeof value === 'string',
    modifiedDate: time,
  },
  activity: {
    id,
    routingStatus: (value) => problems(value as Body, routingStatus).length === 0,
    presence: (value) =>
      id((value as { presenceDefinition: Body }).presenceDefinition['id']) && time((value as Body)['modifiedDate']),
    outOfOffice: (value) => flag((value as Body)['active']),
    activeQueueIds: ids,
    dateActiveQueuesChanged: time,
  },
  conversationsummary: Object.fromEntries([
    ['userId', id],
    ...['call', 'callback', 'email', 'message', 'chat'].map((media) => [media, load] as const),
  ]),
}
const routingStatus: Shape = {
  status: one(['OFF_QUEUE', 'IDLE', 'INTERACTING', 'NOT_RESPONDING', 'COMMUNICATING']),
  startTime: time,
}
const presenceDefinition: Shape = {
  id,
  systemPresence: one(['Available', 'Away', 'Busy', 'Offline', 'On Queue', 'Meal', 'Training', 'Meeting', 'Break']),
}

function load(value: unknown): boolean {
  const { contactCenter, enterprise } = value as Record<string, { active: number; acw: number }>
  return [contactCenter, enterprise].every((part) => whole(part?.active) && whole(part?.acw))
}

// Rather too few agents, so that callers ask to be called back.
const { received, roster } = run({ ...morning, hours: 6, queues: 4, agents: 24, callsPerHour: 240 })
const shapesOf = (prefix: string): readonly Readonly<{ suffix: string; body: Body }>[] =>
  received.flatMap(({ topic, body }) =>
    topic.startsWith(prefix) ? [{ suffix: topic.slice(prefix.length).split('.').slice(1).join('.'), body }] : [],
  )

describe('every emitted body has the documented shape', () => {
  test('detail events cover all sixteen topics', () => {
    const events = shapesOf('v2.detail.events.conversation.')
    for (const { suffix, body } of events) expect(problems(body, detailShapes[suffix] ?? {}), suffix).toEqual([])
    expect(new Set(events.map(({ suffix }) => suffix))).toEqual(new Set(Object.keys(detailShapes)))
    expect(Object.keys(detailShapes)).toHaveLength(16)
  })

  test('metric records', () => {
    const records = shapesOf('v2.analytics.conversation.')
    for (const { suffix, body } of records) {
      expect(suffix).toBe('metrics')
      expect(problems(body, metricShape), String(body['metric'])).toEqual([])
    }
    const named = `nOffered tAcd tAnswered tAbandon tFlowOut nOverSla tAlert tNotResponding tTalk tTalkComplete tHeld tHeldComplete tAcw tHandle nTransferred nBlindTransferred
      nConsult nConsultTransferred nOutbound tContacting tDialing nConnected tConnected nError tIvr tVoicemail nConversations tAgentResponseTime tActiveCallbackComplete
      nCfcOffered tCfcAcd tCfcAnswered nCallbackAttempts nCallbackScheduled tActiveCallback tCallbackConnect tCallbackNotReached tCallbackVirtualWait
      nOutboundAttempted nOutboundConnected nOutboundAbandoned tFirstDial tFirstConnect tFirstEngagement tFirstResponse tUserResponseTime
      tAverageAgentResponseTime tAverageCustomerResponseTime oMessageCount oMessageTurn oMediaCount`
    expect(new Set(records.map(({ body }) => body['metric']))).toEqual(new Set(named.split(/\s+/)))
  })

  test('metric records of flows', () => {
    const records = shapesOf('v2.analytics.flow.')
    for (const { body } of records) expect(problems(body, flowMetricShape), String(body['metric'])).toEqual([])
    expect(new Set(records.map(({ body }) => body['metric']))).toEqual(
      new Set(
        'nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed tFlow tFlowDisconnect tFlowExit tFlowOutcome'.split(' '),
      ),
    )
  })

  test('each segment of an agent begins once, and the last of a session is its end', () => {
    const events = shapesOf('v2.detail.events.agent.')
    const last = new Map<unknown, Body>()
    for (const { body } of events) {
      expect(problems(body, agentStateShape), String(body['currentState'])).toEqual([])
      const known = last.get(body['sessionId'])
      if (known === undefined || Number(known['currentStateStart']) <= Number(body['currentStateStart']))
        last.set(body['sessionId'], body)
    }
    expect(new Set(events.map(({ body }) => body['currentState']))).toEqual(new Set(segments))
    const ended = events.filter(({ body }) => body['currentState'] === 'TERMINATED')
    expect(ended.length).toBe(last.size)
    expect(new Set(events.map(({ body }) => JSON.stringify(body))).size).toBe(events.length)
  })

  test('user topics', () => {
    const events = shapesOf('v2.users.')
    for (const { suffix, body } of events) expect(problems(body, userShapes[suffix] ?? {}), suffix).toEqual([])
    expect(new Set(events.map(({ suffix }) => suffix))).toEqual(new Set(Object.keys(userShapes)))
  })
})

describe('dimensions sit on the session that carries the metric', () => {
  const carriers = (metric: string): readonly Body[] =>
    received.flatMap(({ body }) => (body['metric'] === metric ? [body] : []))

  test.each(['nOffered', 'tAcd', 'tAbandon', 'tFlowOut'])('%s: a queue and no user', (metric) => {
    for (const body of carriers(metric))
      expect([body['purpose'], 'queueId' in body, 'userId' in body]).toEqual(['acd', true, false])
  })

  test.each(['tAnswered', 'nOverSla', 'tNotResponding', 'tAcw', 'nTransferred'])('%s: a queue and a user', (metric) => {
    for (const body of carriers(metric))
      expect([body['purpose'], 'queueId' in body, 'userId' in body]).toEqual(['agent', true, true])
  })

  test.each(['nConversations', 'tConnected', 'tIvr'])('%s: neither', (metric) => {
    for (const body of carriers(metric)) expect(['queueId' in body, 'userId' in body]).toEqual([false, false])
  })

  test('private calls have a user and no queue', () => {
    const own = carriers('nOutbound').filter((body) => !('queueId' in body))
    expect(own.length).toBeGreaterThan(0)
    for (const body of own) expect(body['purpose']).toBe('user')
  })

  test('over the service level is strictly longer than its duration', () => {
    const over = new Set(carriers('nOverSla').map((body) => body['sessionId']))
    const limits = new Map(
      roster.queues.map((queue) => [queue.id, queue.settings[0]?.serviceLevelMs as Readonly<Record<string, number>>]),
    )
    for (const body of carriers('tAnswered')) {
      const limit = limits.get(String(body['queueId']))?.[String(body['mediaType'])] ?? NaN
      expect(over.has(body['sessionId'])).toBe(Number(body['value']) > limit)
    }
  })

  test('a missed alert brings the agent neither talk nor handle time', () => {
    const missed = new Set(carriers('tNotResponding').map((body) => body['sessionId']))
    for (const metric of ['tTalk', 'tHandle', 'tAnswered', 'tAcw'])
      for (const body of carriers(metric)) expect(missed).not.toContain(body['sessionId'])
  })
})
