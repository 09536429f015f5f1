import { ClusterError, type FetchedRecord, type PartitionReader } from '../cluster.js'

const LOOKED_AT = 200n

/**
 * Which topic holds rows of a tenant that were not published by a replay, as a clause; `undefined` if none does. Looks
 * at the first and the last records of each partition: where tenants share a topic, records of one may be hidden among
 * those of others. A topic that this user may not read is taken to hold rows unless it is empty.
 */
export const topicWithRows = async (
  reader: Pick<PartitionReader, 'bounds' | 'fetch' | 'partitions'>,
  topics: readonly string[],
  tenant: string,
  signal: AbortSignal,
): Promise<string | undefined> => {
  for (const topic of topics) {
    const partitions = await reader.partitions(topic)
    for (let partition = 0; partition < partitions; partition++) {
      const { first, end } = await reader.bounds(topic, partition)
      for (const from of new Set([end - LOOKED_AT > first ? end - LOOKED_AT : first, first])) {
        signal.throwIfAborted()
        if (from >= end) continue
        const records = await recordsFrom(reader, topic, partition, from)
        if (records === undefined) return `${topic} holds records, which this user may not read (grant READ on it)`
        if (records.some(({ headers }) => isRowOf(tenant, headers))) return `${topic} holds rows of tenant ${tenant}`
      }
    }
  }
  return undefined
}

/** `undefined`: this user may not read the topic. Publishing needs no right to. */
const recordsFrom = async (
  reader: Pick<PartitionReader, 'fetch'>,
  topic: string,
  partition: number,
  from: bigint,
): Promise<readonly FetchedRecord[] | undefined> => {
  try {
    return (await reader.fetch(topic, partition, from)).records
  } catch (cause) {
    if (cause instanceof ClusterError && cause.protocolError === 'TOPIC_AUTHORIZATION_FAILED') return undefined
    throw cause
  }
}

const isRowOf = (tenant: string, headers: Readonly<Record<string, unknown>>): boolean =>
  String(headers['ce_source']) === `/streamvane/${tenant}` && headers['streamvane-replay'] === undefined
