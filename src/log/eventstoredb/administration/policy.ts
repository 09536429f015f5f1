import * as E from 'fp-ts/lib/Either.js'
import { DAY_MS } from '../../../domain/interval.js'
import { connectEventStoreDb, type EventStoreDbConnection } from '../client/connection.js'
import { partsStreamOf } from '../large/form.js'
import type { EventStoreDbAccess } from '../options.js'
import { aclOf, inForce, rightsIn, SERVER_DEFAULTS } from './rights.js'
import type { Rights } from './rights.js'
import { failureOf, readSystemText, writeSystemText } from './system-event.js'
import type { PolicyFailure } from './system-event.js'

/** How long the server keeps a stream, and who may use it. Absent: no limit, the default rights. */
export type StreamPolicy = Readonly<{
  /** Events older than this can no longer be read, and the next scavenge removes them. Whole seconds. */
  maxAgeMs?: number | undefined
  /** Number of the newest events to keep. */
  maxCount?: number | undefined
  acl?: Rights | undefined
}>

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
    $acl: aclOf(acl),
  })

/**
 * Of the parts of a stream's large events. They are written shortly before these, and are kept longer, so that no event
 * outlives its parts. They have other numbers than the events, so a number of the newest to keep does not apply.
 */
const ofParts = ({ maxAgeMs, acl }: StreamPolicy): StreamPolicy => ({
  maxAgeMs: maxAgeMs === undefined ? undefined : maxAgeMs + DAY_MS,
  acl,
})

/**
 * Replaces a stream's policy as a whole, and that of the parts of its large events with it. Returns whether that
 * changed anything. Safe to repeat.
 */
export const setStreamPolicy = async (
  access: EventStoreDbAccess,
  stream: string,
  policy: StreamPolicy,
): Promise<E.Either<PolicyFailure, { changed: boolean }>> => {
  const reason = fault(policy)
  if (reason !== undefined) return E.left({ tag: 'Refused', reason })
  return connected(access, async (connection) => {
    const set = async (of: string, wanted: StreamPolicy): ReturnType<typeof writeSystemText> => {
      const metastream = `$$${of}`
      const before = await readSystemText(connection, metastream)
      return writeSystemText(connection, metastream, '$metadata', before, metadataOf(wanted))
    }
    if (!stream.startsWith('$')) {
      const parts = await set(partsStreamOf(stream), ofParts(policy))
      if (E.isLeft(parts)) return parts
    }
    return set(stream, policy)
  })
}

const connected = async <T>(
  access: EventStoreDbAccess,
  work: (connection: EventStoreDbConnection) => Promise<E.Either<PolicyFailure, T>>,
): Promise<E.Either<PolicyFailure, T>> => {
  const connection = connectEventStoreDb(access)
  try {
    return await work(connection)
  } catch (cause) {
    return E.left(failureOf(cause))
  } finally {
    await connection.close()
  }
}

const SETTINGS = '$settings'
/** The member of the settings that holds the rights of streams that say nothing of their own. */
const OF_STREAMS = '$userStreamAcl'

/** What is in force where a stream says nothing of its own, and for reading the whole log. */
export type DefaultRights = Readonly<{ ofStreams: Required<Rights>; ofAll: Required<Rights> }>

/**
 * Says who may use the streams that say nothing of their own; what is not named stays as it is, and without any rights
 * nothing is changed. Whoever may set policies can take every other right, and so `delete` says that too unless
 * `metaWrite` does; in the same way `read` says who may read policies. With `isDryRun` nothing is written. Returns what
 * is (or would be) in force.
 */
export const setDefaultRights = async (
  access: EventStoreDbAccess,
  wanted: Rights,
  isDryRun = false,
): Promise<E.Either<PolicyFailure, DefaultRights & Readonly<{ changed: boolean }>>> =>
  connected(access, async (connection) => {
    const before = await readSystemText(connection, SETTINGS)
    const settings = JSON.parse(before.text) as Readonly<Record<string, unknown>>
    const implied: Rights = {
      ...(wanted.read && { metaRead: wanted.read }),
      ...(wanted.delete && { metaWrite: wanted.delete }),
    }
    const said = inForce(wanted, implied, rightsIn(settings[OF_STREAMS]))
    const changes = Object.keys(wanted).length > 0
    const text = changes ? JSON.stringify({ ...settings, [OF_STREAMS]: aclOf(said) }) : before.text
    const ofLog = JSON.parse((await readSystemText(connection, '$$$all')).text) as Readonly<Record<string, unknown>>
    const rights = {
      ofStreams: inForce(said, SERVER_DEFAULTS.ofStreams) as Required<Rights>,
      ofAll: inForce(rightsIn(ofLog['$acl']), SERVER_DEFAULTS.ofSystem) as Required<Rights>,
    }
    if (isDryRun) return E.right({ ...rights, changed: text !== before.text })
    return E.map(({ changed }: { changed: boolean }) => ({ ...rights, changed }))(
      await writeSystemText(connection, SETTINGS, SETTINGS, before, text),
    )
  })
