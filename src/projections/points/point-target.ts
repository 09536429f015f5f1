import type { ErasedPoints, MetricPoint, StateKind } from '../../domain/fact.js'
import type { FamilyName } from '../../domain/family.js'
import type { Correction } from '../../domain/row.js'
import type { StateSpan } from './agent-timeline.js'
import type { PointSink } from './point-sink.js'

/**
 * The seam between the two halves of the projection. `points/` finds metric points and times in states, entity by
 * entity, and calls this; `cells/` counts them. A projector that owns some buckets records the calls instead, and a
 * merger makes them again in the order of the raw log. So nothing comes back through here: what `points/` must know it
 * knows from the frontier and the settings.
 */
export type PointTarget = Readonly<{
  observe: (point: MetricPoint, why?: Correction) => void
  /** Takes back a point that `observe` counted. */
  takeBack: (point: MetricPoint, why: Correction) => void
  /** Where joined points go; with `only`, they count in these families alone. */
  sink: (only?: readonly FamilyName[]) => PointSink
  /** Adds to the times of an agent in states, or takes back from them: one change of each row that a span touches. */
  adjust: (userId: string, kind: StateKind, spans: readonly StateSpan[]) => void
  /** Marks the rows that would have held what was erased. */
  erase: (points: ErasedPoints) => void
}>
