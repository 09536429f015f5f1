import type { Admin } from 'kafkajs'

/** Records between the progress of the group and the first one that a partition still holds. */
export type LostRecords = Readonly<{ topic: string; partition: number; records: number }>

/**
 * How many records of the topics wait for a group, by its committed offsets. `lost`: records that retention deleted
 * before the group had read them. A partition without a committed offset counts from where the group begins.
 */
export const groupLag = async (
  admin: Admin,
  { group, topics, from }: Readonly<{ group: string; topics: readonly string[]; from: 'earliest' | 'latest' }>,
): Promise<Readonly<{ events: number; lost: readonly LostRecords[] }>> => {
  const committed = await admin.fetchOffsets({ groupId: group, topics: [...topics] })
  const lost: LostRecords[] = []
  let events = 0n
  for (const { topic, partitions } of committed) {
    const offsetOf = new Map(partitions.map(({ partition, offset }) => [partition, BigInt(offset)]))
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const [first, end] = [BigInt(low), BigInt(high)]
      const known = offsetOf.get(partition) ?? -1n
      const at = known >= 0n ? known : from === 'earliest' ? first : end
      if (at < first) lost.push({ topic, partition, records: Number(first - at) })
      events += end - (at < first ? first : at)
    }
  }
  return { events: Number(events), lost }
}
