import type { AcdEnded, AfterCallWorkCompleted, DetailFact, FlowFact, UserSessionEnded } from '../../domain/fact.js'
import type { PointDimensions } from '../../domain/dimensions.js'
import type { EpochMs } from '../../domain/interval.js'
import type { MetricName } from '../../domain/metric.js'
import type { Refusal } from '../lateness.js'
import { unreachable } from '../../domain/unreachable.js'
import { CampaignJoin, type CampaignJoinState } from './campaigns.js'
import type { Settings } from '../settings.js'
import { HandleTime, type HandleTimeState, type DedupResult } from './handle-time.js'
import { pointOf, type PointSink } from './point-sink.js'
import { QueueExits } from './queue-exits.js'

export type CorrelatorState = Readonly<{
  handling: HandleTimeState
  queueExits: readonly AcdEnded[]
  campaigns: CampaignJoinState
}>

/**
 * Derives metric points from detail events, for organisations that receive no metric records. What one event says is
 * emitted at once; only the handle time and the campaign are joined from several events. A metric that the events
 * cannot tell is absent, not zero (docs/metrics.md lists them). State is partitioned by conversation.
 */
export class Correlator {
  private readonly settings: Settings
  private readonly handling: HandleTime
  private readonly queueExits: QueueExits
  private readonly campaigns: CampaignJoin
  private readonly sink: PointSink

  constructor(settings: Settings, sink: PointSink, campaignOnly: PointSink, state?: CorrelatorState) {
    this.settings = settings
    this.queueExits = new QueueExits(state?.queueExits)
    this.campaigns = new CampaignJoin(settings, sink, campaignOnly, state?.campaigns)
    this.sink = this.campaigns.points
    this.handling = new HandleTime(settings, this.sink, state?.handling)
  }

  /** Answers why if the fact contradicts another of the same session. */
  apply(fact: DetailFact | FlowFact): Refusal | undefined {
    return this.dispatch(fact) === 'contradictory' ? contradictory(fact) : undefined
  }

  private dispatch(fact: DetailFact | FlowFact): DedupResult {
    switch (fact.type) {
      case 'AcdStarted': {
        const ofQueue = { queueId: fact.queueId, skillIds: fact.skillIds }
        this.emit('nOffered', 1, fact.at, fact, ofQueue)
        if (this.waitMetrics(fact, fact.at) === customerFirst) this.emit('nCfcOffered', 1, fact.at, fact, ofQueue)
        return 'new'
      }
      case 'AcdEnded': {
        const dedup = this.queueExits.see(fact)
        if (dedup === 'new') this.acdEnded(fact)
        return dedup
      }
      case 'CustomerStarted':
        // A customer who calls is connected from the start. One who is called is connected when the agent's session
        // says so.
        if (fact.direction !== 'outbound') this.emit('nConnected', 1, fact.at, fact, {})
        return 'new'
      case 'CustomerEnded':
        if (fact.connectedMs > 0) this.emit('tConnected', fact.connectedMs, fact.at, fact, {})
        return 'new'
      case 'UserSessionStarted':
        if (fact.direction === 'outbound')
          this.emit('nOutbound', 1, fact.at, fact, { queueId: fact.queueId, userId: fact.userId })
        return 'new'
      case 'UserSessionEnded':
        return this.sessionEnded(fact)
      case 'AfterCallWorkCompleted':
        return this.workCompleted(fact)
      case 'OutboundInitiated':
        this.campaigns.began(fact.conversationId, fact.campaignId, fact.at)
        return 'new'
      case 'VoicemailEnded':
        if (fact.voicemailMs > 0)
          this.emit('tVoicemail', fact.voicemailMs, fact.at, fact, { queueId: fact.queueId, userId: fact.userId })
        return 'new'
      case 'FlowEnded':
        this.emit('nFlow', 1, fact.at, fact, { flowId: fact.flowId })
        this.emit('tFlow', fact.connectedMs, fact.at, fact, { flowId: fact.flowId })
        if (exits.has(fact.exitReason)) this.emit('tFlowExit', fact.connectedMs, fact.at, fact, { flowId: fact.flowId })
        if (disconnects.has(fact.exitReason))
          this.emit('tFlowDisconnect', fact.connectedMs, fact.at, fact, { flowId: fact.flowId })
        return 'new'
      case 'FlowOutcomeReached': {
        const { at, flowId, outcome, startedAt, endedAt, milestones } = fact
        this.emit('nFlowOutcome', 1, at, fact, { flowId })
        if (outcome === 'FAILURE') this.emit('nFlowOutcomeFailed', 1, at, fact, { flowId })
        if (startedAt !== null && endedAt !== null && endedAt >= startedAt)
          this.emit('tFlowOutcome', endedAt - startedAt, at, fact, { flowId })
        for (let i = 0; i < milestones; i++) this.emit('nFlowMilestone', 1, at, fact, { flowId })
        return 'new'
      }
      case 'FlowStarted': // Genesys counts a flow when the interaction leaves it
      case 'VoicemailStarted': // its end carries the duration
      case 'WrapUpApplied': // repeats the after-call work, without the agent
      case 'ConversationAnnotated':
        return 'new'
      default:
        return unreachable(fact)
    }
  }

  /** The frontier reached `at`. */
  tick(at: EpochMs): void {
    this.handling.tick(at)
    this.queueExits.forgetBefore(at - this.settings.base.correlation.acwHorizonMs)
    this.campaigns.forgetBefore(at - this.settings.base.correlation.restateHorizonMs)
  }

  /** The frontier went back. What a wrong tick made it forget stays forgotten. */
  takeBack(at: EpochMs): void {
    this.handling.takeBack(at)
  }

  save(): CorrelatorState {
    return { handling: this.handling.save(), queueExits: this.queueExits.save(), campaigns: this.campaigns.save() }
  }

  private acdEnded(fact: AcdEnded): void {
    const { at, queueId, connectedMs, mediaType, skillIds, languageId } = fact
    const metrics = this.waitMetrics(fact, at - connectedMs)
    if (metrics === undefined) return
    const ofQueue = { queueId, skillIds, languageId }
    this.emit(metrics.all, connectedMs, at, fact, ofQueue)
    switch (fact.outcome) {
      case 'ANSWERED': {
        // Genesys stamps the answer at the agent's connect, some milliseconds later. The events do not tell that
        // instant.
        const ofAgent = { ...ofQueue, userId: fact.answeredUserId }
        this.emit(metrics.answered, connectedMs, at, fact, ofAgent)
        if (metrics === customerFirst) return
        const limitMs = this.settings.serviceLevelMs(queueId, mediaType, at)
        const { overAtDuration } = this.settings.profileAt(at).serviceLevel
        if (connectedMs > limitMs || (overAtDuration && connectedMs === limitMs))
          this.emit('nOverSla', 1, at, fact, ofAgent)
        return
      }
      case 'ABANDON':
        return this.emit(metrics.abandoned, connectedMs, at, fact, ofQueue)
      case 'FLOW_OUT':
        return this.emit(metrics.flowedOut, connectedMs, at, fact, ofQueue)
      case 'UNKNOWN':
        return
    }
  }

  /**
   * The metrics that tell how an interaction offered at `offeredAt` waited and ended. No event says whom a callback
   * calls first, the queue's settings do. `undefined` where they are unknown: a figure in the wrong metric would be
   * worse than none.
   */
  private waitMetrics(
    { mediaType, queueId }: Readonly<{ mediaType: string; queueId: string }>,
    offeredAt: EpochMs,
  ): WaitMetrics | undefined {
    if (mediaType !== 'callback') return agentFirst
    const mode = this.settings.callbackMode(queueId, offeredAt)
    return mode === null ? undefined : mode === 'CustomerFirst' ? customerFirst : agentFirst
  }

  private sessionEnded(fact: UserSessionEnded): DedupResult {
    const dedup = this.handling.dedupEnd(fact)
    if (dedup !== 'new') return dedup
    const { at, queueId, userId, talkMs, heldMs, alertMs, contactingMs, dialingMs, disconnectType } = fact
    const { alertEndedByOther, transfers, blindTransfers, consultTransfers } = this.settings.profileAt(at).correlation
    const point = (metric: MetricName, value: number, when: EpochMs): void =>
      this.emit(metric, value, when, fact, { queueId, userId })
    const connectedAt = at - talkMs - heldMs
    if (alertMs > 0) point('tAlert', alertMs, connectedAt)
    // A callback that the agent accepts may lead to a voice session, which has the talk.
    const isAccepted = talkMs + heldMs + fact.callbackMs > 0
    if (alertMs > 0 && !isAccepted && !alertEndedByOther.includes(disconnectType)) point('tNotResponding', alertMs, at)
    if (contactingMs > 0) point('tContacting', contactingMs, connectedAt - dialingMs)
    if (dialingMs > 0) point('tDialing', dialingMs, connectedAt)
    if (fact.direction === 'outbound' && dialingMs > 0 && talkMs > 0) point('nConnected', 1, connectedAt)
    // Talk and hold are stamped at the end of the session. That is right for the one that came last; the events do not
    // tell when the other ended.
    if (talkMs > 0) point('tTalkComplete', talkMs, at)
    if (heldMs > 0) point('tHeldComplete', heldMs, at)
    if (talkMs > 0 && transfers.includes(disconnectType)) {
      point('nTransferred', 1, at)
      if (blindTransfers.includes(disconnectType)) point('nBlindTransferred', 1, at)
      if (consultTransfers.includes(disconnectType)) point('nConsultTransferred', 1, at)
    }
    this.handling.ended(fact)
    return 'new'
  }

  private workCompleted(fact: AfterCallWorkCompleted): DedupResult {
    const dedup = this.handling.dedupWork(fact)
    if (dedup !== 'new') return dedup
    const { queueId, userId, wrapUpCode } = fact
    this.emit('tAcw', fact.acwMs, fact.at, fact, { queueId, userId, wrapUpCode })
    this.handling.worked(fact)
    return 'new'
  }

  private emit(
    metric: MetricName,
    value: number,
    at: EpochMs,
    from: Parameters<typeof pointOf>[3] & Readonly<{ conversationId: string }>,
    more: Partial<PointDimensions>,
  ): void {
    this.sink.observe(pointOf(metric, value, at, from, more), from)
  }
}

type WaitMetrics = Readonly<Record<'all' | 'answered' | 'abandoned' | 'flowedOut', MetricName>>

const agentFirst: WaitMetrics = {
  all: 'tAcd',
  answered: 'tAnswered',
  abandoned: 'tAbandon',
  flowedOut: 'tFlowOut',
}

const customerFirst: WaitMetrics = {
  all: 'tCfcAcd',
  answered: 'tCfcAnswered',
  abandoned: 'tCfcAbandon',
  flowedOut: 'tCfcFlowOut',
}

const contradictory = (fact: DetailFact | FlowFact): Refusal => ({
  reason: 'contradictory',
  detail: `another ${fact.type} of the same session of conversation ${fact.conversationId} says something else; the first one counts`,
})

/** Reasons with which an interaction leaves a flow and goes on, and reasons with which it ends in the flow. */
const exits: ReadonlySet<string> = new Set([
  'TRANSFER',
  'FLOW_EXIT',
  'USER_EXIT',
  'FLOW_ERROR_EXIT',
  'RECOGNITION_FAILURE_EXIT',
])
const disconnects: ReadonlySet<string> = new Set([
  'DISCONNECT',
  'FLOW_DISCONNECT',
  'FLOW_ERROR_DISCONNECT',
  'SESSION_EXPIRE_DISCONNECT',
  'RECOGNITION_FAILURE_DISCONNECT',
])
