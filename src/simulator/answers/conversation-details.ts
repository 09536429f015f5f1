import type { EpochMs } from '../../domain/interval.js'
import type { Happening, Observer, Segment } from '../happening.js'
import type {
  AgentLeg,
  Conversation,
  CustomerLeg,
  FlowLeg,
  Leg,
  QueueEntry,
  VoicemailLeg,
} from '../conversations/leg.js'
import { metricEmissions } from '../wire/metric-emissions.js'
import { flowExit, iso, metricDisconnect, providerOf, purposeOf } from '../wire/spelling.js'

type SegmentPart = { readonly type: string; readonly startAt: EpochMs; endAt: EpochMs | null }
type Session = {
  readonly leg: Leg
  readonly segments: SegmentPart[]
  readonly metrics: { name: string; value: number; emitDate: string }[]
}
type Kept = {
  readonly conversation: Conversation
  readonly sessions: Map<string, Session>
  open: number
  endedAt: EpochMs | null
}

/**
 * Keeps conversations as records of the details query: participants, sessions, segments, and every metric with its emit
 * date. A record is written after the conversation, with everything known by then: all divisions, and wrap-up codes on
 * their segments. A conversation without an end is open.
 */
export class ConversationDetails {
  readonly #kept = new Map<string, Kept>()
  readonly #emit: Observer = metricEmissions((at, name, value, leg) => {
    this.#sessionOf(leg).metrics.push({ name, value, emitDate: iso(at) })
  })

  observe(happening: Happening): void {
    const { at } = happening
    switch (happening.kind) {
      case 'ConversationBegan':
      case 'CustomerLegOpened':
        this.#open(happening.leg, 'interact', at)
        break
      case 'FlowEntered':
        this.#open(happening.leg, 'ivr', happening.leg.startedAt)
        break
      case 'QueueEntered':
        this.#open(happening.entry, 'interact', at)
        break
      case 'VoicemailBegan':
        this.#open(happening.leg, 'voicemail', at)
        break
      case 'DialerLegOpened':
        this.#open(happening.leg, 'dialing', at)
        break
      case 'SegmentBegan':
        this.#segment(happening.leg, happening.segment, at)
        break
      default:
    }
    this.#emit(happening)
    if (happening.kind === 'QueueLeft') this.#close(happening.entry, at)
    if (closing.has(happening.kind) && 'leg' in happening) this.#close(happening.leg, at)
  }

  /** The records, in the order of the beginnings of the conversations. */
  *records(): Generator<object> {
    for (const kept of this.#kept.values()) yield recordOf(kept)
  }

  #open(leg: Leg, segmentType: string, at: EpochMs): void {
    this.#sessionOf(leg).segments.push({ type: segmentType, startAt: at, endAt: null })
    const kept = this.#keptOf(leg.conversation)
    kept.open += 1
    kept.endedAt = null
  }

  #segment(leg: AgentLeg, segment: Segment, at: EpochMs): void {
    const { segments } = this.#sessionOf(leg)
    const last = segments.at(-1)
    if (last === undefined) this.#open(leg, segment.toLowerCase(), at)
    else {
      last.endAt ??= at
      segments.push({ type: segment.toLowerCase(), startAt: at, endAt: null })
    }
  }

  #close(leg: Leg, at: EpochMs): void {
    const last = this.#sessionOf(leg).segments.at(-1)
    if (last !== undefined) last.endAt ??= at
    // After-call work belongs to a session that ended before.
    if (last?.type === 'wrapup') return
    const kept = this.#keptOf(leg.conversation)
    kept.open -= 1
    if (kept.open === 0) kept.endedAt = at
  }

  #sessionOf(leg: Leg): Session {
    const { sessions } = this.#keptOf(leg.conversation)
    let session = sessions.get(leg.sessionId)
    if (session === undefined) sessions.set(leg.sessionId, (session = { leg, segments: [], metrics: [] }))
    return session
  }

  #keptOf(conversation: Conversation): Kept {
    let kept = this.#kept.get(conversation.id)
    if (kept === undefined)
      this.#kept.set(conversation.id, (kept = { conversation, sessions: new Map(), open: 0, endedAt: null }))
    return kept
  }
}

const closing: ReadonlySet<Happening['kind']> = new Set([
  'CustomerLeft',
  'FlowLeft',
  'VoicemailEnded',
  'DialerLegClosed',
  'AgentLegClosed',
  'AcwCompleted',
] as const)

const recordOf = ({ conversation, sessions, endedAt }: Kept): object => {
  const participants = new Map<string, Session[]>()
  for (const session of sessions.values())
    participants.set(session.leg.participantId, [...(participants.get(session.leg.participantId) ?? []), session])
  return {
    conversationId: conversation.id,
    conversationStart: iso(conversation.beganAt),
    ...(endedAt === null ? {} : { conversationEnd: iso(endedAt) }),
    originatingDirection: conversation.originatingDirection,
    divisionIds: conversation.divisionIds,
    participants: [...participants].map(([participantId, own]) => participantOf(participantId, own)),
  }
}

const participantOf = (participantId: string, sessions: readonly Session[]): object => {
  const { leg } = sessions[0] as Session
  return {
    participantId,
    participantName: nameOf(leg),
    ...(leg.party === 'agent' ? { userId: (leg as AgentLeg).agent.id } : {}),
    ...(leg.party === 'customer' && leg.conversation.externalContactId !== null
      ? { externalContactId: leg.conversation.externalContactId }
      : {}),
    purpose: purposeOf(leg),
    sessions: sessions.map(sessionOf),
  }
}

const sessionOf = ({ leg, segments, metrics }: Session): object => {
  const { conversation } = leg
  const entry = entryOf(leg)
  return {
    mediaType: leg.mediaType,
    ...(conversation.messageType === null ? {} : { messageType: conversation.messageType }),
    sessionId: leg.sessionId,
    direction: leg.direction,
    ...(leg.peerId === null ? {} : { peerId: leg.peerId }),
    provider: providerOf(leg),
    ani: conversation.ani,
    dnis: conversation.dnis,
    ...(conversation.campaign === null
      ? {}
      : { outboundCampaignId: conversation.campaign.id, outboundContactListId: conversation.campaign.contactListId }),
    ...(entry === null ? {} : { requestedRoutings: ['Standard'] }),
    ...(entry === null || entry.answeredBy === null
      ? {}
      : { usedRouting: 'Standard', selectedAgentId: entry.answeredBy.id }),
    ...(leg.party === 'ivr' ? { flow: flowOf(leg as FlowLeg) } : {}),
    segments: segments.map((segment, index) => segmentOf(leg, segment, isLastOfWork(segments, index))),
    metrics,
  }
}

/** The disconnect type of a session stands on its last segment before after-call work. */
const isLastOfWork = (segments: readonly SegmentPart[], index: number): boolean =>
  segments[index]?.type !== 'wrapup' && (segments[index + 1]?.type ?? 'wrapup') === 'wrapup'

const segmentOf = (leg: Leg, { type, startAt, endAt }: SegmentPart, isLast: boolean): object => {
  const entry = entryOf(leg)
  const queue = (leg as Partial<QueueEntry | VoicemailLeg | AgentLeg>).queue ?? null
  const wrapUpCode = type === 'wrapup' ? (leg as AgentLeg).wrapUpCode : null
  return {
    segmentStart: iso(startAt),
    ...(endAt === null ? {} : { segmentEnd: iso(endAt) }),
    ...(queue === null ? {} : { queueId: queue.id }),
    ...(isLast && leg.disconnectType !== null ? { disconnectType: metricDisconnect(leg.disconnectType) } : {}),
    ...(wrapUpCode === null ? {} : { wrapUpCode }),
    ...(entry === null || entry.skillIds.length === 0 ? {} : { requestedRoutingSkillIds: entry.skillIds }),
    ...(entry === null || entry.languageId === null ? {} : { requestedLanguageId: entry.languageId }),
    segmentType: type,
    conference: false,
  }
}

/** The queue entry with the requested skills and language. */
const entryOf = (leg: Leg): QueueEntry | null =>
  leg.party === 'acd' ? (leg as QueueEntry) : leg.party === 'agent' ? (leg as AgentLeg).entry : null

const nameOf = (leg: Leg): string => {
  switch (leg.party) {
    case 'customer':
      return (leg as CustomerLeg).conversation.customerName
    case 'ivr':
      return (leg as FlowLeg).flow.name
    case 'agent':
      return (leg as AgentLeg).agent.name
    case 'acd':
    case 'voicemail':
    case 'dialer':
      return (leg as QueueEntry | VoicemailLeg).queue.name
  }
}

const flowOf = (leg: FlowLeg): object => ({
  flowId: leg.flow.id,
  flowName: leg.flow.name,
  flowType: 'INBOUNDCALL',
  flowVersion: leg.flow.version,
  entryType: 'dnis',
  ...(leg.disconnectType === null ? {} : flowExit(leg)),
  ...(leg.outcome === null
    ? {}
    : {
        outcomes: [
          {
            flowOutcomeId: leg.outcome.outcomeId,
            flowOutcomeValue: leg.outcome.value,
            flowOutcomeStartTimestamp: iso(leg.outcome.startedAt),
          },
        ],
      }),
})
