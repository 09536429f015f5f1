import type { AcdEnded } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { DedupResult } from './handle-time.js'

/**
 * Recent ends of queue entries. An entry ends once: a second end that says something else contradicts the first.
 * State is partitioned by queue entry.
 */
export class QueueExits {
  private readonly ends: Map<string, AcdEnded>

  constructor(state: readonly AcdEnded[] = []) {
    this.ends = new Map(state.map((end) => [keyOf(end), end]))
  }

  see(end: AcdEnded): DedupResult {
    const key = keyOf(end)
    const known = this.ends.get(key)
    if (known !== undefined) return JSON.stringify(known) === JSON.stringify(end) ? 'known' : 'contradictory'
    this.ends.set(key, end)
    return 'new'
  }

  forgetBefore(at: EpochMs): void {
    for (const [key, end] of this.ends) if (end.at < at) this.ends.delete(key)
  }

  save(): readonly AcdEnded[] {
    return [...this.ends.values()]
  }
}

const keyOf = ({ conversationId, sessionId, queueId }: AcdEnded): string => `${conversationId}/${sessionId}/${queueId}`
