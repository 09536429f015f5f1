import type { PartitionReader } from '../cluster.js'
import { decodeProgress, supersedes, UnreadableProgress, type Owner, type ProgressRecord } from './progress.js'

/** Where the progress record of a transactional id is. */
export type ProgressPlace = Readonly<{ topic: string; partition: number; key: string }>

const FIRST_WINDOW = 200n

/**
 * What to do where a transaction is open: records behind its first one cannot be read before it ends. `wait` for it:
 * the record that is found is the last one. `stop` there: a later record may exist. A start looks with `stop` first,
 * because the open transaction may be that of a crashed predecessor, which nothing but the fencing ends soon.
 */
export type AtOpenTransaction = 'wait' | 'stop'

/** The offsets of a partition that are looked through: from the first, and below the last. */
type Stretch = Readonly<{ first: bigint; end: bigint }>

/**
 * The last committed record with this key in one partition that counts (see `supersedes`). Where there is none, what was
 * written meanwhile is read too: compaction may have removed the record that was there in favour of a later one.
 */
export const readProgress = async (
  reader: Pick<PartitionReader, 'bounds' | 'fetch'>,
  place: ProgressPlace,
  atOpenTransaction: AtOpenTransaction,
  signal: AbortSignal,
): Promise<ProgressRecord | undefined> => {
  const bounds = (): Promise<Stretch> => reader.bounds(place.topic, place.partition)
  let stretch = await bounds()
  for (;;) {
    const found = await readStretch(reader, place, stretch, atOpenTransaction, signal)
    if (found !== undefined) return found === null ? undefined : decodeProgress(found)
    const { end } = await bounds()
    if (end <= stretch.end) return undefined
    stretch = { first: stretch.end, end }
  }
}

/**
 * The value of the last record with this key; `null`: it is a tombstone; `undefined`: there is none. Reads backwards in
 * growing windows, because a busy progress topic may hold a million records that are not compacted yet. A record behind
 * `end` counts: compaction may have removed, in its favour, the one that was the last below `end`.
 */
const readStretch = async (
  reader: Pick<PartitionReader, 'fetch'>,
  { topic, partition, key }: ProgressPlace,
  { first, end }: Stretch,
  atOpenTransaction: AtOpenTransaction,
  signal: AbortSignal,
): Promise<Buffer | null | undefined> => {
  let through = end
  for (let window = FIRST_WINDOW; through > first; window *= 8n) {
    const from = through - window > first ? through - window : first
    let found: Buffer | null | undefined
    let owner: Owner | undefined
    for (let at = from; at < through;) {
      signal.throwIfAborted()
      const { records, next } = await reader.fetch(topic, partition, at)
      for (const { key: itsKey, value } of records) {
        if (itsKey?.toString('utf8') !== key) continue
        const itsOwner = value === null ? undefined : ownerOf(value)
        if (itsOwner !== undefined && owner !== undefined && !supersedes(itsOwner, owner)) continue
        found = value
        owner = itsOwner
      }
      if (next === at && atOpenTransaction === 'stop') break
      at = next
    }
    if (found !== undefined) return found
    through = from
  }
  return undefined
}

/** `undefined` where the record cannot be read; one that stands behind it may be readable. */
const ownerOf = (value: Buffer): Owner | undefined => {
  try {
    return decodeProgress(value).owner
  } catch (cause) {
    if (cause instanceof UnreadableProgress) return undefined
    throw cause
  }
}

/** Where to look for the record of a key: `preferred` is the partition that the key belongs into. */
export type ProgressHome = Readonly<{ topic: string; key: string; preferred: number; partitions: number }>

/**
 * Whether a record with this key that another owner wrote stands behind the last stable offset. It is not committed
 * yet, or a transaction that is open before it hides it.
 */
export const foreignClaimPending = async (
  reader: Pick<PartitionReader, 'bounds' | 'fetch'>,
  { topic, partition, key }: ProgressPlace,
  ownerId: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const { end } = await reader.bounds(topic, partition)
  const { stable } = await reader.fetch(topic, partition, end)
  for (let at = stable; at < end;) {
    signal.throwIfAborted()
    const { records, next } = await reader.fetch(topic, partition, at, 'uncommitted')
    for (const { key: itsKey, value } of records)
      if (value !== null && itsKey?.toString('utf8') === key && decodeProgress(value).owner.id !== ownerId) return true
    if (next === at) break
    at = next
  }
  return false
}

/**
 * The record with this key and the partition that it is in. The key belongs into `preferred`, but partitions may have
 * been added to the topic since the record was written, so the others are searched too. If there is no record,
 * `partition` is the preferred one.
 */
export const findProgress = async (
  reader: Pick<PartitionReader, 'bounds' | 'fetch'>,
  { topic, key, preferred, partitions }: ProgressHome,
  atOpenTransaction: AtOpenTransaction,
  signal: AbortSignal,
): Promise<Readonly<{ record: ProgressRecord | undefined; partition: number }>> => {
  const others = Array.from({ length: partitions }, (_, partition) => partition).filter((each) => each !== preferred)
  for (const partition of [preferred, ...others]) {
    const record = await readProgress(reader, { topic, partition, key }, atOpenTransaction, signal)
    if (record !== undefined) return { record, partition }
  }
  return { record: undefined, partition: preferred }
}
