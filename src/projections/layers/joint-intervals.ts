import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import { granularities } from '../../domain/granularity.js'
import type { Cell } from '../cells/cell.js'
import type { Closing, CompleteIntervals, IntervalCounting } from '../cells/complete-intervals.js'

type ClosingOf = (granularity: Granularity) => readonly Closing[]

/**
 * Counts the rows of several layers as one: an interval is complete when the rows of all of them are. Each layer is given
 * a door (`of`), through which it tells of its own rows. All layers follow one clock, in step: what closes in the first is
 * told to the count when it has closed in the last.
 */
export class JointIntervals {
  private readonly count: CompleteIntervals
  private readonly layers: number
  /** What the layers so far have closed at this tick. */
  private closings: ClosingOf[] = []
  /** Closed cells of all layers that are still to be given out. */
  private waiting: Cell[] = []

  constructor(count: CompleteIntervals, layers: number) {
    this.count = count
    this.layers = layers
  }

  of(layer: number): IntervalCounting {
    return {
      close: (end, at, closing) => this.close(layer, end, at, closing),
      count: (cell) => this.count.count(cell),
      drain: (_, __, waiting) => {
        this.waiting.push(...waiting)
        return []
      },
      wasPublished: () => undefined,
      save: () => undefined,
      spilled: () => [],
      release: () => undefined,
    }
  }

  /** The closed cells that layers have told since the last call. */
  takeWaiting(): readonly Cell[] {
    const { waiting } = this
    this.waiting = []
    return waiting
  }

  private close(layer: number, end: EpochMs, at: EpochMs, closing: ClosingOf): void {
    if (layer !== this.closings.length)
      throw new Error(`layer ${layer} closes intervals through ${end} out of step with the layers below`)
    this.closings.push(closing)
    if (this.closings.length < this.layers) return
    const all = this.closings
    this.closings = []
    const merged = new Map(granularities.map((granularity) => [granularity, union(all, granularity)]))
    this.count.close(end, at, (granularity) => merged.get(granularity) ?? [])
  }
}

/** The closing intervals of all layers, in order, with the families that hold something in any of them. */
const union = (all: readonly ClosingOf[], granularity: Granularity): readonly Closing[] => {
  const byStart = new Map<EpochMs, Closing>()
  for (const closing of all)
    for (const each of closing(granularity)) {
      const known = byStart.get(each.start)
      byStart.set(each.start, {
        ...each,
        holding: known === undefined ? each.holding : new Set([...known.holding, ...each.holding]),
      })
    }
  return [...byStart.values()].sort((a, b) => a.start - b.start)
}
