import { randomUUID } from 'node:crypto'
import { shared } from './client-internals.js'
import type { BatchAppendResp } from './client-internals.js'
import type { BatchCall, EventStoreDbConnection } from './connection.js'
import { saysWrongServer } from './failure.js'
import { ERASED, singly, storedOutcome } from './append.js'
import type { Appender, Outcome } from './append.js'
import { batchMessages } from './wire.js'

const unknown = (why: string): Outcome => ({ tag: 'unknown', cause: new Error(`EventStoreDB: ${why}`) })

const outcomeOf = (answer: BatchAppendResp, last: number, count: number): Outcome => {
  const error = answer.getError()
  if (error === undefined) return storedOutcome(answer.getSuccess(), last + count)
  const details = error.getDetails()
  switch (details?.getTypeName()) {
    case 'event_store.client.WrongExpectedVersion': {
      const wrong = shared.WrongExpectedVersion.deserializeBinary(details.getValue_asU8())
      return { tag: 'wrong', actual: wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : -1 }
    }
    case 'event_store.client.StreamDeleted':
      return ERASED
    case 'event_store.client.MaximumAppendSizeExceeded': {
      const max = shared.MaximumAppendSizeExceeded.deserializeBinary(details.getValue_asU8()).getMaxappendsize()
      return { tag: 'refused', reason: `more than the server takes in one append (${max} bytes)` }
    }
    default:
      return unknown(error.getMessage() || (details?.getTypeName() ?? 'an append failed without saying why'))
  }
}

type Pending = Readonly<{ answer: (outcome: Outcome) => void; last: number; count: number; timer: NodeJS.Timeout }>

type OpenCall = {
  readonly call: BatchCall
  readonly channel: unknown
  readonly pending: Map<string, Pending>
  answers: number
  isOver: boolean
  /** No further append is sent on it; it is cancelled after its last answer. */
  isRetired: boolean
}

/**
 * Sends all appends over one call; answers are matched by correlation id. Appends that are pending when the call ends
 * have an unknown outcome, and the next append opens another call. The call ends when it breaks; after its last
 * answer, once the connection has moved to another server; when it has answered nothing for as long as an append may
 * wait; and when the server reports that it may not write, which it would repeat for every append.
 *
 * No deadline is sent: the message carries it as a time of day, and a server whose clock is ahead by that much would
 * refuse every append.
 */
const batched = (connection: EventStoreDbConnection): Appender => {
  const { deadlineMs } = connection
  let current: Promise<OpenCall> | undefined

  const open = async (): Promise<OpenCall> => {
    const call = await connection.openBatch()
    const opened: OpenCall = {
      call,
      channel: connection.channel(),
      pending: new Map(),
      answers: 0,
      isOver: false,
      isRetired: false,
    }
    call.on('data', (answer) => {
      opened.answers += 1
      settle(opened, answer.getCorrelationId()?.getString() ?? '', ({ last, count }) => outcomeOf(answer, last, count))
      if (saysWrongServer(answer.getError()?.getMessage() ?? '')) {
        giveUp(opened, 'the server is not the one to write to')
        connection.renew()
      }
    })
    call.on('end', () => over(opened))
    call.on('close', () => over(opened))
    // This listener stays: a broken call may emit several errors, and an error without a listener ends the process.
    call.on('error', (cause) => over(opened, { tag: 'unknown', cause }))
    return opened
  }

  const settle = (opened: OpenCall, id: string, outcome: (append: Pending) => Outcome): void => {
    const { pending } = opened
    const append = pending.get(id)
    // Too late: the caller already has the answer that the outcome is unknown.
    if (append === undefined) return
    pending.delete(id)
    clearTimeout(append.timer)
    append.answer(outcome(append))
    if (opened.isRetired && pending.size === 0) opened.call.cancel()
  }

  /** Another call has found the leader on another server; this call is not told. */
  const retire = (opened: OpenCall): void => {
    current = undefined
    opened.isRetired = true
    if (opened.pending.size === 0) opened.call.cancel()
  }

  const over = (opened: OpenCall, outcome: Outcome = unknown('the call has ended')): void => {
    if (!opened.isOver && !opened.isRetired) current = undefined
    opened.isOver = true
    for (const id of [...opened.pending.keys()]) settle(opened, id, () => outcome)
  }

  const giveUp = (opened: OpenCall, why: string): void => {
    over(opened, unknown(why))
    opened.call.cancel()
  }

  const append: Appender = async (stream, last, events) => {
    current ??= open()
    const mine = current
    let opened: OpenCall
    try {
      opened = await mine
    } catch (cause) {
      if (current === mine) current = undefined
      return { tag: 'unknown', cause }
    }
    if (opened.isOver) return unknown('the call has ended')
    if (opened.channel !== connection.channel()) {
      if (current === mine) retire(opened)
      return append(stream, last, events)
    }
    return new Promise((answer) => {
      const id = randomUUID()
      const before = opened.answers
      const timer = setTimeout(() => {
        settle(opened, id, () => unknown(`no answer for ${deadlineMs} ms`))
        if (opened.answers === before && !opened.isOver) {
          giveUp(opened, `the server has been silent for ${deadlineMs} ms`)
          connection.renew()
        }
      }, deadlineMs)
      opened.pending.set(id, { answer, last, count: events.length, timer })
      for (const message of batchMessages(id, stream, last, events)) opened.call.write(message)
    })
  }
  return append
}

/**
 * Appends over one call if the server offers BatchAppend (21.10 and later), otherwise by one call per append. Asks
 * again after every failure, because the next call may reach another server.
 */
export const appender = (connection: EventStoreDbConnection): Appender => {
  const [one, all] = [singly(connection), batched(connection)]
  let offered: Promise<boolean> | undefined
  return async (stream, last, events) => {
    offered ??= connection.offersBatch()
    const mine = offered
    const outcome = await mine.then(
      (isOffered) => (isOffered ? all : one)(stream, last, events),
      (cause: unknown): Outcome => ({ tag: 'unknown', cause }),
    )
    if (outcome.tag === 'unknown' && offered === mine) offered = undefined
    return outcome
  }
}
