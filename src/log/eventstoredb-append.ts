import { randomUUID } from 'node:crypto'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type { AppendResp, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { NewEvent } from './event-log.js'
import type { BatchCall, EventStoreDbConnection } from './eventstoredb-connection.js'
import { appendMessages, batchMessages } from './eventstoredb-wire.js'

/** What became of an append at the server. Only of `unknown` it may have been stored or not. */
export type Outcome =
  | Readonly<{ tag: 'stored'; revision: number }>
  | Readonly<{ tag: 'wrong' }>
  | Readonly<{ tag: 'refused'; reason: string }>
  | Readonly<{ tag: 'unknown'; cause: unknown }>

/** Appends to a stream whose last revision must be `last` (-1: no stream). Appends are sent in the order of the calls; never rejects. */
export type Appender = (stream: string, last: number, events: readonly NewEvent[]) => Promise<Outcome>

const unknown = (why: string): Outcome => ({ tag: 'unknown', cause: new Error(`EventStoreDB: ${why}`) })

/** A call for each append, one after the other: calls side by side would be taken up in any order. */
const singly = (connection: EventStoreDbConnection, deadlineMs: number): Appender => {
  let before: Promise<unknown> = Promise.resolve()
  return (stream, last, events) => {
    const mine = before.then(() =>
      connection
        .append(appendMessages(stream, last, events), deadlineMs)
        .then(
          (answer: AppendResp): Outcome =>
            answer.hasWrongExpectedVersion()
              ? { tag: 'wrong' }
              : { tag: 'stored', revision: Number(answer.getSuccess()?.getCurrentRevision() ?? last + events.length) },
          outcomeOfError,
        ),
    )
    before = mine
    return mine
  }
}

/** 20.6-era servers tell what happened in a trailer named `exception`. */
const outcomeOfError = (cause: unknown): Outcome => {
  const metadata = (cause as { metadata?: { getMap: () => Record<string, string | Buffer> } }).metadata
  switch (metadata?.getMap()['exception']) {
    case 'wrong-expected-version':
      return { tag: 'wrong' }
    case 'stream-deleted':
      return { tag: 'refused', reason: 'the stream was erased' }
    case 'maximum-append-size-exceeded':
      return { tag: 'refused', reason: 'more than the server takes in one append' }
    default:
      return { tag: 'unknown', cause }
  }
}

const outcomeOfBatch = (answer: BatchAppendResp, last: number, count: number): Outcome => {
  const error = answer.getError()
  if (error === undefined) return { tag: 'stored', revision: Number(answer.getSuccess()?.getCurrentRevision() ?? last + count) }
  const details = error.getDetails()
  switch (details?.getTypeName()) {
    case 'event_store.client.WrongExpectedVersion':
      return { tag: 'wrong' }
    case 'event_store.client.StreamDeleted':
      return { tag: 'refused', reason: 'the stream was erased' }
    case 'event_store.client.MaximumAppendSizeExceeded': {
      const max = shared.MaximumAppendSizeExceeded.deserializeBinary(details.getValue_asU8()).getMaxappendsize()
      return { tag: 'refused', reason: `more than the server takes in one append (${max} bytes)` }
    }
    default:
      return unknown(error.getMessage() || (details?.getTypeName() ?? 'an append failed without saying why'))
  }
}

type Pending = Readonly<{ answer: (outcome: Outcome) => void; last: number; count: number; timer: NodeJS.Timeout }>

type OpenCall = { readonly call: BatchCall; readonly pending: Map<string, Pending>; isOver: boolean }

/** All appends over one call, each answered by its correlation id. What is pending when the call breaks has an unknown outcome; the next append opens another. */
const batched = (connection: EventStoreDbConnection, deadlineMs: number): Appender => {
  let current: Promise<OpenCall> | undefined

  const open = async (): Promise<OpenCall> => {
    const opened: OpenCall = { call: await connection.openBatch(), pending: new Map(), isOver: false }
    const { call, pending } = opened
    const settle = (id: string, outcomeOf: (append: Pending) => Outcome): void => {
      const append = pending.get(id)
      // Too late: the caller has been told that the outcome is unknown.
      if (append === undefined) return
      pending.delete(id)
      clearTimeout(append.timer)
      append.answer(outcomeOf(append))
    }
    const over = (cause?: Error): void => {
      if (!opened.isOver) current = undefined
      opened.isOver = true
      for (const id of [...pending.keys()])
        settle(id, () => (cause === undefined ? unknown('the call has ended') : { tag: 'unknown', cause }))
    }
    call.on('data', (answer) =>
      settle(answer.getCorrelationId()?.getString() ?? '', ({ last, count }) => outcomeOfBatch(answer, last, count)),
    )
    call.on('end', () => over())
    call.on('close', () => over())
    // Stays: a broken call may tell several errors, and one nobody hears ends the process.
    call.on('error', over)
    return opened
  }

  return async (stream, last, events) => {
    current ??= open()
    const mine = current
    let opened: OpenCall
    try {
      opened = await mine
    } catch (cause) {
      if (current === mine) current = undefined
      return { tag: 'unknown', cause }
    }
    const { call, pending } = opened
    if (opened.isOver) return unknown('the call has ended')
    return new Promise((answer) => {
      const id = randomUUID()
      const timer = setTimeout(() => {
        pending.delete(id)
        answer(unknown(`no answer for ${deadlineMs} ms`))
      }, deadlineMs)
      pending.set(id, { answer, last, count: events.length, timer })
      for (const message of batchMessages(id, stream, last, events, new Date(Date.now() + deadlineMs))) call.write(message)
    })
  }
}

/** Over one call where the server offers it (21.10 and later), else a call for each; asked again after every failure, because it may be another server then. */
export const appender = (connection: EventStoreDbConnection, deadlineMs: number): Appender => {
  const [one, all] = [singly(connection, deadlineMs), batched(connection, deadlineMs)]
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
