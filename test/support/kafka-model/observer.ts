import type { Entry, ModelPartition } from './partition.js'

/**
 * The records of a partition that a read_committed consumer gets, told from the log as it stands: up to the last stable
 * offset, those without a transaction and those whose transaction ends in a commit marker. It uses neither the index of
 * aborted transactions nor the filter of the sink.
 */
export const committedEntries = (partition: ModelPartition, from = 0): readonly Entry[] => {
  const { lastStable } = partition
  /** How the transaction that is open at an entry ends, by producer: read backwards, the marker comes first. */
  const endings = new Map<number, 'commit' | 'abort'>()
  const committed: Entry[] = []
  for (const entry of partition.all().toReversed()) {
    if (entry.offset < from) break
    if (entry.marker !== undefined && entry.producerId !== undefined) endings.set(entry.producerId, entry.marker)
    else if (entry.offset < lastStable && (!entry.isTransactional || endings.get(entry.producerId ?? -1) === 'commit'))
      committed.push(entry)
  }
  return committed.reverse()
}
