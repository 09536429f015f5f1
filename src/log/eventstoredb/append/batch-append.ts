import { randomUUID } from 'node:crypto'
import type { BatchAppendResp } from '../client/client-internals.js'
import type { BatchCall, EventStoreDbConnection } from '../client/connection.js'
import { saysWrongServer } from '../failure.js'
import { outcomeOf, unknownOutcome } from './outcome.js'
import type { Appender, Outcome } from './outcome.js'
import { batchMessages } from '../client/wire.js'

type Pending = Readonly<{ answer: (outcome: Outcome) => void; timer: NodeJS.Timeout }>

/** One call and the appends that wait for its answers, which are matched by correlation id. */
class AppendCall {
  readonly channel: unknown
  readonly #call: BatchCall
  readonly #connection: EventStoreDbConnection
  readonly #pending = new Map<string, Pending>()
  readonly #ended: () => void
  #answers = 0
  #isOver = false
  /** No further append is sent on it; it is cancelled after its last answer. */
  #isRetired = false

  /** `ended` is called when the call takes no further append. */
  constructor(call: BatchCall, connection: EventStoreDbConnection, ended: () => void) {
    this.#call = call
    this.#connection = connection
    this.#ended = ended
    this.channel = connection.channel()
    call.on('data', (answer) => this.#receive(answer))
    call.on('end', () => this.#end())
    call.on('close', () => this.#end())
    // This listener stays: a broken call may emit several errors, and an error without a listener ends the process.
    call.on('error', (cause) => this.#end({ tag: 'unknown', cause }))
  }

  get isOver(): boolean {
    return this.#isOver
  }

  send(...[stream, last, events]: Parameters<Appender>): Promise<Outcome> {
    const { deadlineMs } = this.#connection
    return new Promise((answer) => {
      const id = randomUUID()
      const before = this.#answers
      const timer = setTimeout(() => {
        this.#settle(id, unknownOutcome(`no answer for ${deadlineMs} ms`))
        if (this.#answers === before && !this.#isOver) this.#giveUp(`the server has been silent for ${deadlineMs} ms`)
      }, deadlineMs)
      this.#pending.set(id, { answer, timer })
      for (const message of batchMessages(id, stream, last, events)) this.#call.write(message)
    })
  }

  /** Another call has found the leader on another server; this call is not told. */
  retire(): void {
    this.#ended()
    this.#isRetired = true
    if (this.#pending.size === 0) this.#call.cancel()
  }

  #receive(answer: BatchAppendResp): void {
    this.#answers += 1
    const id = answer.getCorrelationId()?.getString() ?? ''
    this.#settle(id, outcomeOf(answer))
    if (saysWrongServer(answer.getError()?.getMessage() ?? '')) this.#giveUp('the server is not the one to write to')
  }

  #settle(id: string, outcome: Outcome): void {
    const append = this.#pending.get(id)
    // Too late: the caller already has the answer that the outcome is unknown.
    if (append === undefined) return
    this.#pending.delete(id)
    clearTimeout(append.timer)
    append.answer(outcome)
    if (this.#isRetired && this.#pending.size === 0) this.#call.cancel()
  }

  #end(outcome: Outcome = unknownOutcome('the call has ended')): void {
    if (!this.#isOver && !this.#isRetired) this.#ended()
    this.#isOver = true
    for (const id of [...this.#pending.keys()]) this.#settle(id, outcome)
  }

  #giveUp(why: string): void {
    this.#end(unknownOutcome(why))
    this.#call.cancel()
    this.#connection.renew()
  }
}

/**
 * Sends all appends over one call. Appends that are pending when the call ends have an unknown outcome, and the next
 * append opens another call. The call ends when it breaks; after its last answer, once the connection has moved to
 * another server; when it has answered nothing for as long as an append may wait; and when the server reports that it
 * may not write, which it would repeat for every append.
 *
 * No deadline is sent: the message carries it as a time of day, and a server whose clock is ahead by that much would
 * refuse every append.
 */
export const appender = (connection: EventStoreDbConnection): Appender => {
  let current: Promise<AppendCall> | undefined
  const open = async (): Promise<AppendCall> => {
    const call = await connection.openBatch()
    return new AppendCall(call, connection, () => (current = undefined))
  }
  const append: Appender = async (stream, last, events) => {
    current ??= open()
    const mine = current
    let call: AppendCall
    try {
      call = await mine
    } catch (cause) {
      if (current === mine) current = undefined
      return { tag: 'unknown', cause }
    }
    if (call.isOver) return unknownOutcome('the call has ended')
    if (call.channel === connection.channel()) return call.send(stream, last, events)
    if (current === mine) call.retire()
    return append(stream, last, events)
  }
  return append
}
