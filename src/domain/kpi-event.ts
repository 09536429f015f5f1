import type { FlatRow } from './flat-row.js'
import type { EpochMs } from './interval.js'
import type { IntervalComplete } from './interval-complete.js'

/** A queue (`queueId`) or an agent (`userId`) was deleted in Genesys. Its rows stay as they are. */
export type Left = Readonly<{ tenant: string; dimension: 'queueId' | 'userId'; id: string; at: EpochMs }>

/** Names a deletion. */
export const leftName = ({ dimension, id, at }: Left): string => `${dimension} ${id} ${at}`

/**
 * What the projection puts out and a generation's KPI stream stores, in order. A closed union: a new kind does not
 * compile until `contract/kpi-stream` stores and reads it and the egress makes a record of it.
 */
export type KpiEvent =
  | Readonly<{ kind: 'row'; row: FlatRow }>
  /** Comes after the rows that it speaks of. */
  | Readonly<{ kind: 'interval-complete'; marker: IntervalComplete }>
  | Readonly<{ kind: 'left'; left: Left }>
