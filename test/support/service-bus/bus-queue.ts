import { randomBytes } from 'node:crypto'

/** A message of the stand-in, as a queue of Service Bus keeps it. */
export type BusMessage = {
  readonly sequence: number
  readonly body: unknown
  readonly sessionId: string | undefined
  readonly enqueuedAt: number
  /** How often it was given out before. */
  deliveryCount: number
  state: 'available' | 'locked'
  /** 16 bytes, which are the delivery tag. */
  lockToken: Buffer
  lockedUntil: number
}

export type DeadLettered = Readonly<{ body: unknown; reason: string; description: string }>

export type QueueSettings = {
  lockMs: number
  maxDeliveryCount: number
  requiresSession: boolean
  /** `false`: locks expire only when a test says so (`expire(Infinity)`). */
  locksExpire: boolean
}

/**
 * A queue, or a subscription of a topic: peek-lock, locks that expire, sessions with a lock of their own, and the
 * dead-letter queue (learn.microsoft.com/azure/service-bus-messaging/message-transfers-locks-settlement,
 * …/message-sessions, …/service-bus-dead-letter-queues).
 */
export class BusQueue {
  readonly settings: QueueSettings
  readonly deadLetters: DeadLettered[] = []
  readonly sessionLocks = new Map<string, number>()
  /** How often messages were given out, and how often a lock was renewed. */
  readonly seen = { given: 0, renewed: 0, completed: 0, abandoned: 0, lockLost: 0 }
  private messages: BusMessage[] = []
  private sequence = 0
  private watchers: (() => void)[] = []

  constructor(settings: Partial<QueueSettings> = {}) {
    this.settings = { lockMs: 30_000, maxDeliveryCount: 10, requiresSession: false, locksExpire: true, ...settings }
  }

  send(body: unknown, sessionId?: string): void {
    const lock = { state: 'available' as const, lockToken: Buffer.alloc(16), lockedUntil: 0, deliveryCount: 0 }
    this.messages.push({ sequence: ++this.sequence, body, sessionId, enqueuedAt: Date.now(), ...lock })
    this.changed()
  }

  /** Messages that are not completed and not dead letters. */
  get depth(): number {
    return this.messages.length
  }

  /** Resolves at the next change. */
  changes(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.onChange(() => {
        stop()
        resolve()
      })
    })
  }

  /** Resolves once every message was completed or is a dead letter. */
  async isEmpty(): Promise<void> {
    while (this.depth > 0) await this.changes()
  }

  onChange(watch: () => void): () => void {
    this.watchers.push(watch)
    return () => (this.watchers = this.watchers.filter((one) => one !== watch))
  }

  /** Locks the first message that is available, of the session if one is given. */
  lock(sessionId: string | undefined, now = Date.now()): BusMessage | undefined {
    this.expire(now)
    const message = this.messages.find((one) => one.state === 'available' && one.sessionId === sessionId)
    if (message === undefined) return undefined
    message.state = 'locked'
    message.lockToken = randomBytes(16)
    message.lockedUntil = now + this.settings.lockMs
    this.seen.given += 1
    return message
  }

  /** The next session that has messages and is not locked. */
  lockSession(wanted: string | undefined, now = Date.now()): string | undefined {
    for (const [id, until] of this.sessionLocks) if (until <= now) this.sessionLocks.delete(id)
    const id =
      wanted ??
      this.messages.map(({ sessionId }) => sessionId).find((one) => one !== undefined && !this.sessionLocks.has(one))
    if (id === undefined || this.sessionLocks.has(id)) return undefined
    this.sessionLocks.set(id, now + this.settings.lockMs)
    return id
  }

  releaseSession(id: string): void {
    this.sessionLocks.delete(id)
    for (const message of this.messages) if (message.sessionId === id && message.state === 'locked') this.free(message)
    this.changed()
  }

  /** Settles a message. `false`: its lock is lost, and nothing changes. */
  settle(token: Buffer, outcome: 'complete' | 'abandon' | Readonly<{ reason: string; description: string }>): boolean {
    this.expire(Date.now())
    const message = this.locked(token)
    if (message === undefined) {
      this.seen.lockLost += 1
      return false
    }
    if (outcome === 'complete') this.seen.completed += 1
    if (outcome === 'abandon') {
      this.seen.abandoned += 1
      this.free(message)
    } else this.remove(message)
    if (typeof outcome === 'object') this.deadLetters.push({ body: message.body, ...outcome })
    this.changed()
    return true
  }

  /** Renews the lock of a message: until when it is locked now; `undefined` if the lock is lost. */
  renew(token: Buffer, now = Date.now()): number | undefined {
    this.expire(now)
    const message = this.locked(token)
    if (message === undefined) return undefined
    this.seen.renewed += 1
    this.changed()
    return (message.lockedUntil = now + this.settings.lockMs)
  }

  renewSession(id: string, now = Date.now()): number | undefined {
    if ((this.sessionLocks.get(id) ?? 0) <= now) return undefined
    this.seen.renewed += 1
    this.sessionLocks.set(id, now + this.settings.lockMs)
    for (const message of this.messages)
      if (message.sessionId === id && message.state === 'locked') message.lockedUntil = now + this.settings.lockMs
    return now + this.settings.lockMs
  }

  /** Locks expire now that would expire before `now`. */
  expire(now: number): void {
    if (!this.settings.locksExpire && now !== Infinity) return
    for (const message of this.messages)
      if (message.state === 'locked' && message.lockedUntil <= now) {
        this.free(message)
        this.changed()
      }
  }

  private locked(token: Buffer): BusMessage | undefined {
    return this.messages.find(({ state, lockToken }) => state === 'locked' && lockToken.equals(token))
  }

  private free(message: BusMessage): void {
    message.state = 'available'
    message.deliveryCount += 1
    if (message.deliveryCount < this.settings.maxDeliveryCount) return
    this.remove(message)
    this.deadLetters.push({
      body: message.body,
      reason: 'MaxDeliveryCountExceeded',
      description: 'given out too often',
    })
  }

  private remove(message: BusMessage): void {
    this.messages = this.messages.filter((one) => one !== message)
  }

  private changed(): void {
    for (const watch of [...this.watchers]) queueMicrotask(watch)
  }
}
