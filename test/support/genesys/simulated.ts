import { simulate, type Simulation } from '../../../src/simulator/simulate.js'
import { queueAnswers } from '../../../src/simulator/answers/queue-answers.js'
import type { SimulateOptions } from '../../../src/simulator/options.js'
import type { Truth, TruthMeasure, TruthRow } from '../../../src/simulator/truth/truth.js'
import type { Lake } from './analytics.js'
import { emptyOrganisation, type Listed, type Organisation } from './organisation.js'
import type { Asked, Reply, Route } from './route.js'

/** An event of the notification service: when it is published, its topic, and its bytes. */
export type Published = Readonly<{ at: number; topicName: string; line: string }>

/** An organisation whose conversations are simulated: what each interface of the platform says of the same day. */
export type SimulatedOrganisation = Readonly<{
  organisation: Organisation
  /** In the order of publication. */
  events: readonly Published[]
  lake: Lake
  truth: Truth
  /** The aggregates queries, computed from what was simulated. */
  routes: readonly Route[]
}>

type Metric = Readonly<{ emitDate: string }>
type Segment = Readonly<{ segmentStart: string; segmentEnd?: string }>
type Session = Readonly<{ metrics: readonly Metric[]; segments: readonly Segment[] }>
type Conversation = Readonly<{
  conversationStart: string
  conversationEnd?: string
  participants: readonly Readonly<{ sessions: readonly Session[] }>[]
}>

export const simulatedOrganisation = (
  options: Omit<SimulateOptions, 'emit' | 'envelope' | 'details' | 'truthOf'>,
): SimulatedOrganisation => {
  const simulation = simulate({
    ...options,
    ...{ emit: 'metric-records', envelope: 'notification', details: true },
    truthOf: ['metric-records', 'conversation-details'],
  })
  const events = [...simulation].map(({ deliverAtMs, line }): Published => {
    const { topicName } = JSON.parse(line) as Readonly<{ topicName: string }>
    return { at: deliverAtMs, topicName, line }
  })
  const conversations = [...simulation.details()].map((record) => JSON.parse(JSON.stringify(record)) as Conversation)
  const states = statesOf(events)
  const truth = simulation.truth()
  return {
    ...{ organisation: organisationOf(simulation), events, truth, routes: aggregateRoutes(truth) },
    lake: {
      conversations: (from, to, asOf) =>
        conversations
          .filter(
            ({ conversationStart, conversationEnd = '9999-01-01T00:00:00Z' }) =>
              Date.parse(conversationStart) < Math.min(to, asOf) && Date.parse(conversationEnd) >= from,
          )
          .map((record) => soFar(record, asOf)),
      users: (from, to, asOf) => [...states].map(([userId, entered]) => userDetail(userId, entered, from, to, asOf)),
    },
  }
}

const organisationOf = ({ roster }: Simulation): Organisation => {
  const [queues] = queueAnswers(roster) as readonly [Readonly<{ entities: readonly Listed[] }>]
  return {
    ...emptyOrganisation(),
    queues: [...queues.entities],
    users: roster.agents.map(({ id, name }) => ({ id, name, state: 'active' })),
    divisions: [{ id: roster.homeDivisionId, name: 'Home', homeDivision: true }],
    presences: roster.presences.map(({ id, systemPresence }) => ({ id, systemPresence, deactivated: false })),
  }
}

/** The record as it stood at an instant: what happened later is not in it, and a conversation that went on is open. */
const soFar = (record: Conversation, asOf: number): Record<string, unknown> => {
  const isPast = (text: string): boolean => Date.parse(text) <= asOf
  const { conversationEnd, participants, ...rest } = record
  return {
    ...rest,
    ...(conversationEnd !== undefined && isPast(conversationEnd) ? { conversationEnd } : {}),
    participants: participants
      .map(({ sessions, ...participant }) => ({
        ...participant,
        sessions: sessions
          .map(({ metrics, segments, ...session }) => ({
            ...session,
            metrics: metrics.filter(({ emitDate }) => isPast(emitDate)),
            segments: segments
              .filter(({ segmentStart }) => isPast(segmentStart))
              .map(({ segmentEnd, ...segment }) =>
                segmentEnd === undefined || !isPast(segmentEnd) ? segment : { ...segment, segmentEnd },
              ),
          }))
          .filter(({ segments, metrics }) => segments.length + metrics.length > 0),
      }))
      .filter(({ sessions }) => sessions.length > 0),
  }
}

type State = Readonly<{ kind: 'presence' | 'status'; at: number; says: Readonly<Record<string, unknown>> }>

/** What users entered, by user, in order of time. */
const statesOf = (events: readonly Published[]): ReadonlyMap<string, readonly State[]> => {
  const states = new Map<string, State[]>()
  for (const { topicName, line } of events) {
    const [, userId = '', what] = /^v2\.users\.([^.]+)\.(presence|routingStatus)$/.exec(topicName) ?? []
    if (what === undefined) continue
    const { eventBody } = JSON.parse(line) as Readonly<{ eventBody: Readonly<Record<string, never>> }>
    const ofUser = states.get(userId) ?? []
    states.set(userId, ofUser)
    if (what === 'routingStatus') {
      const { status, startTime } = eventBody['routingStatus'] as unknown as Readonly<Record<string, string>>
      ofUser.push({ kind: 'status', at: Date.parse(startTime ?? ''), says: { routingStatus: status } })
    } else if ((eventBody['primary'] as unknown) !== false) {
      const { id, systemPresence } = eventBody['presenceDefinition'] as unknown as Readonly<Record<string, string>>
      ofUser.push({
        ...{ kind: 'presence', at: Date.parse(eventBody['modifiedDate'] as unknown as string) },
        says: {
          systemPresence: systemPresence?.toUpperCase().replaceAll(' ', '_').replace('ONQUEUE', 'ON_QUEUE'),
          organizationPresenceId: id,
        },
      })
    }
  }
  for (const ofUser of states.values()) ofUser.sort((a, b) => a.at - b.at)
  return states
}

const userDetail = (
  userId: string,
  entered: readonly State[],
  from: number,
  to: number,
  asOf: number,
): Record<string, unknown> => {
  const of = (kind: State['kind']): readonly object[] => {
    const own = entered.filter((state) => state.kind === kind && state.at <= asOf)
    return own.flatMap(({ at, says }, index) => {
      const end = own[index + 1]?.at
      if (at >= to || (end !== undefined && end <= from)) return []
      return [{ ...says, startTime: iso(at), ...(end === undefined ? {} : { endTime: iso(end) }) }]
    })
  }
  return { userId, primaryPresence: of('presence'), routingStatus: of('status') }
}

const iso = (at: number): string => new Date(at).toISOString()

type Wanted = Readonly<{
  interval: string
  granularity: string
  groupBy: readonly string[]
  metrics: readonly string[]
  filter: Readonly<{ predicates: readonly Readonly<{ value?: string }>[] }>
}>

const QUARTER_MS = 900_000

/**
 * `POST /api/v2/analytics/{conversations,users}/aggregates/query` for the groups that Streamvane asks for. As the
 * platform does, it leaves out what is zero.
 */
const aggregateRoutes = (truth: Truth): readonly Route[] => [
  {
    ...{ method: 'POST', path: '/api/v2/analytics/conversations/aggregates/query' },
    permissions: ['analytics:conversationAggregate:view'],
    handle: (asked) => {
      const wanted = asked.json as Wanted
      const rows = truth.queue.map((row) => ({
        ...{ group: { queueId: row.queueId, mediaType: row.mediaType }, start: row.intervalStart },
        metrics: wanted.metrics.flatMap((metric) => {
          const stats = statsOf(row, metric)
          return stats === undefined ? [] : [{ metric, stats }]
        }),
      }))
      return resultsOf(wanted, rows)
    },
  },
  {
    ...{ method: 'POST', path: '/api/v2/analytics/users/aggregates/query' },
    permissions: ['analytics:userAggregate:view'],
    handle: (asked: Asked): Reply => {
      const wanted = asked.json as Wanted
      const users = new Set(wanted.filter.predicates.map(({ value }) => value))
      const metricOf = {
        routingStatus: 'tAgentRoutingStatus',
        systemPresence: 'tSystemPresence',
        organizationPresence: 'tOrganizationPresence',
      } as const
      const rows = truth.agentState
        .filter(({ userId, sum }) => users.has(userId) && sum > 0)
        .map(({ userId, stateKind, state, intervalStart, sum }) => ({
          ...{ group: { userId }, start: intervalStart },
          metrics: [{ metric: metricOf[stateKind], qualifier: state, stats: { sum } }],
        }))
      return resultsOf(wanted, rows)
    },
  },
]

type AggregateRow = Readonly<{ group: Readonly<Record<string, string>>; start: string; metrics: readonly object[] }>

/** Rows of quarters of an hour, by group and interval. */
const resultsOf = ({ interval, granularity }: Wanted, rows: readonly AggregateRow[]): Reply => {
  if (granularity !== 'PT15M') throw new Error(`the simulated aggregates are of PT15M, not ${granularity}`)
  const [from = NaN, to = NaN] = interval.split('/').map((text) => Date.parse(text))
  const groups = new Map<string, { group: AggregateRow['group']; data: Map<string, object[]> }>()
  for (const { group, start, metrics } of rows) {
    const at = Date.parse(start)
    if (at < from || at + QUARTER_MS > to || metrics.length === 0) continue
    const key = JSON.stringify(group)
    const known = groups.get(key) ?? { group, data: new Map<string, object[]>() }
    groups.set(key, known)
    const span = `${iso(at)}/${iso(at + QUARTER_MS)}`
    known.data.set(span, [...(known.data.get(span) ?? []), ...metrics])
  }
  const results = [...groups.values()].map(({ group, data }) => ({
    group,
    data: [...data].map(([span, metrics]) => ({ interval: span, metrics })),
  }))
  return { status: 200, body: results.length === 0 ? {} : { results } }
}

const waits = ['tAnswered', 'tAbandon', 'tFlowOut', 'tCfcAnswered', 'tCfcAbandon', 'tCfcFlowOut']

const statsOf = ({ measures }: TruthRow, metric: string): object | undefined => {
  const count = (name: string): number => measures[name]?.count ?? 0
  if (metric === 'oServiceLevel') {
    const denominator = count('tAnswered') + count('tAbandon')
    const numerator = count('tAnswered') - count('nOverSla')
    return denominator === 0 ? undefined : { numerator, denominator, ratio: numerator / denominator }
  }
  const parts = (metric === 'tWait' ? waits : [metric]).flatMap((name): readonly TruthMeasure[] => {
    const measure = measures[name]
    return measure === undefined || measure.count === 0 ? [] : [measure]
  })
  if (parts.length === 0) return undefined
  const all = parts.reduce((sum, part) => sum + part.count, 0)
  if (metric.startsWith('n')) return { count: all }
  return {
    count: all,
    sum: parts.reduce((sum, part) => sum + (part.sum ?? 0), 0),
    min: Math.min(...parts.map(({ min }) => min ?? Infinity)),
    max: Math.max(...parts.map(({ max }) => max ?? -Infinity)),
  }
}
