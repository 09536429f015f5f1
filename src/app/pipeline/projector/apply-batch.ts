import type { Position } from '../../../log/event-log.js'
import type { RefusedEntry } from '../../../projections/run-entries.js'
import { LayeredProjection, type Projection } from '../../../projections/layers/layered-projection.js'
import { layersOf, type Generation } from '../generations.js'
import { historyThroughOf } from './projection-fold.js'
import { firstEventAfter, firstFactFrom, type FactBatch } from '../facts/fact-batch.js'

/** The facts of a batch, and how far they go. */
export type BatchFacts = Pick<FactBatch, 'run' | 'from' | 'to' | 'fromFact' | 'toFact' | 'through'>

/**
 * Folds the facts of a batch, which begins where the last one ended, into the projection of a generation. History ends
 * with the first fact behind `historyThrough`, wherever the batch is cut; for each layer of a layered projection behind
 * its own. Answers the entries that cannot be counted.
 */
export const applyBatch = (
  projection: Projection,
  batch: BatchFacts,
  generation: Generation,
): readonly RefusedEntry[] =>
  projection instanceof LayeredProjection
    ? applyLayered(projection, batch, layersOf(generation).map(historyThroughOf))
    : applyCut(projection, batch, historyThroughOf(generation), () => projection.endHistory())

const applyLayered = (
  projection: LayeredProjection,
  batch: BatchFacts,
  historyThrough: readonly (Position | undefined)[],
): readonly RefusedEntry[] => {
  const [layer, through] = firstEnd(historyThrough, batch)
  if (layer === undefined) return projection.applyRun(batch.run.facts, batch.fromFact, batch.toFact)
  const left = historyThrough.map((each, place) => (place === layer ? undefined : each))
  return applyCut(
    projection,
    batch,
    through,
    () => projection.endHistory(layer),
    (rest) => applyLayered(projection, rest, left),
  )
}

/** The layer whose history ends first in or before a batch. */
const firstEnd = (
  historyThrough: readonly (Position | undefined)[],
  { through }: BatchFacts,
): readonly [number | undefined, Position | undefined] => {
  let first: readonly [number | undefined, Position | undefined] = [undefined, undefined]
  for (const [layer, each] of historyThrough.entries())
    if (each !== undefined && through > each && (first[1] === undefined || each < first[1])) first = [layer, each]
  return first
}

const applyCut = (
  projection: Projection,
  batch: BatchFacts,
  historyThrough: Position | undefined,
  endHistory: () => void,
  applyRest = ({ run, fromFact, toFact }: BatchFacts) => projection.applyRun(run.facts, fromFact, toFact),
): readonly RefusedEntry[] => {
  const { run, from, to, fromFact, toFact, through } = batch
  const { facts } = run
  if (historyThrough === undefined || through <= historyThrough) return projection.applyRun(facts, fromFact, toFact)
  const end = Math.max(from, Math.min(to, firstEventAfter(run, historyThrough)))
  const firstBehind = end === to ? toFact : Math.max(fromFact, firstFactFrom(facts, end))
  const inHistory = projection.applyRun(facts, fromFact, firstBehind)
  endHistory()
  const behind = applyRest({ ...batch, from: end, fromFact: firstBehind })
  return inHistory.length === 0 ? behind : [...inHistory, ...behind]
}
