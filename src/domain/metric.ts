import { metricTexts, type EvidenceLevel, type MetricText } from './metric-texts.js'

/**
 * The metrics that rows carry. `n` metrics count occurrences, `t` metrics are durations in milliseconds, `o` metrics
 * observed numbers, each reported whole at its emit instant; a `state` metric is a time in a state, clipped to the
 * interval. Order is that of the contract and never changes; new metrics go to the end. What each means stands in
 * metric-texts.ts.
 */
export type MetricKind = 'count' | 'duration' | 'observation' | 'state'

/**
 * Where a metric comes from: `interaction` metrics are emitted for conversations (the 73 of the metric records), `flow`
 * metrics for flows, `state` metrics are spans of agents' states, `occupancy` the same spans by routing status,
 * `query-time` metrics are derived from others of the same cell.
 */
export type MetricGroup = 'interaction' | 'flow' | 'state' | 'occupancy' | 'query-time'

const catalogue = {
  nOffered: ['interaction', 'count'],
  tAnswered: ['interaction', 'duration'],
  tAbandon: ['interaction', 'duration'],
  tFlowOut: ['interaction', 'duration'],
  tAcd: ['interaction', 'duration'],
  nOverSla: ['interaction', 'count'],
  tTalkComplete: ['interaction', 'duration'],
  tHeldComplete: ['interaction', 'duration'],
  tAcw: ['interaction', 'duration'],
  tHandle: ['interaction', 'duration'],
  tAlert: ['interaction', 'duration'],
  tNotResponding: ['interaction', 'duration'],
  nTransferred: ['interaction', 'count'],
  nConnected: ['interaction', 'count'],
  nOutbound: ['interaction', 'count'],
  tContacting: ['interaction', 'duration'],
  tDialing: ['interaction', 'duration'],
  tAgentRoutingStatus: ['state', 'state'],
  tSystemPresence: ['state', 'state'],
  nBlindTransferred: ['interaction', 'count'],
  nBotInteractions: ['interaction', 'count'],
  nCallbackAttempts: ['interaction', 'count'],
  nCallbackScheduled: ['interaction', 'count'],
  nCfcOffered: ['interaction', 'count'],
  nCobrowseSessions: ['interaction', 'count'],
  nConsult: ['interaction', 'count'],
  nConsultTransferred: ['interaction', 'count'],
  nConversations: ['interaction', 'count'],
  nError: ['interaction', 'count'],
  nOutboundAbandoned: ['interaction', 'count'],
  nOutboundAttempted: ['interaction', 'count'],
  nOutboundConnected: ['interaction', 'count'],
  nTakeover: ['interaction', 'count'],
  oAudioMessageCount: ['interaction', 'observation'],
  oExternalAudioMessageCount: ['interaction', 'observation'],
  oExternalMediaCount: ['interaction', 'observation'],
  oMediaCount: ['interaction', 'observation'],
  oMessageCount: ['interaction', 'observation'],
  oMessageSegmentCount: ['interaction', 'observation'],
  oMessageTurn: ['interaction', 'observation'],
  oSkillExpressionApplications: ['interaction', 'observation'],
  tActiveCallback: ['interaction', 'duration'],
  tActiveCallbackComplete: ['interaction', 'duration'],
  tAgentResponseTime: ['interaction', 'duration'],
  tAgentVideoConnected: ['interaction', 'duration'],
  tAverageAgentResponseTime: ['interaction', 'duration'],
  tAverageCustomerResponseTime: ['interaction', 'duration'],
  tBarging: ['interaction', 'duration'],
  tCallbackAbandon: ['interaction', 'duration'],
  tCallbackConnect: ['interaction', 'duration'],
  tCallbackNotReached: ['interaction', 'duration'],
  tCallbackVirtualWait: ['interaction', 'duration'],
  tCfcAbandon: ['interaction', 'duration'],
  tCfcAcd: ['interaction', 'duration'],
  tCfcAnswered: ['interaction', 'duration'],
  tCfcFlowOut: ['interaction', 'duration'],
  tCoaching: ['interaction', 'duration'],
  tCoachingComplete: ['interaction', 'duration'],
  tConnected: ['interaction', 'duration'],
  tFirstConnect: ['interaction', 'duration'],
  tFirstDial: ['interaction', 'duration'],
  tFirstEngagement: ['interaction', 'duration'],
  tFirstResponse: ['interaction', 'duration'],
  tHeld: ['interaction', 'duration'],
  tIvr: ['interaction', 'duration'],
  tMonitoring: ['interaction', 'duration'],
  tMonitoringComplete: ['interaction', 'duration'],
  tPark: ['interaction', 'duration'],
  tParkComplete: ['interaction', 'duration'],
  tScreenMonitoring: ['interaction', 'duration'],
  tSnippetRecord: ['interaction', 'duration'],
  tTalk: ['interaction', 'duration'],
  tTransmitting: ['interaction', 'duration'],
  tUserResponseTime: ['interaction', 'duration'],
  tVoicemail: ['interaction', 'duration'],
  tWait: ['query-time', 'duration'],
  tShortAbandon: ['query-time', 'duration'],
  nFlow: ['flow', 'count'],
  nFlowMilestone: ['flow', 'count'],
  nFlowOutcome: ['flow', 'count'],
  nFlowOutcomeFailed: ['flow', 'count'],
  oFlowMilestone: ['flow', 'observation'],
  tFlow: ['flow', 'duration'],
  tFlowDisconnect: ['flow', 'duration'],
  tFlowExit: ['flow', 'duration'],
  tFlowOutcome: ['flow', 'duration'],
  tOrganizationPresence: ['state', 'state'],
  tRoutingStatusIdle: ['occupancy', 'state'],
  tRoutingStatusInteracting: ['occupancy', 'state'],
  tRoutingStatusCommunicating: ['occupancy', 'state'],
  tRoutingStatusNotResponding: ['occupancy', 'state'],
  tRoutingStatusOffQueue: ['occupancy', 'state'],
} as const satisfies Record<string, readonly [MetricGroup, MetricKind]>

export type MetricName = keyof typeof catalogue

const entries = Object.entries(catalogue) as readonly (readonly [MetricName, readonly [MetricGroup, MetricKind]])[]
const texts: Readonly<Record<MetricName, MetricText>> = metricTexts

export const metricNames: readonly MetricName[] = entries.map(([name]) => name)
export const isMetricName = (name: string): name is MetricName => Object.hasOwn(catalogue, name)
export const metricGroup = (metric: MetricName): MetricGroup => catalogue[metric][0]
export const metricKind = (metric: MetricName): MetricKind => catalogue[metric][1]

/** What it measures, in words. */
export const metricDoc = (metric: MetricName): string => texts[metric].doc
/** When it is stamped: the interval that holds this instant is the one it counts in. */
export const metricEmitted = (metric: MetricName): string => texts[metric].emitted
/** Ids of docs/sources.md. */
export const metricSource = (metric: MetricName): string => texts[metric].source
/** How well meaning and instant are known. */
export const metricEvidence = (metric: MetricName): EvidenceLevel => texts[metric].mark

/** What the values of a metric are: durations and times in ms, occurrences, or numbers as observed. */
export const metricUnit = (metric: MetricName): 'ms' | 'count' | 'number' => units[metricKind(metric)]

const units = { count: 'count', duration: 'ms', observation: 'number', state: 'ms' } as const

/** Place of a metric in the catalogue: rows keep their measures in arrays by it. */
export const metricIndex: ReadonlyMap<string, number> = new Map(metricNames.map((name, index) => [name, index]))

const inGroups = (...groups: readonly MetricGroup[]): readonly MetricName[] =>
  entries.filter(([, [group]]) => groups.includes(group)).map(([name]) => name)

/** What rows about conversations carry: the emitted metrics and those derived from them. */
export const interactionMetrics: readonly MetricName[] = inGroups('interaction', 'query-time')
export const flowMetrics: readonly MetricName[] = inGroups('flow')
export const stateMetrics: readonly MetricName[] = inGroups('state')
export const occupancyMetrics: readonly MetricName[] = inGroups('occupancy')

/** Metrics that come as points, from metric records or correlated. */
export const pointMetrics: readonly MetricName[] = inGroups('interaction', 'flow')
