import type { EpochMs } from '../../domain/interval.js'
import type { Happening } from '../happening.js'
import type { AgentLeg, Leg, QueueEntry } from '../conversations/leg.js'
import { serviceLevelMsAt } from '../roster/queue-settings.js'
import type { Booked } from './cells.js'
import { callsCustomerFirst, type Bookkeeping } from './metrics.js'

/**
 * Records what detail events contain, from happenings alone. Every figure has the instant of its happening; an answer
 * has the instant at which the queue was left, the only one that detail events have. What they do not contain is not
 * recorded:
 *
 * - parts of talk and hold, errors, consults, replies and messages, conversations, callback and campaign metrics of
 *   their own, the connect of a dialer's call (the queue's settings tell which callbacks call the customer first);
 * - skills and language of an agent's work, the language of an offer, and wrap-up codes except those of after-call work
 *   and of the handle time that it completes;
 * - divisions touched before: a session has its own; after-call work has none.
 */
export class TruthDetailEvents {
  readonly #book: Bookkeeping
  /** Answered legs talk; their sessions have lengths only at the end. */
  readonly #lengths = new Map<string, { talk: number; held: number }>()

  constructor(book: Bookkeeping) {
    this.#book = book
  }

  observe(happening: Happening): void {
    const { at } = happening
    switch (happening.kind) {
      case 'ConversationBegan':
      case 'CustomerLegOpened':
        if (happening.leg.direction === 'inbound') this.#book(at, happening.leg, atHome(happening.leg), 'nConnected')
        return
      case 'CustomerLeft': {
        const { leg } = happening
        if (leg.connectedAt !== null && at > leg.connectedAt)
          this.#book(at, leg, atHome(leg), 'tConnected', at - leg.connectedAt)
        return
      }
      case 'FlowLeft': {
        const { leg } = happening
        const about = { ...atHome(leg), flowId: leg.flow.id }
        this.#book(at, leg, about, 'nFlow')
        this.#book(at, leg, about, 'tFlow', at - leg.enteredAt)
        this.#book(at, leg, about, leg.exit === 'hangup' ? 'tFlowDisconnect' : 'tFlowExit', at - leg.enteredAt)
        return
      }
      case 'MilestoneReached':
        this.#book(at, happening.leg, { ...atHome(happening.leg), flowId: happening.leg.flow.id }, 'nFlowMilestone')
        return
      case 'OutcomeDecided': {
        const { leg, outcome } = happening
        const about = { ...atHome(leg), flowId: leg.flow.id }
        this.#book(at, leg, about, 'nFlowOutcome')
        if (outcome.value === 'FAILURE') this.#book(at, leg, about, 'nFlowOutcomeFailed')
        this.#book(at, leg, about, 'tFlowOutcome', at - outcome.startedAt)
        return
      }
      case 'QueueEntered': {
        const { entry } = happening
        const about = { ...inQueue(entry), languageId: null }
        this.#book(at, entry, about, 'nOffered')
        if (callsCustomerFirst(entry)) this.#book(at, entry, about, 'nCfcOffered')
        return
      }
      case 'QueueLeft':
        this.#queueLeft(at, happening.entry)
        return
      case 'VoicemailEnded': {
        const { queue } = happening.leg
        this.#book(
          at,
          happening.leg,
          { queueId: queue.id, divisionIds: [queue.divisionId] },
          'tVoicemail',
          at - happening.leg.startedAt,
        )
        return
      }
      case 'ContactIdentified':
      case 'AttributesSet':
      case 'FlowEntered':
      case 'VoicemailBegan':
      case 'DialerLegOpened':
      case 'DialerLegDialed':
      case 'DialerLegClosed':
      case 'AgentStateEntered':
        return
      default:
        this.#byAgent(happening, happening.leg)
    }
  }

  #queueLeft(at: EpochMs, entry: QueueEntry): void {
    const waitedMs = at - entry.startedAt
    const about = inQueue(entry)
    const prefix = callsCustomerFirst(entry) ? 'tCfc' : 't'
    this.#book(at, entry, about, `${prefix}Acd`, waitedMs)
    if (entry.outcome === 'ABANDON') this.#book(at, entry, about, `${prefix}Abandon`, waitedMs)
    if (entry.outcome === 'FLOW_OUT') this.#book(at, entry, about, `${prefix}FlowOut`, waitedMs)
    if (entry.outcome !== 'ANSWERED') return
    const byAgent = { ...about, userId: entry.answeredBy?.id ?? null }
    if (callsCustomerFirst(entry)) return this.#book(at, entry, byAgent, 'tCfcAnswered', waitedMs)
    this.#book(at, entry, byAgent, 'tAnswered', waitedMs)
    if (waitedMs > serviceLevelMsAt(entry.queue, entry.mediaType, at)) this.#book(at, entry, byAgent, 'nOverSla')
  }

  #byAgent(happening: Extract<Happening, { leg: AgentLeg }>, leg: AgentLeg): void {
    const { at } = happening
    const say = (metric: string, value?: number): void => this.#book(at, leg, byAgent(leg), metric, value)
    const lengths = this.#lengthsOf(leg)
    switch (happening.kind) {
      case 'AgentLegOpened':
        if (leg.direction === 'outbound') say('nOutbound')
        return
      case 'AlertEnded':
        say('tAlert', at - leg.startedAt)
        if (happening.how === 'missed') say('tNotResponding', at - leg.startedAt)
        return
      case 'ContactingEnded':
        say('tContacting', leg.contactingMs)
        return
      case 'DialingEnded':
        say('tDialing', leg.dialingMs)
        if (happening.reached) say('nConnected')
        return
      case 'TalkEnded':
        lengths.talk += happening.durationMs
        if (happening.last) say('tTalkComplete', lengths.talk)
        return
      case 'HoldEnded':
        lengths.held += happening.durationMs
        if (happening.last) say('tHeldComplete', lengths.held)
        return
      case 'Transferred':
        say('nTransferred')
        say(happening.how === 'blind' ? 'nBlindTransferred' : 'nConsultTransferred')
        return
      case 'AgentLegClosed':
        if (!happening.acwFollows) this.#finish(at, leg, 0)
        return
      case 'AcwCompleted':
        this.#book(at, leg, { ...byAgent(leg), divisionIds: [] }, 'tAcw', leg.acwMs)
        this.#finish(at, leg, leg.acwMs)
        return
      case 'SegmentBegan':
      case 'AgentReplied':
      case 'CustomerReplied':
      case 'ConsultBegan':
        return
    }
  }

  #finish(at: EpochMs, leg: AgentLeg, acwMs: number): void {
    const { talk, held } = this.#lengthsOf(leg)
    this.#lengths.delete(leg.sessionId)
    const handledMs = leg.contactingMs + leg.dialingMs + talk + held + acwMs
    if (handledMs > 0) this.#book(at, leg, byAgent(leg), 'tHandle', handledMs)
  }

  #lengthsOf(leg: AgentLeg): { talk: number; held: number } {
    let lengths = this.#lengths.get(leg.sessionId)
    if (lengths === undefined) this.#lengths.set(leg.sessionId, (lengths = { talk: 0, held: 0 }))
    return lengths
  }
}

/** Work without a queue belongs to the organisation's home division. */
const home = (leg: Leg): string => leg.conversation.divisionIds[0] as string

const campaignOf = (leg: Leg): string | null =>
  leg.direction === 'outbound' ? (leg.conversation.campaign?.id ?? null) : null

const atHome = (leg: Leg): Booked => ({ divisionIds: [home(leg)], campaignId: campaignOf(leg) })

const inQueue = ({ queue, skillIds, languageId }: QueueEntry): Booked => ({
  queueId: queue.id,
  skillIds,
  languageId,
  divisionIds: [queue.divisionId],
})

const byAgent = (leg: AgentLeg): Booked => ({
  queueId: leg.queue?.id ?? null,
  userId: leg.agent.id,
  wrapUpCode: leg.wrapUpCode,
  divisionIds: [leg.queue?.divisionId ?? home(leg)],
  campaignId: campaignOf(leg),
})
