import type { Row } from './row.js'

/**
 * What the projection puts out and a generation's KPI stream stores, in order. A closed union: a new kind, such as a
 * marker that an interval is complete, stops compiling wherever events are encoded, decoded or published.
 */
export type KpiEvent = Readonly<{ kind: 'row'; row: Row }>
