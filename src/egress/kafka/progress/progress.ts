import type { Progress } from '../../sink.js'

/**
 * The record in the progress topic, keyed by transactional id: how far this egress has come, whose progress that is,
 * where it was published, and which instance wrote the record.
 *
 * Each instance writes one when it connects (its claim), so that an instance that loses its epoch, or finds another
 * claim when it looks, knows whether another has taken over.
 */
export type ProgressRecord = Readonly<{
  progress: Progress | undefined
  owner: Owner
  /** Absent from records of version 1. */
  place: Place | undefined
}>

/** `id` is random and the same for all connections of one sink. */
export type Owner = Readonly<{ id: string; host: string; pid: number }>

/** Where the rows of a tenant were published. Ids are random: a topic or cluster that is created again has another. */
export type Place = Readonly<{
  tenant: string
  clusterId: string | undefined
  /** Ids of row topics and of the progress topic, by name; `undefined` where the broker does not tell them. */
  topics: Readonly<Record<string, string>> | undefined
}>

const VERSION = 2

/** A record of a later version: going on from a place that is not understood would lose or repeat rows. */
export class LaterProgressVersion extends Error {
  override readonly name = 'LaterProgressVersion'
}

export const encodeProgress = ({ progress, owner, place }: ProgressRecord): Buffer =>
  Buffer.from(JSON.stringify({ version: VERSION, ...progress, ...place, owner }))

/** Reads records of version 1 and 2. Throws `LaterProgressVersion`. */
export const decodeProgress = (value: Buffer): ProgressRecord => {
  const record = JSON.parse(value.toString('utf8')) as Stored
  const { version, generation, revision, logId, eventId, owner, tenant, clusterId, topics } = record
  if (version > VERSION)
    throw new LaterProgressVersion(
      `the progress record has version ${version} and was written by a later Streamvane: run that version`,
    )
  const identity = { ...(logId !== undefined && { logId }), ...(eventId !== undefined && { eventId }) }
  return {
    progress: generation === undefined || revision === undefined ? undefined : { generation, revision, ...identity },
    owner,
    place: tenant === undefined ? undefined : { tenant, clusterId, topics },
  }
}

type Stored = Readonly<{ version: number; owner: Owner }> & Partial<Progress> & Partial<Place>
