import type { DeliveredRow } from '../../src/plugin/sink-contract.js'

export { connect, revisionsByKey, sinkContract, write, type SinkHarness } from '../../src/plugin/sink-contract.js'

/** What a reader of a destination with topics sees of a row. */
export type Delivered = DeliveredRow & Readonly<{ topic: string }>
