import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { operationsStream } from '../../../domain/stream-name.js'
import { contentId } from '../../../log/content-id.js'
import { LogUnavailable, type EventLog, type NewEvent } from '../../../log/event-log.js'
import { thisProcess } from '../../../log/embedded/lock/process-identity.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { bounded, boundedText } from './bounded.js'
import type { Json, Operation, OperationEvent, OperationResult } from './operation.js'

/** How an operation ends and what came of it. */
export type Noted = Readonly<{ result?: OperationResult; summary?: Json }>

/** Says how the operation ends (default: done) and what came of it. What was said last counts. */
export type Note = (noted: Noted) => void

/**
 * The operation was not begun, because its beginning could not be recorded: the control part of the log is locked, away
 * or may not be written. Nothing was changed.
 */
export class OperationNotRecorded extends Error {
  override readonly name = 'OperationNotRecorded'
}

export type JournalOptions = Readonly<{
  now?: () => number
  newId?: () => string
  /** Is told if the end could not be recorded. The work is done then, and its outcome stands. */
  onUnrecordedEnd?: (cause: unknown) => void
}>

/**
 * Runs `work` and records it: its beginning before, its end after. If the beginning cannot be recorded, the work is not
 * begun (`OperationNotRecorded`). A process that dies in between leaves an operation without an end. If `work` throws,
 * the operation has failed (`refused` or `stopped` where the error says so), and the error goes on to the caller.
 *
 * It opens the control part for writing itself: do not call it inside `changingControl`.
 */
export const journaled = async <T>(
  logs: Pick<Logs, 'changingControl'>,
  operation: Operation,
  work: (note: Note) => Promise<T>,
  { now = Date.now, newId = randomUUID, onUnrecordedEnd = () => undefined }: JournalOptions = {},
): Promise<T> => {
  const { tenant } = operation
  const id = newId()
  await append(logs, tenant, [began(operation, id, now())]).catch((cause: unknown) => {
    throw notRecorded(operation, cause)
  })
  let outcome: Noted = {}
  try {
    return await work((noted) => {
      outcome = { ...outcome, ...noted }
    })
  } catch (cause) {
    outcome = { result: resultOf(cause), summary: { error: messageOf(cause) } }
    throw cause
  } finally {
    await append(logs, tenant, [ended(id, outcome, now())]).catch(onUnrecordedEnd)
  }
}

/**
 * Records an operation that is over, in one append: for what changes nothing but belongs into the journal, such as a call
 * that was refused. Throws `OperationNotRecorded`.
 */
export const recordOperation = async (
  logs: Pick<Logs, 'changingControl'>,
  operation: Operation,
  outcome: Noted,
  { now = Date.now, newId = randomUUID }: Pick<JournalOptions, 'now' | 'newId'> = {},
): Promise<void> => {
  const [id, at] = [newId(), now()]
  await append(logs, operation.tenant, [began(operation, id, at), ended(id, outcome, at)]).catch((cause: unknown) => {
    throw notRecorded(operation, cause)
  })
}

const notRecorded = ({ operation }: Operation, cause: unknown): OperationNotRecorded =>
  new OperationNotRecorded(
    `${operation} was not begun and nothing was changed, because it could not be recorded: ${messageOf(cause)}`,
    { cause },
  )

const began = ({ operation, by, why, via, details }: Operation, id: string, at: number): OperationEvent => ({
  type: 'OperationBegan',
  id,
  operation,
  by,
  ...(why === undefined ? {} : { why: boundedText(why) }),
  via,
  at: new Date(at).toISOString(),
  ...(details === undefined ? {} : { details: bounded(details) as NonNullable<Operation['details']> }),
  process: thisProcess(),
})

const ended = (id: string, { result = 'done', summary }: Noted, at: number): OperationEvent => ({
  type: 'OperationEnded',
  id,
  result,
  ...(summary === undefined ? {} : { summary: bounded(summary) as Json }),
  at: new Date(at).toISOString(),
})

const eventOf = (tenant: string, event: OperationEvent): NewEvent => {
  const { type, ...data } = event
  return {
    id: contentId(type, tenant, event.id),
    type,
    data: Buffer.from(JSON.stringify(data)),
    metadata: Buffer.from('{}'),
  }
}

const append = (
  logs: Pick<Logs, 'changingControl'>,
  tenant: string,
  events: readonly OperationEvent[],
): Promise<void> => logs.changingControl((control) => appendTo(control, tenant, events))

const appendTo = async (control: EventLog, tenant: string, events: readonly OperationEvent[]): Promise<void> => {
  const stream = operationsStream(tenant)
  const [answer] = await control.append([
    { stream, expected: 'any', events: events.map((event) => eventOf(tenant, event)) },
  ])
  if (answer !== undefined && E.isRight(answer)) return
  const failure = answer?.left
  const reason =
    failure === undefined
      ? 'no answer'
      : failure.tag === 'NotAvailable'
        ? messageOf(failure.cause)
        : failure.tag === 'WrongExpectedRevision'
          ? failure.tag
          : failure.reason
  throw new LogUnavailable(`the stream ${stream} of the log cannot be written (${reason})`, {
    cause: failure?.tag === 'NotAvailable' ? failure.cause : failure,
  })
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Errors that say by their name that nothing was changed. */
const REFUSALS = /Refused$|^(UsageError|ConfigError|NotPublishable|LogLocked|NoGeneration|UnknownGeneration)$/

const resultOf = (cause: unknown): OperationResult => {
  const name = cause instanceof Error ? cause.name : ''
  if (/^AbortError$|Stopped$/.test(name)) return 'stopped'
  return REFUSALS.test(name) ? 'refused' : 'failed'
}
