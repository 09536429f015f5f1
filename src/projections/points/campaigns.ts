import type { MetricPoint } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Settings } from '../settings.js'
import type { Of, PointSink } from './point-sink.js'

type Operation = Readonly<{
  kind: 'observe' | 'observePending' | 'withdraw' | 'settle'
  id: string
  point: MetricPoint
}>
type Conversation = { campaignId: string | null; waiting: Operation[]; lastAt: EpochMs }

export type CampaignJoinState = readonly (readonly [string, Conversation])[]

/**
 * Joins the points of an outbound conversation with its campaign. One event names the campaign, and it may arrive after
 * the points. Points count at once in all other families; they are kept, and count in the campaign once it is known.
 * State is partitioned by conversation.
 */
export class CampaignJoin {
  private readonly settings: Settings
  private readonly conversations: Map<string, Conversation>
  private readonly sink: PointSink
  /** Counts in the campaign family alone. */
  private readonly campaignOnly: PointSink

  constructor(settings: Settings, sink: PointSink, campaignOnly: PointSink, state: CampaignJoinState = []) {
    this.settings = settings
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

  /** A campaign began the conversation. The first statement counts. */
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

  /** Forgets conversations without a point or a campaign since `at`. */
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
    // Without the campaign family no conversation is kept.
    if (point.direction !== 'outbound' || !this.settings.isAskedFor('campaign')) return point
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
