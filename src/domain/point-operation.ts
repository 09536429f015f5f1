import type { MetricPoint, StateKind } from './fact.js'
import type { FamilyName } from './family.js'
import type { EpochMs } from './interval.js'
import type { Correction } from './row.js'

/**
 * What finding points does to the cells, one step at a time. A projector that owns some buckets writes these down, and
 * a merger carries them out in the order of the raw log.
 */
export type PointOperation =
  | Readonly<{ kind: 'observe'; point: MetricPoint; why: Correction | null }>
  | Readonly<{ kind: 'take-back'; point: MetricPoint; why: Correction }>
  | JoinedOperation
  | Readonly<{ kind: 'adjust'; userId: string; stateKind: StateKind; state: string; start: EpochMs; deltaMs: number }>

/**
 * A step of a point that is joined from several facts. `id` ties the steps of one pending point together. `only`: it
 * counts in these families alone.
 */
export type JoinedOperation = Readonly<{
  kind: 'joined' | 'pending' | 'withdraw' | 'settle'
  only: readonly FamilyName[] | null
  id: string
  point: MetricPoint
  why: 'handled' | 'late' | null
}>
