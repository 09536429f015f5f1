import { noDimensions, type PointDimensions } from '../../domain/dimensions.js'
import type { MetricPoint } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { MetricName } from '../../domain/metric.js'

/** Which conversation a point is of. */
export type Of = Readonly<{ conversationId: string }>

/** Why a pending point restates a closed interval. */
export type PendingReason = 'handled' | 'late'

/**
 * Where points go that are joined from several facts. A point counted by `observePending` is taken back by `withdraw`
 * or made certain by `settle`, with the same id and point. `handled` says that a closed interval is restated because
 * after-call work came late; it is the reason of pending points where none is named.
 */
export type PointSink = Readonly<{
  observe: (point: MetricPoint, of: Of, why?: PendingReason) => void
  observePending: (id: string, point: MetricPoint, of: Of, why?: PendingReason) => void
  withdraw: (id: string, point: MetricPoint, of: Of, why?: PendingReason) => void
  settle: (id: string, point: MetricPoint, of: Of) => void
}>

type SessionDimensions = Readonly<{
  mediaType: string
  direction: string | null
  messageType: string | null
  divisionId: string | null
}>

/** Copied for every point, which is quicker than adding up its members. */
const blank = { metric: '', value: 0, at: 0, ...noDimensions }

/** A point of a session. */
export const pointOf = (
  metric: MetricName,
  value: number,
  at: EpochMs,
  from: SessionDimensions,
  more: Partial<PointDimensions>,
): MetricPoint => {
  const point = { ...blank }
  point.metric = metric
  point.value = value
  point.at = at
  point.mediaType = from.mediaType
  point.direction = from.direction
  point.messageType = from.messageType
  if (from.divisionId !== null) point.divisionIds = [from.divisionId]
  return Object.assign(point, more)
}
