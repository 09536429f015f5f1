import type { EpochMs } from '../../domain/interval.js'

/** Topics whose events name a conversation by the id of their body. */
const NAMES_CONVERSATION = /^v2\.(routing\.queues|users)\.[^.]+\.conversations(\.|$)/

/**
 * The conversations that events of queues and users named lately. Topics of single conversations can be subscribed to
 * only by their ids, so a conversation is followed from the first such event on; what it did before is for the backfill.
 */
export class FollowedConversations {
  readonly #seen = new Map<string, EpochMs>()
  readonly #forgetAfterMs: number

  constructor(forgetAfterMs: number) {
    this.#forgetAfterMs = forgetAfterMs
  }

  get ids(): Iterable<string> {
    return this.#seen.keys()
  }

  get size(): number {
    return this.#seen.size
  }

  /** Notes an event. Answers whether its conversation is new. */
  see(topicName: string, entityId: string | undefined, at: EpochMs): boolean {
    if (entityId === undefined || !NAMES_CONVERSATION.test(topicName)) return false
    const isNew = !this.#seen.has(entityId)
    this.#seen.delete(entityId)
    this.#seen.set(entityId, at)
    return isNew
  }

  /** Forgets those of which nothing was heard for long. Answers whether there were any. */
  forget(now: EpochMs): boolean {
    let forgot = false
    for (const [id, at] of this.#seen) {
      if (at + this.#forgetAfterMs > now) break // the oldest come first
      this.#seen.delete(id)
      forgot = true
    }
    return forgot
  }
}
