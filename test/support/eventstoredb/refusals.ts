/** Test support: how EventStoreDB refuses a call, with the codes and trailers of its sources. */
import { Metadata, status } from '@grpc/grpc-js'
import type { Faults } from './faults.js'
import { credentialsOf } from './rights.js'

export type Refusal = Readonly<{ code: number; details: string; metadata?: Metadata }>

/** A refusal as an error to throw. */
export const refused = (refusal: Refusal): Error & Refusal => Object.assign(new Error(refusal.details), refusal)

const withTrailers = (code: number, details: string, trailers: Readonly<Record<string, string>>): Refusal => {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value)
  return { code, details, metadata }
}

/** What a client is told of a server that crashed. */
export const UNAVAILABLE: Refusal = { code: status.UNAVAILABLE, details: 'read ECONNRESET' }
export const NO_LEADER = 'No leader info available in response'
export const ACCESS_DENIED = withTrailers(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' })
/** A position at which no record begins. */
export const BETWEEN_RECORDS: Refusal = { code: status.UNKNOWN, details: 'Unexpected ReadAllResult: Error' }
export const TOO_SLOW: Refusal = {
  code: status.ABORTED,
  details: 'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
}

export const streamDeleted = (stream: string): Refusal =>
  withTrailers(status.FAILED_PRECONDITION, 'Event stream is deleted.', {
    exception: 'stream-deleted',
    'stream-name': encodeURIComponent(stream),
  })

/** Why the server will not take this call at all, if so. Only calls that ask for the leader are sent to it. */
export const refusalOf = (faults: Faults, metadata: Metadata): Refusal | undefined => {
  if (faults.denies) return ACCESS_DENIED
  if (faults.leader === undefined || metadata.get('requires-leader')[0] !== 'true') return undefined
  if (faults.leader === 'nobody') return { code: status.UNKNOWN, details: NO_LEADER }
  const { address, port } = faults.leader
  return withTrailers(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    ...(faults.hidesLeader ? {} : { 'leader-endpoint-host': address, 'leader-endpoint-port': `${port}` }),
  })
}

/** Whether the caller is known, where names are asked for. */
export const unauthenticated = (
  users: Readonly<Record<string, string>> | undefined,
  metadata: Metadata,
): Refusal | undefined => {
  if (users === undefined) return undefined
  const { name, password } = credentialsOf(metadata)
  return users[name] === password && password !== undefined
    ? undefined
    : { code: status.UNAUTHENTICATED, details: 'Unauthenticated' }
}
