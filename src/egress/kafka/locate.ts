import { ClusterError, type PartitionReader } from './cluster.js'
import { OffsetRanges } from './offsets.js'
import { recordHeaders } from './records/headers.js'
import { partitioning, placesOf } from './records/records.js'
import { withReader, type SinkContext } from './sink-context.js'
import type { Located, SinkRecord } from '../sink.js'

const FIRST_WINDOW = 500n
/** Records of a partition that are looked at, at most: what is looked for was published last. */
const LOOKED_AT_MAX = 200_000n

/**
 * Finds committed records of ours by their id (`ce_id`), looking backwards from the end of their partitions. A topic that
 * this user may not read tells no offsets; its records then count as found. An open transaction before them is waited
 * for, until the signal aborts.
 */
export const locate = async (
  context: SinkContext,
  records: readonly SinkRecord[],
  signal: AbortSignal,
): Promise<Located> =>
  withReader(context, async (reader) => {
    const { wanted, counts } = await wantedIn(context, reader, records)
    const ranges = new OffsetRanges((topic) => counts.get(topic) ?? 0)
    const found = new Set<string>()
    for (const { topic, partition, ids } of wanted) {
      const offsets = await offsetsOf(reader, topic, partition, ids, signal)
      if (offsets === undefined) {
        for (const id of ids) found.add(id)
        ranges.add(topic, partition, undefined, undefined, ids.size)
        continue
      }
      for (const [id, offset] of offsets) {
        found.add(id)
        ranges.add(topic, partition, offset, offset, 1)
      }
    }
    return { records: found.size, offsets: ranges.all() }
  })

type Wanted = Readonly<{ topic: string; partition: number; ids: Set<string> }>

const wantedIn = async (
  context: SinkContext,
  reader: PartitionReader,
  records: readonly SinkRecord[],
): Promise<Readonly<{ wanted: readonly Wanted[]; counts: ReadonlyMap<string, number> }>> => {
  const places = records.map((record) => ({ id: recordIdOf(record), places: placesOf(record, context) }))
  const counts = new Map<string, number>()
  for (const { places: own } of places)
    for (const { topic } of own) if (!counts.has(topic)) counts.set(topic, await reader.partitions(topic))
  const partitionOf = partitioning(counts)
  const wanted = new Map<string, Wanted>()
  for (const { id, places: own } of places)
    for (const { topic, key } of own) {
      if (counts.get(topic) === 0) continue
      const partition = partitionOf(topic, key)
      const place = `${partition} ${topic}`
      const known = wanted.get(place)
      if (known === undefined) wanted.set(place, { topic, partition, ids: new Set([id]) })
      else known.ids.add(id)
    }
  return { wanted: [...wanted.values()], counts }
}

/** The offset of each record by its id; `undefined`: this user may not read the topic. */
const offsetsOf = async (
  reader: PartitionReader,
  topic: string,
  partition: number,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number> | undefined> => {
  const offsets = new Map<string, number>()
  const { first, end } = await reader.bounds(topic, partition)
  const least = end - LOOKED_AT_MAX > first ? end - LOOKED_AT_MAX : first
  let through = end
  for (let window = FIRST_WINDOW; through > least && offsets.size < ids.size; window *= 8n) {
    const from = through - window > least ? through - window : least
    for (let at = from; at < through;) {
      signal.throwIfAborted()
      const fetched = await fetchedFrom(reader, topic, partition, at)
      if (fetched === undefined) return undefined
      for (const { headers, offset } of fetched.records) {
        const id = String(headers['ce_id'])
        if (offset < through && ids.has(id) && headers['streamvane-replay'] === undefined)
          offsets.set(id, Number(offset))
      }
      at = fetched.next
    }
    through = from
  }
  return offsets
}

const fetchedFrom = async (
  reader: PartitionReader,
  topic: string,
  partition: number,
  from: bigint,
): Promise<Awaited<ReturnType<PartitionReader['fetch']>> | undefined> => {
  try {
    return await reader.fetch(topic, partition, from)
  } catch (cause) {
    if (cause instanceof ClusterError && cause.protocolError === 'TOPIC_AUTHORIZATION_FAILED') return undefined
    throw cause
  }
}

const recordIdOf = (record: SinkRecord): string => recordHeaders(record, '', 'exactly-once')['ce_id'] ?? ''
