import { FactRunBuilder } from '../domain/fact-run.js'
import type { DecodedRun } from './decoded-run.js'

/** Runs that follow each other as one. */
export const mergeRuns = (runs: readonly [DecodedRun, ...DecodedRun[]]): DecodedRun => {
  const [first] = runs
  if (runs.length === 1) return first
  const facts = new FactRunBuilder()
  const undecodable: number[] = []
  const places: (readonly [run: DecodedRun, event: number])[] = []
  let rawEvents = 0
  for (const run of runs) {
    const base = places.length
    for (let event = 0; event < run.events; event++) places.push([run, event])
    for (let entry = 0; entry < run.facts.length; entry++) {
      const receivedAt = run.facts.receivedAt[entry] as number
      const event = base + (run.facts.event[entry] as number)
      facts.add(event, run.facts.fact(entry), Number.isNaN(receivedAt) ? undefined : receivedAt)
    }
    for (const event of run.undecodable) undecodable.push(base + event)
    rawEvents += run.rawEvents
  }
  const placeOf = (event: number): readonly [run: DecodedRun, event: number] => places[event] as [DecodedRun, number]
  return {
    after: first.after,
    through: (runs.at(-1) as DecodedRun).through,
    rawEvents,
    last: runs.findLast(({ last }) => last !== undefined)?.last,
    events: places.length,
    facts: facts.build(),
    position: (event) => placeOf(event)[0].position(placeOf(event)[1]),
    stream: (event) => placeOf(event)[0].stream(placeOf(event)[1]),
    undecodable,
  }
}
