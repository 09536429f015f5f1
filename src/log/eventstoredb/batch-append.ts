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
  /** Nothing more is sent on it; it ends with its last answer. */
  isRetired: boolean
}

/**
 * All appends over one call, each answered by its correlation id. What is pending when the call ends has an unknown
 * outcome, and the next append opens another. The call ends when it breaks; with its last answer, once other calls of
 * the connection go elsewhere; when nothing at all was answered on it for as long as an append may wait; and when the
 * server says that it is not the one to write to, which it says of each append and would go on saying.
 *
 * No deadline is sent: the message carries it as a time of day, and a server whose clock runs ahead of ours by as much
 * would refuse everything.
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
    // Stays: a broken call may tell several errors, and one nobody hears ends the process.
    call.on('error', (cause) => over(opened, { tag: 'unknown', cause }))
    return opened
  }

  const settle = (opened: OpenCall, id: string, outcome: (append: Pending) => Outcome): void => {
    const { pending } = opened
    const append = pending.get(id)
    // Too late: the caller has been told that the outcome is unknown.
    if (append === undefined) return
    pending.delete(id)
    clearTimeout(append.timer)
    append.answer(outcome(append))
    if (opened.isRetired && pending.size === 0) opened.call.cancel()
  }

  /** A read may have found the leader elsewhere; this call does not hear of that by itself. */
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
 * Over one call where the server offers it (21.10 and later), else a call for each; asked again after every failure,
 * because it may be another server then.
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
