import type { MetricPoint } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Configuration } from '../settings.js'
import type { Of, PointSink } from './point-sink.js'

type Operation = Readonly<{
  kind: 'observe' | 'observePending' | 'withdraw' | 'settle'
  id: string
  point: MetricPoint
}>
type Conversation = { campaignId: string | null; waiting: Operation[]; lastAt: EpochMs }

export type CampaignJoinState = readonly (readonly [string, Conversation])[]

/**
 * Tells the points of an outbound conversation which campaign it belongs to. That is said once, by one event, which may
 * come after the points: until then they are remembered, and counted in the campaign when it is known. In all other
 * families they count at once.
 */
export class CampaignJoin {
  private readonly configuration: Configuration
  private readonly conversations: Map<string, Conversation>
  private readonly sink: PointSink
  /** Counts in the campaign's family alone. */
  private readonly campaignOnly: PointSink

  constructor(configuration: Configuration, sink: PointSink, campaignOnly: PointSink, state: CampaignJoinState = []) {
    this.configuration = configuration
    this.sink = sink
    this.campaignOnly = campaignOnly
    this.conversations = new Map(
      state.map(([id, { campaignId, waiting, lastAt }]) => [id, { campaignId, waiting: [...waiting], lastAt }]),
    )
  }

  /** The sink to give points to. */
  readonly points: PointSink = {
    observe: (point, of, why) => {
      const joined = this.joined('observe', '', point, of)
      if (why === undefined) this.sink.observe(joined, of)
      else this.sink.observe(joined, of, why)
    },
    observePending: (id, point, of) => this.sink.observePending(id, this.joined('observePending', id, point, of), of),
    withdraw: (id, point, of) => this.sink.withdraw(id, this.joined('withdraw', id, point, of), of),
    settle: (id, point, of) => this.sink.settle(id, this.joined('settle', id, point, of), of),
  }

  /** A campaign began the conversation. The first that says so stands. */
  began(conversationId: string, campaignId: string, at: EpochMs): void {
    const conversation = this.conversationOf(conversationId, at)
    if (conversation.campaignId !== null) return
    conversation.campaignId = campaignId
    const of = { conversationId }
    for (const { kind, id, point } of conversation.waiting) {
      const joined = { ...point, campaignId }
      if (kind === 'observe') this.campaignOnly.observe(joined, of)
      else this.campaignOnly[kind](id, joined, of)
    }
    conversation.waiting = []
  }

  /** Forgets conversations in which nothing happened since `at`. */
  forgetBefore(at: EpochMs): void {
    for (const [id, { lastAt }] of this.conversations) if (lastAt < at) this.conversations.delete(id)
  }

  save(): CampaignJoinState {
    return [...this.conversations].map(([id, { campaignId, waiting, lastAt }]) => [
      id,
      { campaignId, waiting: [...waiting], lastAt },
    ])
  }

  private joined(kind: Operation['kind'], id: string, point: MetricPoint, { conversationId }: Of): MetricPoint {
    // Whoever has no use for campaigns keeps no conversations for them.
    if (point.direction !== 'outbound' || !this.configuration.isAskedFor('campaign')) return point
    const conversation = this.conversationOf(conversationId, point.at)
    if (conversation.campaignId !== null) return { ...point, campaignId: conversation.campaignId }
    conversation.waiting.push({ kind, id, point })
    return point
  }

  private conversationOf(id: string, at: EpochMs): Conversation {
    let conversation = this.conversations.get(id)
    if (conversation === undefined)
      this.conversations.set(id, (conversation = { campaignId: null, waiting: [], lastAt: at }))
    conversation.lastAt = Math.max(conversation.lastAt, at)
    return conversation
  }
}
