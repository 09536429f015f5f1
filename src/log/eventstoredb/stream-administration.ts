import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { appender } from './append/batch-append.js'
import type { Outcome } from './append/outcome.js'
import { shared, streams } from './client/client-internals.js'
import { connectEventStoreDb } from './client/connection.js'
import type { EventStoreDbConnection } from './client/connection.js'
import { exceptionOf } from './failure.js'
import type { EventStoreDbAccess } from './options.js'
import { partsStreamOf } from './large/form.js'
import { lastRevisionOf, readStreamEvents } from './read/read.js'
import { streamIdentifier } from './client/wire.js'
import type { AppendFailure, Erased } from '../event-log.js'

/**
 * Deletes a stream for ever by a tombstone: it can no longer be read or written. The server removes the bytes when its
 * operator runs a scavenge. The parts of its large events go with it. `last` is the stream's last revision, `undefined` if there is no such stream.
 */
export const eraseStream = async (
  connection: EventStoreDbConnection,
  stream: string,
  last: number | undefined,
): Promise<E.Either<AppendFailure, Erased>> => {
  const parts = partsStreamOf(stream)
  if (last === undefined) {
    // Erased before, but perhaps not to its end.
    const isLeft = (await lastRevisionOf(connection, parts)) !== undefined
    return isLeft ? E.map(() => ({ events: 0 }))(await tombstone(connection, parts)) : E.right({ events: 0 })
  }
  const erased = await tombstone(connection, stream)
  if (E.isLeft(erased)) return erased
  // Also where there are none: a large event that is being written must not leave any.
  const withParts = await tombstone(connection, parts)
  return E.isLeft(withParts) ? withParts : E.right({ events: erased.right ? last + 1 : 0 })
}

/** Whether it was there to be deleted. */
const tombstone = async (
  connection: EventStoreDbConnection,
  stream: string,
): Promise<E.Either<AppendFailure, boolean>> => {
  const options = new streams.TombstoneReq.Options()
  options.setStreamIdentifier(streamIdentifier(stream))
  options.setAny(new shared.Empty())
  const request = new streams.TombstoneReq()
  request.setOptions(options)
  try {
    await connection.tombstone(request)
    return E.right(true)
  } catch (cause) {
    // Another process was quicker.
    return exceptionOf(cause) === 'stream-deleted' ? E.right(false) : E.left({ tag: 'NotAvailable', cause })
  }
}

type Roles = readonly string[]

/** How long the server keeps a stream, and who may use it. Absent: no limit, the server's default rights. */
export type StreamPolicy = Readonly<{
  /** Events older than this can no longer be read, and the next scavenge removes them. Whole seconds. */
  maxAgeMs?: number | undefined
  /** Number of the newest events to keep. */
  maxCount?: number | undefined
  /** Users and groups, `$admins` and `$all` among them. */
  acl?: Readonly<{ read?: Roles; write?: Roles; delete?: Roles; metaRead?: Roles; metaWrite?: Roles }> | undefined
}>

export type PolicyFailure = Readonly<{ tag: 'NotAvailable'; cause: unknown } | { tag: 'Refused'; reason: string }>

const fault = ({ maxAgeMs, maxCount }: StreamPolicy): string | undefined => {
  if (maxAgeMs !== undefined && !(Number.isSafeInteger(maxAgeMs / 1_000) && maxAgeMs > 0))
    return `a maximum age of ${maxAgeMs} ms is not whole seconds`
  if (maxCount !== undefined && !(Number.isSafeInteger(maxCount) && maxCount > 0))
    return `a maximum of ${maxCount} events is not a whole number from 1`
  return undefined
}

const metadataOf = ({ maxAgeMs, maxCount, acl }: StreamPolicy): string =>
  JSON.stringify({
    $maxAge: maxAgeMs === undefined ? undefined : maxAgeMs / 1_000,
    $maxCount: maxCount,
    $acl: acl && { $r: acl.read, $w: acl.write, $d: acl.delete, $mr: acl.metaRead, $mw: acl.metaWrite },
  })

/**
 * Replaces a stream's policy as a whole. Returns whether that changed anything. Safe to repeat: the policy is compared
 * with the present one here, because the server would take the return to an earlier policy for a repeat.
 */
export const setStreamPolicy = async (
  access: EventStoreDbAccess,
  stream: string,
  policy: StreamPolicy,
): Promise<E.Either<PolicyFailure, { changed: boolean }>> => {
  const reason = fault(policy)
  if (reason !== undefined) return E.left({ tag: 'Refused', reason })
  const connection = connectEventStoreDb(access)
  try {
    const metastream = `$$${stream}`
    const wanted = metadataOf(policy)
    let [last, present] = [-1, '{}']
    for await (const [event] of readStreamEvents(connection, metastream, { backwards: true, max: 1 }))
      if (event !== undefined) [last, present] = [event.revision, Buffer.from(event.data).toString()]
    if (present === wanted) return E.right({ changed: false })
    const event = {
      id: randomUUID(),
      type: '$metadata',
      data: new TextEncoder().encode(wanted),
      metadata: new Uint8Array(0),
    }
    return answerOf(await appender(connection)(metastream, last, [event]))
  } catch (cause) {
    return E.left({ tag: 'NotAvailable', cause })
  } finally {
    await connection.close()
  }
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
      return E.left({ tag: 'NotAvailable', cause: outcome.cause })
  }
}
