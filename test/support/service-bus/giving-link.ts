import rhea, { type Connection, type EventContext, type Sender } from 'rhea'
import type { BusQueue } from './bus-queue.js'

const SESSION_FILTER = 'com.microsoft:session-filter'
const LINK_WAIT_MS = 60_000

type Outcome = Parameters<BusQueue['settle']>[1]

/** A link on which the stand-in gives messages of a queue, as far as the client has given credit. */
export class GivingLink {
  readonly sender: Sender
  readonly connection: Connection
  private session: string | undefined
  private timer: NodeJS.Timeout | undefined
  private stopWatching: () => void = () => undefined
  private hasEnded = false

  private readonly queue: BusQueue
  private readonly clock: Readonly<{ skewMs: number }>

  constructor(sender: Sender, queue: BusQueue, clock: Readonly<{ skewMs: number }>) {
    this.queue = queue
    this.clock = clock
    this.sender = sender
    this.connection = sender.connection
  }

  /** Answers the attach. `false`: the link is refused. */
  open(): boolean {
    const { filter } = this.sender.source as { filter?: Record<string, unknown> }
    const wantsSession = filter !== undefined && SESSION_FILTER in filter
    if (this.queue.settings.requiresSession !== wantsSession) {
      const description = wantsSession
        ? 'A sessionful message receiver cannot be created on an entity that does not require sessions.'
        : 'It is not possible for an entity that requires sessions to create a non-sessionful message receiver.'
      this.sender.close({ condition: wantsSession ? 'amqp:invalid-field' : 'amqp:not-allowed', description })
      return false
    }
    for (const [event, outcome] of outcomes)
      this.sender.on(event, (context: EventContext) => this.settle(context, outcome))
    this.sender.on('sender_flow', () => this.give())
    // A link to the next session is answered once there is one, or refused after the wait that the client asked for.
    if (wantsSession) return this.openSession(filter[SESSION_FILTER])
    this.accept()
    return true
  }

  private openSession(asked: unknown): boolean {
    const wanted = typeof asked === 'string' ? asked : undefined
    const properties = this.sender.properties as Record<string, number> | undefined
    const waitMs = properties?.['com.microsoft:timeout'] ?? LINK_WAIT_MS
    const attempt = (): boolean => {
      const id = this.queue.lockSession(wanted)
      if (id === undefined) return false
      this.stopWatching()
      clearTimeout(this.timer)
      this.session = id
      this.accept()
      return true
    }
    if (attempt()) return true
    postponeAnswer(this.sender)
    const answered = (): void => this.sender.open()
    this.stopWatching = this.queue.onChange(() => attempt() && answered())
    this.timer = setTimeout(() => {
      this.stopWatching()
      answered()
      this.sender.close({ condition: 'com.microsoft:timeout', description: 'no session became available in time' })
    }, waitMs)
    return true
  }

  private accept(): void {
    const { source } = this.sender
    const filter = this.session === undefined ? undefined : { [SESSION_FILTER]: this.session }
    this.sender.set_source({ ...source, address: source.address, ...(filter === undefined ? {} : { filter }) })
    this.sender.set_target(this.sender.target)
    this.stopWatching = this.queue.onChange(() => this.give())
    this.scheduleExpiry()
    this.give()
  }

  private scheduleExpiry(): void {
    this.timer = setInterval(() => this.queue.expire(Date.now()), Math.max(20, this.queue.settings.lockMs / 10))
  }

  private give(): void {
    // rhea counts a message against the credit in a later turn.
    if (!this.hasEnded && this.sender.sendable()) {
      const message = this.queue.lock(this.session)
      if (message === undefined) {
        if ((this.sender as unknown as { _draining: boolean })._draining) this.sender.set_drained(true)
        return
      }
      const annotations = {
        'x-opt-locked-until': new Date(message.lockedUntil + this.clock.skewMs),
        'x-opt-sequence-number': message.sequence,
        'x-opt-enqueued-time': new Date(message.enqueuedAt + this.clock.skewMs),
      }
      const { body, deliveryCount, sessionId } = message
      const sent = {
        body: Buffer.isBuffer(body) ? rhea.message.data_section(body) : body,
        delivery_count: deliveryCount,
        message_annotations: annotations,
        ...(sessionId === undefined ? {} : { group_id: sessionId }),
      }
      this.sender.send(sent, message.lockToken)
      setImmediate(() => this.give())
    }
  }

  /** With the receiver settling second, the broker says whether the lock was still held. */
  private settle({ delivery }: EventContext, outcomeOf: (state: unknown) => Outcome): void {
    if (delivery === undefined) return
    const state = delivery.remote_state
    const isSettled = this.queue.settle(delivery.tag as Buffer, outcomeOf(state))
    delivery.update(true, isSettled ? described(state) : lockLost())
  }

  end(): this {
    this.hasEnded = true
    this.stopWatching()
    clearInterval(this.timer)
    if (this.session !== undefined) this.queue.releaseSession(this.session)
    return this
  }
}

const outcomes: readonly (readonly [string, (state: unknown) => Outcome])[] = [
  ['accepted', () => 'complete'],
  ['modified', () => 'abandon'],
  [
    'rejected',
    (state) => {
      const { error } = state as { error?: { info?: Record<string, string>; description?: string } }
      const { DeadLetterReason = '', DeadLetterErrorDescription = '' } = error?.info ?? {}
      return { reason: DeadLetterReason, description: DeadLetterErrorDescription }
    },
  ],
  ['released', () => 'abandon'],
]

const described = (state: unknown): unknown => (state as { described: () => unknown }).described()

const lockLost = (): ReturnType<typeof described> => {
  const { rejected } = rhea.message as unknown as { rejected: (fields: object) => { described: () => unknown } }
  const description = 'The lock supplied is invalid. Either the lock expired, or the message has already been removed.'
  return rejected({ error: { condition: 'com.microsoft:message-lock-lost', description } }).described()
}

/** rhea answers an attach as soon as its event was dispatched, unless the endpoint looks as if it were not opened. */
const postponeAnswer = (sender: Sender): void => {
  const { state } = sender as unknown as { state: { local_open: boolean; open_requests: number } }
  state.local_open = false
  state.open_requests = 0
}
