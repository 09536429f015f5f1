/**
 * The metrics that rows carry. `n` metrics count occurrences, `t` metrics are durations in milliseconds, each reported whole at its emit instant;
 * a `state` metric is a time in a state, clipped to the interval. Order is that of the contract and never changes; new metrics go to the end.
 */
export type MetricKind = 'count' | 'duration' | 'state'

type MetricEntry = Readonly<{ kind: MetricKind; doc: string }>

const catalogue = {
  nOffered: { kind: 'count', doc: 'Interactions routed into the queue for an agent. Counted when the ACD segment begins.' },
  tAnswered: { kind: 'duration', doc: 'Wait of interactions that an agent accepted. Stamped at the answer.' },
  tAbandon: {
    kind: 'duration',
    doc: 'Wait of interactions whose customer (or the system) disconnected before an agent answered. Stamped at the disconnect.',
  },
  tFlowOut: { kind: 'duration', doc: 'Wait of interactions that left the queue without answer or disconnect. Stamped when they left.' },
  tAcd: { kind: 'duration', doc: 'Time in the queue, whatever the outcome. Stamped at the end of the ACD session.' },
  nOverSla: { kind: 'count', doc: 'Answered interactions that waited longer than the service-level duration in force at the answer.' },
  tTalkComplete: { kind: 'duration', doc: 'Talk time of an agent session, once a session. Stamped when talking is over.' },
  tHeldComplete: { kind: 'duration', doc: 'Hold time of an agent session, once a session. Stamped at the end of the last hold.' },
  tAcw: { kind: 'duration', doc: 'After-call work. Stamped when it is completed.' },
  tHandle: {
    kind: 'duration',
    doc: 'Contacting + dialing + talk + hold + after-call work of an agent session. Stamped when the last part is complete.',
  },
  tAlert: { kind: 'duration', doc: 'Time an agent was alerted, answered or not. Stamped at the end of the alert.' },
  tNotResponding: { kind: 'duration', doc: 'Alerts that the agent did not answer. Stamped at the end of the alert.' },
  nTransferred: { kind: 'count', doc: 'Transfers made by an agent, blind and consult. Counted at the transfer.' },
  nConnected: { kind: 'count', doc: 'Sessions whose customer leg connected. Not the same as answered.' },
  nOutbound: { kind: 'count', doc: 'Outbound sessions an agent placed on behalf of a queue.' },
  tContacting: { kind: 'duration', doc: "Time spent connecting the agent's own station on an outbound session. Stamped at its end." },
  tDialing: { kind: 'duration', doc: 'Time spent dialing the customer on an outbound session. Stamped at its end.' },
  tAgentRoutingStatus: { kind: 'state', doc: 'Time in a routing status, clipped to the interval.' },
  tSystemPresence: { kind: 'state', doc: 'Time in a system presence, clipped to the interval.' },
} as const satisfies Record<string, MetricEntry>

export type MetricName = keyof typeof catalogue

export const metricNames = Object.keys(catalogue) as readonly MetricName[]
export const metricKind = (metric: MetricName): MetricKind => catalogue[metric].kind
export const metricDoc = (metric: MetricName): string => catalogue[metric].doc

/** Place of a metric in the catalogue: rows keep their measures in arrays by it. */
export const metricIndex: ReadonlyMap<string, number> = new Map(metricNames.map((name, index) => [name, index]))

/** Metrics that come as points (all but the agent states). */
export const pointMetrics: readonly MetricName[] = metricNames.filter((name) => metricKind(name) !== 'state')
