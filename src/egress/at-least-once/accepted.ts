import { recordIdentity } from '../record-identity.js'
import type { SinkRecord } from '../sink.js'

/**
 * What a destination has taken of a delivery that has not come to its end: when the delivery comes again in the life of
 * the process, that need not be sent again. It holds one delivery at most.
 */
export class Accepted<R extends SinkRecord> {
  private readonly names = new Set<string>()

  /** Those of the records that are not taken yet. */
  left(records: readonly R[]): readonly R[] {
    return this.names.size === 0 ? records : records.filter((record) => !this.names.has(nameOf(record)))
  }

  add(records: readonly R[]): void {
    for (const record of records) this.names.add(nameOf(record))
  }

  /** The delivery has come to its end. */
  clear(): void {
    this.names.clear()
  }
}

/** Within a delivery a record may come once more as published by another promotion, or as replayed. */
const nameOf = (record: SinkRecord): string =>
  `${recordIdentity(record)} ${record.promotion}${record.kind === 'row' && record.replay ? ' replay' : ''}`
