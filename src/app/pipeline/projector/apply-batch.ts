import type { Position } from '../../../log/event-log.js'
import type { KpiProjection, RefusedEntry } from '../../../projections/kpi-projection.js'
import { firstEventAfter, firstFactFrom, type FactBatch } from '../facts/fact-batch.js'

/** The facts of a batch, and how far they go. */
export type BatchFacts = Pick<FactBatch, 'run' | 'from' | 'to' | 'fromFact' | 'toFact' | 'through'>

/**
 * Folds the facts of a batch, which begins where the last one ended. History ends with the first fact behind
 * `historyThrough`, wherever the batch is cut. Answers the entries that cannot be counted.
 */
export const applyBatch = (
  projection: KpiProjection,
  { run, from, to, fromFact, toFact, through }: BatchFacts,
  historyThrough: Position | undefined,
): readonly RefusedEntry[] => {
  const { facts } = run
  if (historyThrough === undefined || through <= historyThrough) return projection.applyRun(facts, fromFact, toFact)
  const end = Math.max(from, Math.min(to, firstEventAfter(run, historyThrough)))
  const firstBehind = end === to ? toFact : Math.max(fromFact, firstFactFrom(facts, end))
  const inHistory = projection.applyRun(facts, fromFact, firstBehind)
  projection.endHistory()
  const behind = projection.applyRun(facts, firstBehind, toFact)
  return inHistory.length === 0 ? behind : [...inHistory, ...behind]
}
