import type { ConversationRecorded, MetricPoint } from '../../domain/fact.js'
import { SpillingMap, type ColdStore, type SpilledEntries } from '../cells/cold-store.js'
import type { Refusal } from '../lateness.js'

/**
 * Conversation-detail records, partitioned by conversation. A record says all emissions of a conversation so far: those
 * of an earlier record of it are known.
 */
export class ConversationRecords {
  private readonly recorded: SpillingMap<Set<string>>
  private readonly count: (point: MetricPoint) => Refusal | undefined

  constructor(coldStore: ColdStore, spilled: SpilledEntries, count: (point: MetricPoint) => Refusal | undefined) {
    this.recorded = new SpillingMap(
      'recorded/',
      coldStore,
      spilled,
      (data) => new Set(data as readonly string[]),
      (keys) => [...keys],
    )
    this.count = count
  }

  record({ conversationId, points }: ConversationRecorded): Refusal | undefined {
    const known = this.recorded.get(conversationId) ?? new Set<string>()
    let refusal: Refusal | undefined
    for (const point of points) {
      if (known.has(point.key)) continue
      const refused = this.count(point)
      if (refused === undefined) known.add(point.key)
      else refusal = refused
    }
    this.recorded.set(conversationId, known)
    return refusal
  }

  spilled(): SpilledEntries {
    return this.recorded.save()
  }

  release(): void {
    this.recorded.release()
  }
}
