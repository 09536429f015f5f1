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

/**
 * `id` is random and the same for all connections of one sink. `since`: when it began to publish; `at`: when it wrote
 * this record (ISO 8601). `claim` counts the claims of a transactional id. These three are absent from what earlier
 * versions wrote.
 */
export type Owner = Readonly<{ id: string; host: string; pid: number; since?: string; at?: string; claim?: number }>

/**
 * Whether a record of `later`, which stands behind one of `earlier` in the topic, counts. Where no transaction fences, a
 * zombie's record may stand behind the claim of its successor; it carries an older claim and does not count.
 */
export const supersedes = (later: Owner, earlier: Owner): boolean =>
  later.claim === undefined || earlier.claim === undefined || later.claim >= earlier.claim

/** Where the rows of a tenant were published. Ids are random: a topic or cluster that is created again has another. */
export type Place = Readonly<{
  tenant: string
  clusterId: string | undefined
  /** Ids of row topics, of the markers' own topic and of the progress topic, by name; `undefined` where the broker does not tell them. */
  topics: Readonly<Record<string, string>> | undefined
}>

const VERSION = 2

/**
 * The record cannot be read: a later version has written it, or something else than Streamvane. Going on from a place
 * that is not understood would lose or repeat rows, and trying again does not help.
 */
export class UnreadableProgress extends Error {
  override readonly name = 'UnreadableProgress'
}

export const encodeProgress = ({ progress, owner, place }: ProgressRecord): Buffer =>
  Buffer.from(JSON.stringify({ version: VERSION, ...progress, ...place, owner }))

/** Reads records of version 1 and 2. Throws `UnreadableProgress`. */
export const decodeProgress = (value: Buffer): ProgressRecord => {
  const { version, generation, revision, logId, eventId, promotion, filter, lacks, cutOver, ...rest } = parsed(value)
  const { owner, tenant, clusterId, topics } = rest
  if (version > VERSION)
    throw new UnreadableProgress(
      `the progress record has version ${version} and was written by a later Streamvane: run that version`,
    )
  const identity = {
    ...(logId !== undefined && { logId }),
    ...(eventId !== undefined && { eventId }),
    ...(promotion !== undefined && { promotion }),
    ...(filter !== undefined && { filter }),
    ...(lacks !== undefined && { lacks }),
    ...(cutOver !== undefined && { cutOver }),
  }
  return {
    progress: generation === undefined || revision === undefined ? undefined : { generation, revision, ...identity },
    owner,
    place: tenant === undefined ? undefined : { tenant, clusterId, topics },
  }
}

const parsed = (value: Buffer): Stored => {
  let record: unknown
  try {
    record = JSON.parse(value.toString('utf8'))
  } catch {
    record = undefined
  }
  if (typeof record === 'object' && record !== null && 'version' in record && 'owner' in record) return record as Stored
  throw new UnreadableProgress(
    'the last progress record was not written by Streamvane: delete it (a record with the same key and no value), and ' +
      'accept that (`streamvane egress accept progress-missing --why …`): all rows are then published again',
  )
}

type Stored = Readonly<{ version: number; owner: Owner }> & Partial<Progress> & Partial<Place>
