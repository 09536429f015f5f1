import { createHash, randomUUID } from 'node:crypto'

type Kept = {
  readonly id: string
  readonly body: string
  readonly group: string | undefined
  readonly sentAt: number
  visibleAt: number
  receives: number
  handle: string
}

/**
 * A queue as SQS keeps it: visibility timeouts, groups of a FIFO queue of which one request has messages at a time, and
 * the redrive policy (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide).
 */
export class StandInQueue {
  readonly deadLetters: string[] = []
  readonly seen = { received: 0, deleted: 0, extended: 0, givenBack: 0 }
  /** The next so many deletions fail, as one entry of a batch may. */
  failDeletes = 0
  /** The next so many messages are given out although somebody has them, as a standard queue may. */
  giveTwice = 0
  /** `false`: messages stay hidden until a test says so (`expire`). */
  visibilityEnds = true
  private messages: Kept[] = []
  private watchers: (() => void)[] = []
  private readonly maxReceives: number

  constructor(maxReceives = Infinity) {
    this.maxReceives = maxReceives
  }

  send(body: string, group?: string): void {
    const kept = { id: randomUUID(), body, group, sentAt: Date.now(), visibleAt: 0, receives: 0, handle: '' }
    this.messages.push(kept)
    this.changed()
  }

  get depth(): number {
    return this.messages.length
  }

  get visible(): number {
    return this.messages.filter(({ visibleAt }) => visibleAt <= Date.now()).length
  }

  /** When the next hidden message is visible again. */
  get nextVisibleAt(): number {
    return Math.min(...this.messages.map(({ visibleAt }) => visibleAt))
  }

  receive(max: number, visibilityMs: number): readonly object[] {
    const now = Date.now()
    const taken: Kept[] = []
    const busyGroups = new Set(this.messages.filter((one) => one.visibleAt > now).map(({ group }) => group))
    for (const message of this.messages.slice()) {
      if (taken.length === max) break
      const isHidden = message.visibleAt > now && this.giveTwice-- <= 0
      if (isHidden || (message.group !== undefined && busyGroups.has(message.group))) continue
      message.receives += 1
      if (message.receives > this.maxReceives) {
        this.messages = this.messages.filter((one) => one !== message)
        this.deadLetters.push(message.body)
        continue
      }
      message.visibleAt = this.visibilityEnds ? now + visibilityMs : Infinity
      message.handle = randomUUID()
      taken.push(message)
    }
    this.giveTwice = Math.max(0, this.giveTwice)
    this.seen.received += taken.length
    return taken.map(({ id, body, handle, sentAt }) => ({
      MessageId: id,
      ReceiptHandle: handle,
      Body: body,
      MD5OfBody: createHash('md5').update(body).digest('hex'),
      Attributes: { SentTimestamp: String(sentAt) },
    }))
  }

  /** Deletes a message; a handle that is out of date deletes nothing, and succeeds. */
  remove(handle: string): boolean {
    if (this.failDeletes > 0) {
      this.failDeletes -= 1
      return false
    }
    const before = this.messages.length
    this.messages = this.messages.filter((one) => one.handle !== handle)
    this.seen.deleted += before - this.messages.length
    this.changed()
    return true
  }

  hide(handle: string, forMs: number): boolean {
    const message = this.messages.find((one) => one.handle === handle && one.visibleAt > Date.now())
    if (message === undefined) return false
    message.visibleAt = this.visibilityEnds || forMs === 0 ? Date.now() + forMs : Infinity
    if (forMs === 0) this.seen.givenBack += 1
    else this.seen.extended += 1
    this.changed()
    return true
  }

  /** All messages are visible again: their visibility timeouts are over. */
  expire(): void {
    for (const message of this.messages) message.visibleAt = 0
    this.changed()
  }

  changes(): Promise<void> {
    return new Promise((resolve) => this.watchers.push(resolve))
  }

  async isEmpty(): Promise<void> {
    while (this.depth > 0) await this.changes()
  }

  private changed(): void {
    for (const watch of this.watchers.splice(0)) queueMicrotask(watch)
  }
}
