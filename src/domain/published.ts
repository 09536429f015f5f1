import type { IntervalComplete } from './interval-complete.js'

/** What a stretch of a KPI stream holds: it is not put out again. */
export type Published = Readonly<{
  /** The last revision of each row, by row key. */
  rows: ReadonlyMap<string, number>
  /** The last marker of each interval, by `intervalName`. */
  markers: ReadonlyMap<string, PublishedMarker>
  /** What has left, by `leftName`. */
  left: ReadonlySet<string>
}>

export type PublishedMarker = Pick<IntervalComplete, 'number' | 'rows' | 'digest'>
