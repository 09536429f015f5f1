import type { EvidenceLevel } from './metric-texts.js'

/** Metrics and KPIs that Genesys or the field has a name for and rows do not carry, each with the reason. */
export type NotComputed = Readonly<{
  name: string
  doc: string
  why: string
  instead: string | null
  source: string | null
  mark: EvidenceLevel
}>

export const notComputed: readonly NotComputed[] = [
  {
    name: 'nCallbackOverSla',
    doc: 'Callbacks over their service level (a query-time derivation of Genesys).',
    why: 'Its formula is not documented: neither which instants of a callback it compares, nor with which threshold.',
    instead: 'nOverSla in rows of media type callback counts the answered callbacks that waited too long.',
    source: 'S1',
    mark: 'U',
  },
  {
    name: 'oCallbackServiceLevel',
    doc: 'Service level of callbacks (a query-time derivation of Genesys).',
    why: 'Its formula is not documented, and nCallbackOverSla, on which it presumably rests, is not either.',
    instead: 'serviceLevel in rows of media type callback is the general formula over callbacks.',
    source: 'S1',
    mark: 'U',
  },
  {
    name: 'nStateTransitionError',
    doc: 'Errors of state transitions (a query-time derivation of Genesys).',
    why: 'What counts as such an error is not documented, and no record carries it.',
    instead: null,
    source: 'S1',
    mark: 'U',
  },
  {
    name: 'adherence',
    doc: 'Share of the scheduled time in which an agent did what the schedule said: max(0, 1 − exception time / scheduled time).',
    why: 'It needs the schedules of workforce management, which are not in the log.',
    instead: null,
    source: 'S17',
    mark: 'D',
  },
  {
    name: 'conformance',
    doc: 'Time on queue, of the time scheduled on queue.',
    why: 'It needs the schedules of workforce management, which are not in the log.',
    instead:
      'Its numerator is tRoutingStatusIdle + tRoutingStatusInteracting + tRoutingStatusCommunicating while the presence is On Queue; rows have the times by status and by presence, not both at once.',
    source: 'S17',
    mark: 'D',
  },
  {
    name: 'utilisation',
    doc: 'Time on interactions and related work, of paid or logged-in time.',
    why: 'Its definition varies, and the paid time is not in the log.',
    instead:
      'A profile can define it over the times of agent-occupancy rows, such as tRoutingStatusInteracting.sum over all five.',
    source: null,
    mark: 'R',
  },
]

/** Names of Genesys, or other spellings, for what rows carry under another name. */
export const aliases: Readonly<Record<string, Readonly<{ leadsTo: string; doc: string }>>> = {
  oServiceLevel: {
    leadsTo: 'serviceLevel',
    doc: 'Genesys derives it when queried; rows carry it as the KPI serviceLevel, numerator and denominator.',
  },
  oServiceTarget: {
    leadsTo: 'serviceTarget',
    doc: 'The configured target of the queue, a share from 0 to 1: the field serviceTarget of queue rows. It cannot be added up, so that no formula may name it.',
  },
  utilization: { leadsTo: 'utilisation', doc: 'Another spelling.' },
}
