import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import type { EventStoreDbConnection } from './client/connection.js'
import { LogUnavailable } from '../event-log.js'
import type { EventLog } from '../event-log.js'
import { readStreamEvents } from './read/read.js'

/** Holds one event, whose id is the log's. Its name belongs to no tenant: all tenants of a server share the log. */
const STREAM = 'streamvane.log-id'

/**
 * The id of the log on this server. The first process that needs it writes it; of two that do so at once the server
 * accepts one.
 *
 * @throws LogUnavailable if the server cannot be reached, or holds no id and does not allow this user to write one.
 */
export const readLogId = async (
  connection: EventStoreDbConnection,
  append: EventLog['append'],
  signal: AbortSignal,
): Promise<string> => {
  const held = await readId(connection, signal)
  if (held !== undefined) return held
  const event = { id: randomUUID(), type: 'LogIdentified', data: new Uint8Array(0), metadata: new Uint8Array(0) }
  const [answer] = await append([{ stream: STREAM, expected: 'no-stream', events: [event] }])
  const written = await readId(connection, signal)
  if (written !== undefined) return written
  const failure = answer !== undefined && E.isLeft(answer) ? answer.left : undefined
  const why =
    failure?.tag === 'Refused' ? failure.reason : failure?.tag === 'NotAvailable' ? String(failure.cause) : 'no answer'
  throw new LogUnavailable(
    `EventStoreDB holds no id of the log in the stream ${STREAM}, and it could not be written: ${why}. ` +
      'Start a process first whose user may write to that stream.',
  )
}

const readId = async (connection: EventStoreDbConnection, signal: AbortSignal): Promise<string | undefined> => {
  let id: string | undefined
  for await (const [event] of readStreamEvents(connection, STREAM, { max: 1 }, signal)) id = event?.id
  return id
}
