import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { appender } from '../append/batch-append.js'
import type { Outcome } from '../append/outcome.js'
import type { EventStoreDbConnection } from '../client/connection.js'
import { readStreamEvents } from '../read/read.js'
import { isKeptOut } from '../../kept-out.js'

/** `Denied`: the server does not know this user, or does not let it do this. */
export type PolicyFailure = Readonly<
  { tag: 'NotAvailable'; cause: unknown } | { tag: 'Denied' } | { tag: 'Refused'; reason: string }
>

export const failureOf = (cause: unknown): PolicyFailure =>
  isKeptOut(cause) ? { tag: 'Denied' } : { tag: 'NotAvailable', cause }

/** The last event of a stream in which the server keeps settings of its own, as text; `{}` if there is none. */
export type SystemText = Readonly<{ text: string; revision: number }>

/** @throws LogUnavailable */
export const readSystemText = async (connection: EventStoreDbConnection, stream: string): Promise<SystemText> => {
  let last: SystemText = { text: '{}', revision: -1 }
  for await (const [event] of readStreamEvents(connection, stream, { backwards: true, max: 1 }))
    if (event !== undefined) last = { text: Buffer.from(event.data).toString(), revision: event.revision }
  return last
}

/**
 * Replaces it, unless it is so already: the server would take the return to an earlier text for a repeat. Returns
 * whether that changed anything.
 */
export const writeSystemText = async (
  connection: EventStoreDbConnection,
  stream: string,
  type: string,
  before: SystemText,
  text: string,
): Promise<E.Either<PolicyFailure, { changed: boolean }>> => {
  if (before.text === text) return E.right({ changed: false })
  const event = { id: randomUUID(), type, data: new TextEncoder().encode(text), metadata: new Uint8Array(0) }
  return answerOf(await appender(connection)(stream, before.revision, [event]))
}

const answerOf = (outcome: Outcome): E.Either<PolicyFailure, { changed: boolean }> => {
  switch (outcome.tag) {
    case 'stored':
      return E.right({ changed: true })
    case 'wrong':
      return E.left({ tag: 'NotAvailable', cause: new Error('somebody else set the policy meanwhile') })
    case 'erased':
      return E.left({ tag: 'Refused', reason: 'the stream was erased' })
    case 'exceeds':
      return E.left({ tag: 'Refused', reason: `the policy has more than ${outcome.max} bytes` })
    case 'too-large':
      return E.left({ tag: 'Refused', reason: outcome.reason })
    case 'unknown':
      return E.left(failureOf(outcome.cause))
  }
}
