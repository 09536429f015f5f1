import type { Ending, ProducerEpoch } from './partition.js'

/**
 * The transaction coordinator of the model, as Kafka 4.1 treats a client that does not bump epochs with each
 * transaction (kafkajs; transaction version below 2 in the terms of KIP-890).
 *
 *   Empty → Ongoing → PrepareCommit → CompleteCommit ↘
 *             ↓     ↘ PrepareAbort  → CompleteAbort  → (a further transaction) Ongoing, or (InitProducerId) Empty
 *
 * The answer to EndTxn is given in a Prepare state: the markers are written later, and until they are, every request
 * for the id is answered CONCURRENT_TRANSACTIONS.
 *
 * Rules come from KIP-98 ("Transaction coordinator", "Data flow") and Kafka's TransactionCoordinator and
 * TransactionMetadata; where another one is named, from that.
 */
export type TransactionState =
  'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort'

type Transaction = {
  producerId: number
  epoch: number
  state: TransactionState
  /** Partitions of the transaction; while it is prepared, those whose marker is still to be written. */
  partitions: Set<string>
  startedAt: number
  timeoutMs: number
}

/** A marker that is decided and not written yet. */
export type PendingMarker = Readonly<{ id: string; partition: string; producer: ProducerEpoch; ending: Ending }>

export type CoordinatorOptions = Readonly<{
  /** The epoch at which a producer id is used up and replaced. Kafka: 32,766. */
  epochMax: number
  /** transaction.max.timeout.ms */
  timeoutMaxMs: number
  /**
   * KIP-588 gave fencing a name of its own, PRODUCER_FENCED; clients with older requests, such as kafkajs, get
   * INVALID_PRODUCER_EPOCH.
   */
  fencedAs: 'INVALID_PRODUCER_EPOCH' | 'PRODUCER_FENCED'
  /** Told when it is decided how a transaction ends; no marker is written yet. */
  decided?: (producer: ProducerEpoch, ending: Ending) => void
}>

/** Kafka answers with the name of an error instead. */
type OrError<A> = A | string

export class TransactionCoordinator {
  private readonly options: CoordinatorOptions
  private readonly transactions = new Map<string, Transaction>()
  private nextProducerId = 1_000

  constructor(options: CoordinatorOptions) {
    this.options = options
  }

  stateOf(id: string): TransactionState | undefined {
    return this.transactions.get(id)?.state
  }

  /** A producer id without a transactional id: idempotence alone. */
  newProducerId(): ProducerEpoch {
    return { producerId: this.nextProducerId++, epoch: 0 }
  }

  /**
   * Raises the epoch. An open transaction is aborted first, at an epoch that nobody is told; the client is answered
   * CONCURRENT_TRANSACTIONS until that is done, and then gets the epoch after it.
   */
  initProducerId(id: string, timeoutMs: number): OrError<ProducerEpoch> {
    if (timeoutMs > this.options.timeoutMaxMs) return 'INVALID_TRANSACTION_TIMEOUT'
    const known = this.transactions.get(id)
    if (known === undefined) {
      const producer = this.newProducerId()
      this.transactions.set(id, {
        ...{ producerId: producer.producerId, epoch: producer.epoch, state: 'Empty', partitions: new Set() },
        ...{ startedAt: 0, timeoutMs },
      })
      return producer
    }
    switch (known.state) {
      case 'PrepareCommit':
      case 'PrepareAbort':
        return 'CONCURRENT_TRANSACTIONS'
      case 'Ongoing':
        this.abortAtNextEpoch(id, known)
        return 'CONCURRENT_TRANSACTIONS'
      case 'Empty':
      case 'CompleteCommit':
      case 'CompleteAbort':
        // A used-up producer id is replaced by another one, whose epochs begin at 0.
        if (known.epoch >= this.options.epochMax) Object.assign(known, this.newProducerId())
        else known.epoch += 1
        known.state = 'Empty'
        known.timeoutMs = timeoutMs
        return { producerId: known.producerId, epoch: known.epoch }
    }
  }

  addPartitions(id: string, producer: ProducerEpoch, partitions: readonly string[], now: number): string | undefined {
    const known = this.ofProducer(id, producer)
    if (typeof known === 'string') return known
    if (known.state === 'PrepareCommit' || known.state === 'PrepareAbort') return 'CONCURRENT_TRANSACTIONS'
    if (known.state !== 'Ongoing') {
      known.state = 'Ongoing'
      known.startedAt = now
      known.partitions.clear()
    }
    for (const partition of partitions) known.partitions.add(partition)
    return undefined
  }

  /**
   * What a partition leader asks before it appends the first records of a transaction (KIP-890, part 1): a request that
   * comes after the end of its transaction must not open one that nobody ends.
   */
  verify(id: string, producer: ProducerEpoch, partition: string): string | undefined {
    const known = this.ofProducer(id, producer)
    if (typeof known === 'string') return known
    return known.state === 'Ongoing' && known.partitions.has(partition) ? undefined : 'INVALID_TXN_STATE'
  }

  endTransaction(id: string, producer: ProducerEpoch, ending: Ending): string | undefined {
    const known = this.ofProducer(id, producer)
    if (typeof known === 'string') return known
    switch (known.state) {
      case 'Ongoing':
        this.prepare(known, ending)
        return undefined
      case 'CompleteCommit':
        return ending === 'commit' ? undefined : 'INVALID_TXN_STATE'
      case 'CompleteAbort':
        return ending === 'abort' ? undefined : 'INVALID_TXN_STATE'
      case 'PrepareCommit':
        return ending === 'commit' ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_TXN_STATE'
      case 'PrepareAbort':
        return ending === 'abort' ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_TXN_STATE'
      case 'Empty':
        return 'INVALID_TXN_STATE'
    }
  }

  /** Aborts what is open for longer than its time-out, at the next epoch: its producer is fenced by that. */
  expire(now: number): void {
    for (const [id, transaction] of this.transactions)
      if (transaction.state === 'Ongoing' && transaction.startedAt + transaction.timeoutMs < now)
        this.abortAtNextEpoch(id, transaction)
  }

  pendingMarkers(): readonly PendingMarker[] {
    const pending: PendingMarker[] = []
    for (const [id, { state, partitions, producerId, epoch }] of this.transactions)
      if (state === 'PrepareCommit' || state === 'PrepareAbort')
        for (const partition of partitions)
          pending.push({
            id,
            partition,
            producer: { producerId, epoch },
            ending: state === 'PrepareCommit' ? 'commit' : 'abort',
          })
    return pending
  }

  /** The marker stands in the partition, or the partition was deleted. The last one completes the transaction. */
  markerWritten({ id, partition }: Pick<PendingMarker, 'id' | 'partition'>): void {
    const known = this.transactions.get(id)
    if (known === undefined) return
    known.partitions.delete(partition)
    if (known.partitions.size === 0) known.state = known.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort'
  }

  private ofProducer(id: string, { producerId, epoch }: ProducerEpoch): OrError<Transaction> {
    const known = this.transactions.get(id)
    if (known?.producerId !== producerId) return 'INVALID_PRODUCER_ID_MAPPING'
    return known.epoch === epoch ? known : this.options.fencedAs
  }

  private abortAtNextEpoch(id: string, transaction: Transaction): void {
    transaction.epoch += 1
    this.prepare(transaction, 'abort')
    if (transaction.partitions.size === 0) this.markerWritten({ id, partition: '' })
  }

  private prepare(transaction: Transaction, ending: Ending): void {
    transaction.state = ending === 'commit' ? 'PrepareCommit' : 'PrepareAbort'
    this.options.decided?.({ producerId: transaction.producerId, epoch: transaction.epoch }, ending)
  }
}
