/**
 * The KPI stream of a generation holds `Row.<family>` events and, behind the rows of an interval that is complete,
 * `IntervalComplete` (all bare Avro). At the end of each batch the projector writes
 * a `Checkpoint` with the raw position through which all events are counted in the rows before it. A batch that is too
 * large for one append begins with `BatchBegan`, which holds the same position: a projector that finds no checkpoint
 * behind it folds the same events again and appends the rows that are missing.
 */
export const ROW_PREFIX = 'Row.'
export const MARKER = 'IntervalComplete'
export const LEFT = 'Left'
export const CHECKPOINT = 'Checkpoint'
export const BATCH_BEGAN = 'BatchBegan'
