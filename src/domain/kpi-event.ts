import type { FlatRow } from './flat-row.js'

/**
 * What the projection puts out and a generation's KPI stream stores, in order. A closed union: a new kind, such as a
 * marker that an interval is complete, does not compile until `contract/kpi-stream` stores and reads it, the
 * projector's writer completes batches with it, and the egress makes a record of it.
 */
export type KpiEvent = Readonly<{ kind: 'row'; row: FlatRow }>
