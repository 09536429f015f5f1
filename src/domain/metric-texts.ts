/**
 * The documentation of each metric: what it measures, when it is stamped (and so to which interval it belongs), its
 * source (ids of docs/sources.md), and how well it is known. The evidence level is the weaker one of meaning and
 * instant. Where no source says when a metric is stamped, the text says so, and its points belong where their records
 * date them.
 */
export type MetricText = Readonly<{ doc: string; emitted: string; source: string; mark: EvidenceLevel }>

/** How well something is known. */
export const evidenceLevels = {
  D: 'documented by Genesys',
  O: 'observed in records of live organisations',
  C: 'claimed by integrators or in forums',
  I: 'inferred from what is documented and observed',
  R: 'recalled, without a source at hand',
  U: 'unknown beyond its name',
} as const

export type EvidenceLevel = keyof typeof evidenceLevels

const said = (doc: string, emitted: string, source: string, mark: EvidenceLevel): MetricText => ({
  doc,
  emitted,
  source,
  mark,
})

const UNDATED = 'Not documented: it belongs where its record dates it.'
const SESSION_END = 'At the end of the session.'

export const metricTexts = {
  nOffered: said(
    'Interactions routed into the queue for an agent.',
    'When the queue session begins, after the short delay before the offer.',
    'S5, S9, O1',
    'O',
  ),
  tAnswered: said(
    'Wait of interactions that an agent accepted, as long as their queue session.',
    "At the agent's connect, which ends the alert.",
    'S6, O1',
    'O',
  ),
  tAbandon: said(
    'Wait of interactions that the customer, or the system, disconnected before an agent answered.',
    'At the end of the queue session.',
    'S9',
    'I',
  ),
  tFlowOut: said(
    'Wait of interactions that left the queue without answer or disconnect.',
    'At the end of the queue session.',
    'S1, S5',
    'I',
  ),
  tAcd: said('Time in the queue, whatever its outcome.', 'At the end of the queue session.', 'O1', 'O'),
  nOverSla: said(
    'Answered interactions that waited longer than the service-level duration.',
    'With tAnswered, by the duration of queue and media type in force at the answer.',
    'S8, O2',
    'I',
  ),
  tTalkComplete: said(
    'Talk time of an agent session, once a session.',
    'When talking is over: at the end of the last talk of the session.',
    'S10, O1',
    'O',
  ),
  tHeldComplete: said(
    'Hold time of an agent session, once a session.',
    'At the end of the last hold of the session.',
    'O1',
    'O',
  ),
  tAcw: said('After-call work.', 'When it is completed, seconds to hours after the interaction.', 'S10, O1', 'O'),
  tHandle: said(
    'Contacting + dialing + talk + hold + after-call work of an agent session.',
    'When the last of them is complete: normally with the after-call work, without any at the end of the session.',
    'S6, S7, O1, O2',
    'D',
  ),
  tAlert: said('Time for which an agent was alerted, answered or not.', 'At the end of the alert.', 'O1', 'O'),
  tNotResponding: said('Alerts that the agent did not answer.', 'At the end of the alert.', 'O1', 'O'),
  nTransferred: said(
    'Transfers made by an agent, blind and consult.',
    'At the transfer, for the agent and queue it leaves.',
    'S20, O2',
    'I',
  ),
  nConnected: said(
    'Sessions whose customer leg connected. Not the same as answered.',
    "When the customer's leg connects: inbound at the start of its session, outbound when dialing ends in a connect.",
    'S20, O1, O2',
    'O',
  ),
  nOutbound: said(
    'Outbound sessions that an agent placed, also on behalf of a queue.',
    'When the agent places it.',
    'O2',
    'I',
  ),
  tContacting: said(
    "Time spent connecting the agent's own station on an outbound session.",
    'At the end of contacting.',
    'O2',
    'O',
  ),
  tDialing: said('Time spent dialing the customer on an outbound session.', 'At the end of dialing.', 'O2', 'O'),
  tAgentRoutingStatus: said(
    'Time in a routing status: IDLE, INTERACTING, COMMUNICATING, NOT_RESPONDING, OFF_QUEUE.',
    'A span, not a point: from one status to the next, cut at the boundaries of intervals.',
    'S1, S11, S14',
    'I',
  ),
  tSystemPresence: said(
    'Time in a system presence: AVAILABLE, AWAY, BREAK, ON_QUEUE, and so on.',
    'A span, not a point: from one presence to the next, cut at the boundaries of intervals.',
    'S1, S11, S14',
    'I',
  ),
  nBlindTransferred: said('Transfers that an agent made without consulting first.', 'At the transfer.', 'S1', 'I'),
  nBotInteractions: said('Interactions with a bot.', UNDATED, 'S1', 'I'),
  nCallbackAttempts: said('Attempts to reach the customer of a callback.', UNDATED, 'S1', 'U'),
  nCallbackScheduled: said('Callbacks scheduled for later.', UNDATED, 'S1', 'U'),
  nCfcOffered: said(
    'Customer-first callbacks, which dial the customer before there is an agent, routed into the queue: what nOffered is to other interactions.',
    'When the queue session begins.',
    'S1, S20',
    'I',
  ),
  nCobrowseSessions: said('Sessions in which an agent and a customer browsed together.', UNDATED, 'S1', 'U'),
  nConsult: said(
    'Consultations that an agent began during an interaction.',
    'When the consultation begins, also amid the talk.',
    'S1, S10',
    'I',
  ),
  nConsultTransferred: said(
    'Transfers that an agent completed after a consultation.',
    'When the transfer is completed.',
    'S1',
    'I',
  ),
  nConversations: said(
    'Conversations: one that passes several queues and agents counts once, where its record says.',
    UNDATED,
    'S1',
    'I',
  ),
  nError: said(
    'Errors of sessions, of any kind: nearly every unanswered dial and every missed alert is one. Not a measure of health.',
    'At the end of the segment or session in error.',
    'O1, O2',
    'O',
  ),
  nOutboundAbandoned: said(
    'Campaign calls whose customer was connected and gone before an agent was there.',
    UNDATED,
    'S1, O2',
    'R',
  ),
  nOutboundAttempted: said('Campaign calls that were dialed.', UNDATED, 'S1, O2', 'R'),
  nOutboundConnected: said('Campaign calls that a customer answered.', UNDATED, 'S1, O2', 'R'),
  nTakeover: said('Sessions that another took over.', UNDATED, 'S1', 'I'),
  oAudioMessageCount: said('Audio messages of a session.', SESSION_END, 'S1', 'I'),
  oExternalAudioMessageCount: said('Audio messages of a session that came from outside.', SESSION_END, 'S1', 'I'),
  oExternalMediaCount: said('Media, such as pictures, of a session that came from outside.', SESSION_END, 'S1', 'I'),
  oMediaCount: said('Media, such as pictures, exchanged in a session.', SESSION_END, 'S1', 'I'),
  oMessageCount: said('Messages exchanged in a session.', SESSION_END, 'S1', 'I'),
  oMessageSegmentCount: said(
    'Segments into which the messages of a session were cut to be sent.',
    SESSION_END,
    'S1',
    'I',
  ),
  oMessageTurn: said('Turns of a session: how often the side that wrote changed.', SESSION_END, 'S1', 'I'),
  oSkillExpressionApplications: said(
    'How often skill expressions were applied while an agent was sought.',
    UNDATED,
    'S1',
    'U',
  ),
  tActiveCallback: said('Time for which a callback was with an agent, each time.', UNDATED, 'S1', 'U'),
  tActiveCallbackComplete: said('Time for which a callback was with an agent, once a session.', UNDATED, 'S1', 'U'),
  tAgentResponseTime: said(
    'Time from a message of the customer to the reply of the agent: one emission a reply, so several a session.',
    'At the reply.',
    'S1',
    'R',
  ),
  tAgentVideoConnected: said('Time for which the video of an agent was connected.', UNDATED, 'S1', 'U'),
  tAverageAgentResponseTime: said(
    'Average time to a reply of the agent, one emission a session.',
    SESSION_END,
    'S1',
    'U',
  ),
  tAverageCustomerResponseTime: said(
    'Average time to a reply of the customer, one emission a session.',
    SESSION_END,
    'S1',
    'U',
  ),
  tBarging: said(
    'Time for which a supervisor took part in the interaction of an agent. Not part of handling.',
    'At its end.',
    'S1',
    'I',
  ),
  tCallbackAbandon: said('Callbacks that were abandoned, and how long they had waited.', UNDATED, 'S1', 'U'),
  tCallbackConnect: said('Time until the customer of a callback was connected.', UNDATED, 'S1', 'U'),
  tCallbackNotReached: said(
    'Callbacks whose customer was not reached, and how long they had waited.',
    UNDATED,
    'S1',
    'U',
  ),
  tCallbackVirtualWait: said(
    'Time for which a customer waited in the queue by a callback rather than on the line.',
    UNDATED,
    'S1',
    'U',
  ),
  tCfcAbandon: said('tAbandon of customer-first callbacks.', 'At the end of the queue session.', 'S1, S20', 'I'),
  tCfcAcd: said('tAcd of customer-first callbacks.', 'At the end of the queue session.', 'S1, S20', 'I'),
  tCfcAnswered: said('tAnswered of customer-first callbacks.', "At the agent's connect.", 'S1, S20', 'I'),
  tCfcFlowOut: said('tFlowOut of customer-first callbacks.', 'At the end of the queue session.', 'S1, S20', 'I'),
  tCoaching: said(
    'Time for which a supervisor coached an agent during an interaction, each time. Not part of handling.',
    'At its end.',
    'S1',
    'I',
  ),
  tCoachingComplete: said(
    'Time for which a supervisor coached an agent, once a session. Not part of handling.',
    SESSION_END,
    'S1',
    'I',
  ),
  tConnected: said("Time for which the customer's leg was connected.", 'When the customer disconnects.', 'O1', 'O'),
  tFirstConnect: said('Time until an agent was connected for the first time, once a conversation.', UNDATED, 'S1', 'U'),
  tFirstDial: said('Time until the customer was dialed for the first time, once a conversation.', UNDATED, 'S1', 'U'),
  tFirstEngagement: said(
    'Time until an agent first took part in a digital interaction, once a conversation.',
    UNDATED,
    'S1',
    'U',
  ),
  tFirstResponse: said('Time until the first response of an agent, once a conversation.', UNDATED, 'S1', 'U'),
  tHeld: said(
    'Hold time, each hold by itself. Add up tHeldComplete for sessions.',
    'At the end of each hold.',
    'O1',
    'O',
  ),
  tIvr: said('Time in the interactive voice response.', 'When the interaction leaves it.', 'O1', 'O'),
  tMonitoring: said(
    'Time for which a supervisor monitored an interaction, each time. Not part of handling.',
    'At its end.',
    'S1',
    'I',
  ),
  tMonitoringComplete: said(
    'Time for which a supervisor monitored, once a session. Not part of handling.',
    SESSION_END,
    'S1',
    'I',
  ),
  tPark: said('Time for which an agent had parked a message, each time.', 'When it is parked no longer.', 'S1', 'I'),
  tParkComplete: said('Time for which an agent had parked a message, once a session.', SESSION_END, 'S1', 'I'),
  tScreenMonitoring: said(
    "Time for which a supervisor watched an agent's screen. Not part of handling.",
    'At its end.',
    'S1',
    'I',
  ),
  tSnippetRecord: said('Time for which an agent recorded a snippet of an interaction.', UNDATED, 'S1', 'U'),
  tTalk: said(
    'Talk time, each stretch between holds by itself. Add up tTalkComplete for sessions.',
    'At the end of each stretch.',
    'O1',
    'O',
  ),
  tTransmitting: said('Time spent transmitting, such as sending a fax or a recording.', UNDATED, 'S1', 'U'),
  tUserResponseTime: said(
    'Time from a message of the agent to the reply of the customer: one emission a reply, so several a session.',
    'At the reply.',
    'S1',
    'R',
  ),
  tVoicemail: said('Length of voicemails.', 'At the end of the voicemail.', 'S1', 'I'),
  tWait: said(
    'Wait of all interactions that left the queue: tAnswered, tAbandon and tFlowOut together, for customer-first callbacks tCfcAnswered, tCfcAbandon and tCfcFlowOut.',
    'Worked out for the row from these, each at its own instant.',
    'S20, O2',
    'O',
  ),
  tShortAbandon: said(
    'The part of tAbandon below the short-abandon threshold of the organisation. It stays inside tAbandon.',
    'Worked out for the row from tAbandon. A new threshold counts for all of history.',
    'S8, O2',
    'O',
  ),
  nFlow: said('Interactions that a flow took in.', 'When the interaction leaves the flow.', 'S1, O1', 'O'),
  nFlowMilestone: said('Milestones reached in flows.', UNDATED, 'S1', 'U'),
  nFlowOutcome: said('Outcomes of flows, whether reached or failed.', 'When the outcome is decided.', 'S1', 'I'),
  nFlowOutcomeFailed: said('Outcomes of flows that failed.', 'When the outcome is decided.', 'S1', 'I'),
  oFlowMilestone: said('A number that a flow reports at a milestone.', UNDATED, 'S1', 'U'),
  tFlow: said('Time in the flow.', 'When the interaction leaves the flow.', 'O1', 'O'),
  tFlowDisconnect: said(
    'Time in flows that ended by a disconnect.',
    'When the interaction leaves the flow.',
    'O1',
    'O',
  ),
  tFlowExit: said(
    'Time in flows that ended by leaving them, such as for a queue.',
    'When the interaction leaves the flow.',
    'O1',
    'O',
  ),
  tFlowOutcome: said('Time from the start of an outcome to its end.', 'When the outcome is decided.', 'S1', 'I'),
  tOrganizationPresence: said(
    'Time in a presence as the organisation defined it, by the id of the definition.',
    'A span, not a point: from one presence to the next, cut at the boundaries of intervals.',
    'S1, S11',
    'I',
  ),
  tRoutingStatusIdle: ofRoutingStatus('IDLE', 'on queue and waiting'),
  tRoutingStatusInteracting: ofRoutingStatus('INTERACTING', 'on an interaction of a queue'),
  tRoutingStatusCommunicating: ofRoutingStatus('COMMUNICATING', 'on queue, but on a call of no queue'),
  tRoutingStatusNotResponding: ofRoutingStatus('NOT_RESPONDING', 'taken off the queues after a missed alert'),
  tRoutingStatusOffQueue: ofRoutingStatus('OFF_QUEUE', 'not on queue'),
} as const satisfies Record<string, MetricText>

/** Not names of Genesys: the same spans as tAgentRoutingStatus, side by side in one row. */
function ofRoutingStatus(status: string, meaning: string): MetricText {
  return said(
    `Time in routing status ${status}, ${meaning}: the part of tAgentRoutingStatus that Genesys reports with this qualifier.`,
    'A span, not a point: from one status to the next, cut at the boundaries of intervals.',
    'S1, S11, S15',
    'I',
  )
}
