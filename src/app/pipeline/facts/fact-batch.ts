import type { FactRun } from '../../../domain/fact-run.js'
import type { RawEventRef } from '../../../contract/kpi-stream/marks.js'
import type { DecodedRun } from '../../../facts/decoded-run.js'
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
  /** Raw events that the batch stands for, and the last of them; `undefined`: none, or it was erased. */
  rawEvents: number
  last: RawEventRef | undefined
  raw: RawOf
}>

/** The raw events with these indices of a run, in order; those that were erased meanwhile are left out. */
export type RawOf = (events: readonly number[]) => Promise<readonly RecordedEvent[]>

/**
 * The part of a run behind a position and through another, in batches of `eventsMax` events. A cut within the run needs
 * the event before it, which is asked of the raw log.
 */
export async function* batchesOf(
  run: DecodedRun,
  raw: RawOf,
  { after, through, eventsMax }: Readonly<{ after?: Position | undefined; through?: Position; eventsMax: number }>,
): AsyncGenerator<FactBatch> {
  const first = after === undefined || after === run.after ? 0 : firstEventAfter(run, after)
  const isCut = through !== undefined && through < run.through
  const end = isCut ? firstEventAfter(run, through) : run.events
  let left = first === 0 ? run.rawEvents : end - first
  let from = first
  do {
    const to = Math.min(end, from + eventsMax)
    const isLast = to === end && !isCut
    const rawEvents = isLast ? left : to - from
    left -= rawEvents
    yield {
      ...{ run, from, to, rawEvents, raw },
      fromFact: firstFactFrom(run.facts, from),
      toFact: firstFactFrom(run.facts, to),
      through: isLast ? run.through : to === end ? (through as Position) : run.position(to - 1),
      last: isLast ? refOf(run.last) : await lastBefore(to, from, raw),
    }
    from = to
  } while (from < end)
}

const lastBefore = async (to: number, from: number, raw: RawOf): Promise<RawEventRef | undefined> => {
  const [event] = to === from ? [] : await raw([to - 1])
  return refOf(event)
}

const refOf = (event: RawEventRef | undefined): RawEventRef | undefined =>
  event && { stream: event.stream, revision: event.revision, id: event.id }

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
