/**
 * One partition of the model: its log, what the leader knows of each producer, and which transactions are open.
 *
 * Rules and where they come from:
 * - sequence numbers and duplicates: KIP-98, "Idempotent producer"; Kafka's ProducerAppendInfo.checkSequence
 * - a lower epoch is refused, a marker raises the epoch: KIP-98, "Zombie fencing"; ProducerAppendInfo.checkProducerEpoch
 * - the last stable offset is the first offset of the oldest open transaction: KIP-98, "Reading transactional messages"
 * - compaction ends at the last stable offset, and removes records of aborted transactions: KIP-98, "Log compaction"
 */
export type Entry = Readonly<{
  offset: number
  key: string | null
  value: Buffer | null
  headers: Readonly<Record<string, string>>
  /** `undefined`: written by a producer without an id. */
  producerId: number | undefined
  epoch: number
  isTransactional: boolean
  marker: Ending | undefined
}>

export type Ending = 'commit' | 'abort'

export type ProducerEpoch = Readonly<{ producerId: number; epoch: number }>

export type NewRecord = Readonly<{
  key: string | null
  value: Buffer | null
  headers?: Readonly<Record<string, string>>
}>

/** A record batch of one producer. `firstSequence` is that of its first record. */
export type Batch = Readonly<{
  producer: ProducerEpoch
  firstSequence: number
  isTransactional: boolean
  records: readonly NewRecord[]
}>

export type AppendError = 'INVALID_PRODUCER_EPOCH' | 'OUT_OF_ORDER_SEQUENCE_NUMBER' | 'INVALID_TXN_STATE'

export type AbortedTransaction = Readonly<{ producerId: number; firstOffset: number; lastOffset: number }>

type ProducerState = {
  epoch: number
  /** The last batches, by which a repetition is known. */
  batches: readonly Readonly<{ firstSequence: number; lastSequence: number }>[]
  /** First offset of its open transaction. */
  openFrom: number | undefined
}

/** Leaders remember the last five batches of a producer. */
const BATCHES_REMEMBERED = 5

export class ModelPartition {
  private entries: Entry[] = []
  private readonly producers = new Map<number, ProducerState>()
  private aborted: AbortedTransaction[] = []
  private nextOffset = 0

  /** Offset that the next record will get (the high watermark: every append is replicated at once). */
  get end(): number {
    return this.nextOffset
  }

  get first(): number {
    return this.entries[0]?.offset ?? this.nextOffset
  }

  get lastStable(): number {
    let stable = this.nextOffset
    for (const { openFrom } of this.producers.values())
      if (openFrom !== undefined && openFrom < stable) stable = openFrom
    return stable
  }

  isOpen(producerId: number): boolean {
    return this.producers.get(producerId)?.openFrom !== undefined
  }

  /** `duplicate`: the batch stands in the log already, and the producer is answered as if it had been appended now. */
  append({ producer, firstSequence, isTransactional, records }: Batch): 'appended' | 'duplicate' | AppendError {
    const { producerId, epoch } = producer
    const known = this.producers.get(producerId)
    if (known !== undefined && epoch < known.epoch) return 'INVALID_PRODUCER_EPOCH'
    const lastSequence = firstSequence + records.length - 1
    if (known?.epoch === epoch) {
      const isRepeated = known.batches.some(
        (batch) => batch.firstSequence === firstSequence && batch.lastSequence === lastSequence,
      )
      if (isRepeated) return 'duplicate'
      const last = known.batches.at(-1)?.lastSequence ?? -1
      if (firstSequence !== last + 1) return 'OUT_OF_ORDER_SEQUENCE_NUMBER'
    } else if (known !== undefined && firstSequence !== 0) return 'OUT_OF_ORDER_SEQUENCE_NUMBER'
    // A leader that knows nothing of the producer takes any sequence number.
    if (known?.openFrom !== undefined && !isTransactional) return 'INVALID_TXN_STATE'
    const before = known?.epoch === epoch ? known.batches : []
    this.producers.set(producerId, {
      epoch,
      batches: [...before, { firstSequence, lastSequence }].slice(-BATCHES_REMEMBERED),
      openFrom: known?.openFrom ?? (isTransactional ? this.nextOffset : undefined),
    })
    for (const record of records) this.store(record, producer, isTransactional, undefined)
    return 'appended'
  }

  /** Records of a producer without an id: they are visible at once. */
  appendPlain(records: readonly NewRecord[]): void {
    for (const record of records) this.store(record, undefined, false, undefined)
  }

  /**
   * WriteTxnMarkers: the open transaction of the producer ends here. The marker has the epoch that the coordinator gives
   * it; where it is higher than that of the records, the producer that wrote them is fenced here from now on.
   */
  writeMarker({ producerId, epoch }: ProducerEpoch, ending: Ending): void {
    const known = this.producers.get(producerId)
    if (known !== undefined && epoch < known.epoch) return // the coordinator drops a marker that is refused
    const { openFrom } = known ?? {}
    const offset = this.store({ key: null, value: null }, { producerId, epoch }, true, ending)
    if (openFrom !== undefined && ending === 'abort')
      this.aborted.push({ producerId, firstOffset: openFrom, lastOffset: offset })
    this.producers.set(producerId, {
      epoch,
      batches: known?.epoch === epoch ? known.batches : [],
      openFrom: undefined,
    })
  }

  /**
   * Fetch. At `committed` nothing from the last stable offset on, and with it the aborted transactions whose records
   * may be among those returned: leaving them out is the reader's work.
   */
  fetch(
    from: number,
    isolation: 'committed' | 'uncommitted',
    max: number,
  ): Readonly<{ entries: readonly Entry[]; aborted: readonly AbortedTransaction[] }> {
    const before = isolation === 'committed' ? this.lastStable : this.nextOffset
    const start = firstAtOrAfter(this.entries, from)
    const entries: Entry[] = []
    for (let at = start; at < this.entries.length && entries.length < max; at++) {
      const entry = this.entries[at] as Entry
      if (entry.offset >= before) break
      entries.push(entry)
    }
    const last = entries.at(-1)?.offset ?? from
    const aborted =
      isolation === 'committed'
        ? this.aborted.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset <= last)
        : []
    return { entries, aborted }
  }

  /**
   * Cleans everything below the last stable offset: of each key the last committed record stays, with its offset;
   * records of aborted transactions go, and their markers with them.
   */
  compact(): void {
    const end = this.lastStable
    const isAborted = ({ producerId, offset, isTransactional }: Entry): boolean =>
      isTransactional &&
      this.aborted.some(
        (range) => range.producerId === producerId && range.firstOffset <= offset && offset <= range.lastOffset,
      )
    const lastOf = new Map<string, number>()
    for (const entry of this.entries)
      if (entry.offset < end && entry.marker === undefined && entry.key !== null && !isAborted(entry))
        lastOf.set(entry.key, entry.offset)
    this.entries = this.entries.filter((entry) => {
      if (entry.offset >= end) return true
      if (entry.marker !== undefined) return entry.marker === 'commit'
      return entry.key !== null && lastOf.get(entry.key) === entry.offset
    })
    // The cleaner writes the index of aborted transactions anew: one whose marker is gone would hide, from a reader, all
    // that its producer wrote later.
    this.aborted = this.aborted.filter(({ lastOffset }) => lastOffset >= end)
  }

  /** The whole log, for an observer outside of the protocol. */
  all(): readonly Entry[] {
    return this.entries
  }

  private store(
    { key, value, headers = {} }: NewRecord,
    producer: ProducerEpoch | undefined,
    isTransactional: boolean,
    marker: Ending | undefined,
  ): number {
    const offset = this.nextOffset++
    const { producerId, epoch = 0 } = producer ?? {}
    this.entries.push({ offset, key, value, headers, producerId, epoch, isTransactional, marker })
    return offset
  }
}

const firstAtOrAfter = (entries: readonly Entry[], offset: number): number => {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle] as Entry).offset < offset) low = middle + 1
    else high = middle
  }
  return low
}
