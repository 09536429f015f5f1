import { MINUTE_MS, type EpochMs } from '../../domain/interval.js'
import type { DeliveryCounts } from './delivery.js'
import type { AgentStateEntered, Happening } from './happening.js'
import type { AgentLeg, Leg } from './leg.js'
import type { Queue } from './roster.js'
import { iso } from './spelling.js'

/** Durations carry all four (ms), counts only `count`. */
export type TruthMeasure = { count: number; sum?: number; min?: number; max?: number }
export type QueueTruth = Readonly<{ queueId: string; mediaType: string; intervalStart: string; measures: Record<string, TruthMeasure> }>
export type AgentTruth = Readonly<{
  userId: string
  queueId: string | null
  mediaType: string
  intervalStart: string
  measures: Record<string, TruthMeasure>
}>
export type AgentStateTruth = Readonly<{
  userId: string
  stateKind: AgentStateEntered['stateKind']
  state: string
  intervalStart: string
  sum: number
}>

/** What really happened, by interval of the emit instant, `[start, end)`. States are clipped, and told through `through`. */
export type Truth = Readonly<{
  intervalMs: number
  from: string
  through: string
  queue: readonly QueueTruth[]
  agent: readonly AgentTruth[]
  agentState: readonly AgentStateTruth[]
  totals: Readonly<{ conversations: number } & DeliveryCounts>
}>

const intervalMs = 15 * MINUTE_MS

type Parts = { alert: number; contacting: number; dialing: number; talk: number; held: number; talkAny: boolean; heldAny: boolean }
type Span = { agentId: string; stateKind: AgentStateEntered['stateKind']; state: string; since: EpochMs }

/**
 * Keeps the books from happenings alone. It adds up each session's parts itself and never sees an emitted line, so a line that says something
 * else than what happened shows as a difference.
 */
export class TruthLedger {
  readonly #queue = new Map<string, QueueTruth>()
  readonly #agent = new Map<string, AgentTruth>()
  readonly #states = new Map<string, { row: Omit<AgentStateTruth, 'sum'>; sum: number }>()
  readonly #spans = new Map<string, Span>()
  readonly #parts = new Map<string, Parts>()
  #conversations = 0
  lastAt: EpochMs = -Infinity

  observe(happening: Happening): void {
    const { at } = happening
    if (happening.kind === 'AgentStateEntered') {
      this.#enterState(happening)
      return
    }
    this.lastAt = Math.max(this.lastAt, at)
    switch (happening.kind) {
      case 'ConversationBegan':
        this.#conversations += 1
        return
      case 'QueueEntered':
        this.#inQueue(at, happening.entry.queue, happening.entry, 'nOffered')
        return
      case 'QueueLeft': {
        const { entry } = happening
        const waitedMs = at - entry.startedAt
        this.#inQueue(at, entry.queue, entry, 'tAcd', waitedMs)
        if (entry.outcome === 'ABANDON') this.#inQueue(at, entry.queue, entry, 'tAbandon', waitedMs)
        if (entry.outcome === 'FLOW_OUT') this.#inQueue(at, entry.queue, entry, 'tFlowOut', waitedMs)
        return
      }
      case 'VoicemailEnded':
        this.#inQueue(at, happening.leg.queue, happening.leg, 'tVoicemail', at - happening.leg.startedAt)
        return
      case 'CustomerLegOpened':
      case 'CustomerLeft':
      case 'ContactIdentified':
      case 'AttributesSet':
      case 'FlowEntered':
      case 'FlowLeft':
      case 'VoicemailBegan':
        return
      default:
        this.#byAgent(happening, happening.leg)
    }
  }

  #byAgent(happening: Extract<Happening, { leg: AgentLeg }>, leg: AgentLeg): void {
    const { at } = happening
    const parts = this.#partsOf(leg)
    switch (happening.kind) {
      case 'AgentLegOpened':
        if (leg.direction === 'outbound') this.#both(at, leg, 'nOutbound')
        return
      case 'AlertEnded':
        parts.alert = at - leg.startedAt
        this.#both(at, leg, 'tAlert', parts.alert)
        if (happening.how === 'missed') {
          this.#both(at, leg, 'tNotResponding', parts.alert)
          this.#both(at, leg, 'nError')
        }
        if (happening.how === 'answered' && leg.entry !== null) {
          this.#both(at, leg, 'tAnswered', leg.entry.waitedMs)
          if (leg.entry.waitedMs > leg.entry.queue.serviceLevel[leg.mediaType]) this.#both(at, leg, 'nOverSla')
        }
        return
      case 'ContactingEnded':
        parts.contacting = at - leg.startedAt
        this.#both(at, leg, 'tContacting', parts.contacting)
        return
      case 'DialingEnded':
        parts.dialing = at - leg.startedAt - parts.contacting
        this.#both(at, leg, 'tDialing', parts.dialing)
        if (happening.reached) this.#both(at, leg, 'nConnected')
        return
      case 'TalkEnded':
        parts.talk += happening.durationMs
        parts.talkAny = true
        this.#both(at, leg, 'tTalk', happening.durationMs)
        if (happening.last) this.#both(at, leg, 'tTalkComplete', parts.talk)
        return
      case 'HoldEnded':
        parts.held += happening.durationMs
        parts.heldAny = true
        this.#both(at, leg, 'tHeld', happening.durationMs)
        if (happening.last) this.#both(at, leg, 'tHeldComplete', parts.held)
        return
      case 'AgentReplied':
        this.#both(at, leg, 'tAgentResponseTime', happening.tookMs)
        return
      case 'ConsultBegan':
        this.#both(at, leg, 'nConsult')
        return
      case 'Transferred':
        this.#both(at, leg, 'nTransferred')
        this.#both(at, leg, happening.how === 'blind' ? 'nBlindTransferred' : 'nConsultTransferred')
        return
      case 'AgentLegClosed':
        if (leg.mediaType === 'callback' && happening.leg.callbackMs > 0)
          this.#both(at, leg, 'tActiveCallbackComplete', at - leg.startedAt - parts.alert)
        if (leg.direction === 'outbound' && !parts.talkAny) this.#both(at, leg, 'nError')
        if (!happening.acwFollows) this.#finish(at, leg, parts, 0)
        return
      case 'AcwCompleted':
        this.#both(at, leg, 'tAcw', leg.acwMs)
        this.#finish(at, leg, parts, leg.acwMs)
        return
    }
  }

  /** The last part of a session is over: it is handled, if it had any. */
  #finish(at: EpochMs, leg: AgentLeg, parts: Parts, acwMs: number): void {
    if (leg.direction === 'outbound' || parts.talkAny || parts.heldAny)
      this.#both(at, leg, 'tHandle', parts.contacting + parts.dialing + parts.talk + parts.held + acwMs)
    this.#parts.delete(leg.sessionId)
  }

  #partsOf(leg: AgentLeg): Parts {
    const known = this.#parts.get(leg.sessionId)
    if (known !== undefined) return known
    const fresh = { alert: 0, contacting: 0, dialing: 0, talk: 0, held: 0, talkAny: false, heldAny: false }
    this.#parts.set(leg.sessionId, fresh)
    return fresh
  }

  #both(at: EpochMs, leg: AgentLeg, metric: string, valueMs?: number): void {
    if (leg.queue !== null) this.#inQueue(at, leg.queue, leg, metric, valueMs)
    const start = Math.floor(at / intervalMs) * intervalMs
    const queueId = leg.queue?.id ?? null
    const key = `${start}|${leg.agent.id}|${queueId ?? ''}|${leg.mediaType}`
    let row = this.#agent.get(key)
    if (row === undefined) {
      row = { userId: leg.agent.id, queueId, mediaType: leg.mediaType, intervalStart: iso(start), measures: {} }
      this.#agent.set(key, row)
    }
    add(row.measures, metric, valueMs)
  }

  #inQueue(at: EpochMs, queue: Queue, leg: Leg, metric: string, valueMs?: number): void {
    const start = Math.floor(at / intervalMs) * intervalMs
    const key = `${start}|${queue.id}|${leg.mediaType}`
    let row = this.#queue.get(key)
    if (row === undefined) {
      row = { queueId: queue.id, mediaType: leg.mediaType, intervalStart: iso(start), measures: {} }
      this.#queue.set(key, row)
    }
    add(row.measures, metric, valueMs)
  }

  #enterState({ agent, stateKind, state, at }: AgentStateEntered): void {
    const key = `${agent.id}|${stateKind}`
    const span = this.#spans.get(key)
    if (span !== undefined) this.#spend(span, at)
    this.#spans.set(key, { agentId: agent.id, stateKind, state, since: at })
  }

  /** Books a span up to `until`, cut at the interval boundaries. */
  #spend(span: Span, until: EpochMs): void {
    let from = span.since
    while (from < until) {
      const start = Math.floor(from / intervalMs) * intervalMs
      const to = Math.min(until, start + intervalMs)
      const key = `${start}|${span.agentId}|${span.stateKind}|${span.state}`
      const known = this.#states.get(key)
      if (known === undefined) {
        const row = { userId: span.agentId, stateKind: span.stateKind, state: span.state, intervalStart: iso(start) }
        this.#states.set(key, { row, sum: to - from })
      } else known.sum += to - from
      from = to
    }
  }

  /** Closes the books: open states last through `through`. Call once. */
  close(from: EpochMs, through: EpochMs, counts: DeliveryCounts): Truth {
    for (const span of this.#spans.values()) this.#spend(span, through)
    return {
      intervalMs,
      from: new Date(from).toISOString(),
      through: new Date(through).toISOString(),
      queue: sorted(this.#queue),
      agent: sorted(this.#agent),
      agentState: sorted(this.#states).map(({ row, sum }) => ({ ...row, sum })),
      totals: { conversations: this.#conversations, ...counts },
    }
  }
}

const add = (measures: Record<string, TruthMeasure>, metric: string, valueMs: number | undefined): void => {
  const known = measures[metric]
  if (valueMs === undefined) {
    if (known === undefined) measures[metric] = { count: 1 }
    else known.count += 1
    return
  }
  if (known === undefined) measures[metric] = { count: 1, sum: valueMs, min: valueMs, max: valueMs }
  else {
    known.count += 1
    known.sum = (known.sum ?? 0) + valueMs
    known.min = Math.min(known.min ?? Infinity, valueMs)
    known.max = Math.max(known.max ?? -Infinity, valueMs)
  }
}

const sorted = <T>(rows: ReadonlyMap<string, T>): readonly T[] => [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)

/** End of the interval that holds `at`, or `at` itself on an edge. */
export const intervalCeiling = (at: EpochMs): EpochMs => Math.ceil(at / intervalMs) * intervalMs
