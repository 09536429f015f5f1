import type { FactRun } from '../../../domain/fact-run.js'
import type { DecodedRun, EventRef } from '../../../facts/decoded-run.js'
import type { Position, RecordedEvent } from '../../../log/event-log.js'

/**
 * What a projector folds between two checkpoints: part of a run of facts, cut between two events. `from` and `to`
 * delimit the events, `fromFact` and `toFact` their facts; both half-open.
 */
export type FactBatch = Readonly<{
  run: DecodedRun
  from: number
  to: number
  fromFact: number
  toFact: number
  /** The batch is all of the raw log from the batch before it through here. */
  through: Position
  /** Raw events that the batch stands for, and the last of them. */
  rawEvents: number
  last: EventRef | undefined
  /** The raw events with these indices of `run`, in order; those that were erased meanwhile are left out. */
  raw: (events: readonly number[]) => Promise<readonly RecordedEvent[]>
}>

/** Everything of a run, as one batch. */
export const wholeRun = (run: DecodedRun, raw: FactBatch['raw']): FactBatch => ({
  ...{ run, from: 0, to: run.events, fromFact: 0, toFact: run.facts.length },
  ...{ through: run.through, rawEvents: run.rawEvents, last: run.last, raw },
})

/** The first fact of an event that is not before `event`. */
export const firstFactFrom = ({ event: events, length }: FactRun, event: number): number =>
  firstIndex(length, (fact) => (events[fact] as number) >= event)

/** The first event of a run behind a position. */
export const firstEventAfter = ({ events, position }: DecodedRun, after: Position): number =>
  firstIndex(events, (event) => position(event) > after)

/** The first index below `length` at which a condition holds that holds from there on; else `length`. */
const firstIndex = (length: number, holds: (index: number) => boolean): number => {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
