import type { PartitionReader } from '../partition-reader.js'

const LOOKED_AT = 200n

/**
 * A topic that holds rows of a tenant which were not published by a replay; `undefined` if none does. Looks at the
 * first and the last records of each partition: where tenants share a topic, records of one may be hidden among those of
 * others.
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
        const { records } = await reader.fetch(topic, partition, from)
        if (records.some(({ headers }) => isRowOf(tenant, headers))) return topic
      }
    }
  }
  return undefined
}

const isRowOf = (tenant: string, headers: Readonly<Record<string, unknown>>): boolean =>
  String(headers['ce_source']) === `/streamvane/${tenant}` && headers['streamvane-replay'] === undefined
