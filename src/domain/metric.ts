/**
 * The metrics that rows carry. `n` metrics count occurrences, `t` metrics are durations in milliseconds, `o` metrics observed numbers, each reported whole at
 * its emit instant; a `state` metric is a time in a state, clipped to the interval. Order is that of the contract and never changes; new metrics go to
 * the end.
 */
export type MetricKind = 'count' | 'duration' | 'observation' | 'state'

/**
 * Where a metric comes from: `interaction` metrics are emitted for conversations (the 73 of the metric records), `flow` metrics for flows, `state` metrics are
 * spans of agents' states, `occupancy` the same spans by routing status, `query-time` metrics are derived from others of the same cell.
 */
export type MetricGroup = 'interaction' | 'flow' | 'state' | 'occupancy' | 'query-time'

type MetricEntry = Readonly<{ group: MetricGroup; kind: MetricKind; doc: string }>

const catalogue = {
  nOffered: {
    group: 'interaction',
    kind: 'count',
    doc: 'Interactions routed into the queue for an agent. Counted when the ACD segment begins.',
  },
  tAnswered: { group: 'interaction', kind: 'duration', doc: 'Wait of interactions that an agent accepted. Stamped at the answer.' },
  tAbandon: {
    group: 'interaction',
    kind: 'duration',
    doc: 'Wait of interactions whose customer (or the system) disconnected before an agent answered. Stamped at the disconnect.',
  },
  tFlowOut: {
    group: 'interaction',
    kind: 'duration',
    doc: 'Wait of interactions that left the queue without answer or disconnect. Stamped when they left.',
  },
  tAcd: { group: 'interaction', kind: 'duration', doc: 'Time in the queue, whatever the outcome. Stamped at the end of the ACD session.' },
  nOverSla: {
    group: 'interaction',
    kind: 'count',
    doc: 'Answered interactions that waited longer than the service-level duration in force at the answer.',
  },
  tTalkComplete: {
    group: 'interaction',
    kind: 'duration',
    doc: 'Talk time of an agent session, once a session. Stamped when talking is over.',
  },
  tHeldComplete: {
    group: 'interaction',
    kind: 'duration',
    doc: 'Hold time of an agent session, once a session. Stamped at the end of the last hold.',
  },
  tAcw: { group: 'interaction', kind: 'duration', doc: 'After-call work. Stamped when it is completed.' },
  tHandle: {
    group: 'interaction',
    kind: 'duration',
    doc: 'Contacting + dialing + talk + hold + after-call work of an agent session. Stamped when the last part is complete.',
  },
  tAlert: { group: 'interaction', kind: 'duration', doc: 'Time an agent was alerted, answered or not. Stamped at the end of the alert.' },
  tNotResponding: { group: 'interaction', kind: 'duration', doc: 'Alerts that the agent did not answer. Stamped at the end of the alert.' },
  nTransferred: { group: 'interaction', kind: 'count', doc: 'Transfers made by an agent, blind and consult. Counted at the transfer.' },
  nConnected: { group: 'interaction', kind: 'count', doc: 'Sessions whose customer leg connected. Not the same as answered.' },
  nOutbound: { group: 'interaction', kind: 'count', doc: 'Outbound sessions an agent placed on behalf of a queue.' },
  tContacting: {
    group: 'interaction',
    kind: 'duration',
    doc: "Time spent connecting the agent's own station on an outbound session. Stamped at its end.",
  },
  tDialing: { group: 'interaction', kind: 'duration', doc: 'Time spent dialing the customer on an outbound session. Stamped at its end.' },
  tAgentRoutingStatus: { group: 'state', kind: 'state', doc: 'Time in a routing status, clipped to the interval.' },
  tSystemPresence: { group: 'state', kind: 'state', doc: 'Time in a system presence, clipped to the interval.' },
  nBlindTransferred: { group: 'interaction', kind: 'count', doc: '' },
  nBotInteractions: { group: 'interaction', kind: 'count', doc: '' },
  nCallbackAttempts: { group: 'interaction', kind: 'count', doc: '' },
  nCallbackScheduled: { group: 'interaction', kind: 'count', doc: '' },
  nCfcOffered: { group: 'interaction', kind: 'count', doc: '' },
  nCobrowseSessions: { group: 'interaction', kind: 'count', doc: '' },
  nConsult: { group: 'interaction', kind: 'count', doc: '' },
  nConsultTransferred: { group: 'interaction', kind: 'count', doc: '' },
  nConversations: { group: 'interaction', kind: 'count', doc: '' },
  nError: { group: 'interaction', kind: 'count', doc: '' },
  nOutboundAbandoned: { group: 'interaction', kind: 'count', doc: '' },
  nOutboundAttempted: { group: 'interaction', kind: 'count', doc: '' },
  nOutboundConnected: { group: 'interaction', kind: 'count', doc: '' },
  nTakeover: { group: 'interaction', kind: 'count', doc: '' },
  oAudioMessageCount: { group: 'interaction', kind: 'observation', doc: '' },
  oExternalAudioMessageCount: { group: 'interaction', kind: 'observation', doc: '' },
  oExternalMediaCount: { group: 'interaction', kind: 'observation', doc: '' },
  oMediaCount: { group: 'interaction', kind: 'observation', doc: '' },
  oMessageCount: { group: 'interaction', kind: 'observation', doc: '' },
  oMessageSegmentCount: { group: 'interaction', kind: 'observation', doc: '' },
  oMessageTurn: { group: 'interaction', kind: 'observation', doc: '' },
  oSkillExpressionApplications: { group: 'interaction', kind: 'observation', doc: '' },
  tActiveCallback: { group: 'interaction', kind: 'duration', doc: '' },
  tActiveCallbackComplete: { group: 'interaction', kind: 'duration', doc: '' },
  tAgentResponseTime: { group: 'interaction', kind: 'duration', doc: '' },
  tAgentVideoConnected: { group: 'interaction', kind: 'duration', doc: '' },
  tAverageAgentResponseTime: { group: 'interaction', kind: 'duration', doc: '' },
  tAverageCustomerResponseTime: { group: 'interaction', kind: 'duration', doc: '' },
  tBarging: { group: 'interaction', kind: 'duration', doc: '' },
  tCallbackAbandon: { group: 'interaction', kind: 'duration', doc: '' },
  tCallbackConnect: { group: 'interaction', kind: 'duration', doc: '' },
  tCallbackNotReached: { group: 'interaction', kind: 'duration', doc: '' },
  tCallbackVirtualWait: { group: 'interaction', kind: 'duration', doc: '' },
  tCfcAbandon: { group: 'interaction', kind: 'duration', doc: '' },
  tCfcAcd: { group: 'interaction', kind: 'duration', doc: '' },
  tCfcAnswered: { group: 'interaction', kind: 'duration', doc: '' },
  tCfcFlowOut: { group: 'interaction', kind: 'duration', doc: '' },
  tCoaching: { group: 'interaction', kind: 'duration', doc: '' },
  tCoachingComplete: { group: 'interaction', kind: 'duration', doc: '' },
  tConnected: { group: 'interaction', kind: 'duration', doc: '' },
  tFirstConnect: { group: 'interaction', kind: 'duration', doc: '' },
  tFirstDial: { group: 'interaction', kind: 'duration', doc: '' },
  tFirstEngagement: { group: 'interaction', kind: 'duration', doc: '' },
  tFirstResponse: { group: 'interaction', kind: 'duration', doc: '' },
  tHeld: { group: 'interaction', kind: 'duration', doc: '' },
  tIvr: { group: 'interaction', kind: 'duration', doc: '' },
  tMonitoring: { group: 'interaction', kind: 'duration', doc: '' },
  tMonitoringComplete: { group: 'interaction', kind: 'duration', doc: '' },
  tPark: { group: 'interaction', kind: 'duration', doc: '' },
  tParkComplete: { group: 'interaction', kind: 'duration', doc: '' },
  tScreenMonitoring: { group: 'interaction', kind: 'duration', doc: '' },
  tSnippetRecord: { group: 'interaction', kind: 'duration', doc: '' },
  tTalk: { group: 'interaction', kind: 'duration', doc: '' },
  tTransmitting: { group: 'interaction', kind: 'duration', doc: '' },
  tUserResponseTime: { group: 'interaction', kind: 'duration', doc: '' },
  tVoicemail: { group: 'interaction', kind: 'duration', doc: '' },
  tWait: {
    group: 'query-time',
    kind: 'duration',
    doc: 'Wait of all interactions that left the queue: the union of tAnswered, tAbandon and tFlowOut.',
  },
  tShortAbandon: {
    group: 'query-time',
    kind: 'duration',
    doc: 'The part of tAbandon below the short-abandon threshold of the organisation. It stays inside tAbandon.',
  },
  nFlow: { group: 'flow', kind: 'count', doc: '' },
  nFlowMilestone: { group: 'flow', kind: 'count', doc: '' },
  nFlowOutcome: { group: 'flow', kind: 'count', doc: '' },
  nFlowOutcomeFailed: { group: 'flow', kind: 'count', doc: '' },
  oFlowMilestone: { group: 'flow', kind: 'observation', doc: '' },
  tFlow: { group: 'flow', kind: 'duration', doc: '' },
  tFlowDisconnect: { group: 'flow', kind: 'duration', doc: '' },
  tFlowExit: { group: 'flow', kind: 'duration', doc: '' },
  tFlowOutcome: { group: 'flow', kind: 'duration', doc: '' },
  tOrganizationPresence: { group: 'state', kind: 'state', doc: 'Time in an organisation presence, clipped to the interval.' },
  tRoutingStatusIdle: { group: 'occupancy', kind: 'state', doc: 'Time in routing status IDLE, clipped to the interval.' },
  tRoutingStatusInteracting: { group: 'occupancy', kind: 'state', doc: 'Time in routing status INTERACTING, clipped to the interval.' },
  tRoutingStatusCommunicating: { group: 'occupancy', kind: 'state', doc: 'Time in routing status COMMUNICATING, clipped to the interval.' },
  tRoutingStatusNotResponding: {
    group: 'occupancy',
    kind: 'state',
    doc: 'Time in routing status NOT_RESPONDING, clipped to the interval.',
  },
  tRoutingStatusOffQueue: { group: 'occupancy', kind: 'state', doc: 'Time in routing status OFF_QUEUE, clipped to the interval.' },
} as const satisfies Record<string, MetricEntry>

export type MetricName = keyof typeof catalogue

const entries = Object.entries(catalogue) as readonly (readonly [MetricName, MetricEntry])[]

export const metricNames: readonly MetricName[] = entries.map(([name]) => name)
export const isMetricName = (name: string): name is MetricName => Object.hasOwn(catalogue, name)
export const metricKind = (metric: MetricName): MetricKind => catalogue[metric].kind
export const metricDoc = (metric: MetricName): string => catalogue[metric].doc

/** Place of a metric in the catalogue: rows keep their measures in arrays by it. */
export const metricIndex: ReadonlyMap<string, number> = new Map(metricNames.map((name, index) => [name, index]))

const inGroups = (...groups: readonly MetricGroup[]): readonly MetricName[] =>
  entries.filter(([, { group }]) => groups.includes(group)).map(([name]) => name)

/** What rows about conversations carry: the emitted metrics and those derived from them. */
export const interactionMetrics: readonly MetricName[] = inGroups('interaction', 'query-time')
export const flowMetrics: readonly MetricName[] = inGroups('flow')
export const stateMetrics: readonly MetricName[] = inGroups('state')
export const occupancyMetrics: readonly MetricName[] = inGroups('occupancy')

/** Metrics that come as points, from metric records or correlated. */
export const pointMetrics: readonly MetricName[] = inGroups('interaction', 'flow')
