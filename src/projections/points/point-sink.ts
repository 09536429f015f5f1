import type { MetricPoint, PointDimensions } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { MetricName } from '../../domain/metric.js'

/** Which conversation a point is of. */
export type Of = Readonly<{ conversationId: string }>

/**
 * Where points go that were found in detail events. `observePending` may be taken back by `withdraw` or made certain by
 * `settle`, with the same point. A point that is `handled` restates a closed interval because after-call work came
 * late, not because anything else did.
 */
export type PointSink = Readonly<{
  observe: (point: MetricPoint, of: Of, why?: 'handled') => void
  observePending: (id: string, point: MetricPoint, of: Of) => void
  withdraw: (id: string, point: MetricPoint, of: Of) => void
  settle: (id: string, point: MetricPoint, of: Of) => void
}>

type SessionDimensions = Readonly<{
  mediaType: string
  direction: string | null
  messageType: string | null
  divisionId: string | null
}>

const none: readonly string[] = []

/** A point of a session. */
export const pointOf = (
  metric: MetricName,
  value: number,
  at: EpochMs,
  from: SessionDimensions,
  more: Partial<PointDimensions>,
): MetricPoint => ({
  metric,
  value,
  at,
  queueId: more.queueId ?? null,
  userId: more.userId ?? null,
  mediaType: from.mediaType,
  direction: from.direction,
  messageType: from.messageType,
  skillIds: more.skillIds ?? none,
  languageId: more.languageId ?? null,
  wrapUpCode: more.wrapUpCode ?? null,
  flowId: more.flowId ?? null,
  campaignId: more.campaignId ?? null,
  divisionIds: from.divisionId === null ? none : [from.divisionId],
})
