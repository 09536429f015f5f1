import { crc32 } from 'node:zlib'
import { isConfiguration, type Fact } from '../domain/fact.js'
import { FactRunBuilder, NOT_A_POINT } from '../domain/fact-run.js'
import { bucketOfStream } from '../domain/stream-name.js'
import type { DecodedRun } from './decoded-run.js'
import { earliest, EventTimesBuilder, type EventTimes } from './event-times.js'

/** What a run holds, for those who want few of its conversations and agents and may not need to read it. */
export type RunSummary = Readonly<{
  /** The events of clock and configuration, which concern everybody, as a run over the same stretch of the log. */
  shared: DecodedRun
  /** When something of the other facts counts: metric points, sessions from their beginnings. */
  points: EventTimes
  /** When agents entered states. When these end is told by later facts. */
  states: EventTimes
  /** Streams of which the run holds entries into states and nothing else. */
  statesOnly: StreamSet
  /** All other streams of conversations and agents, also of events that cannot be decoded. */
  others: StreamSet
}>

/** Streams by hashes of their names: it may say that it holds one that it does not, never the reverse. */
export class StreamSet {
  readonly hashes: Uint32Array

  constructor(hashes: Uint32Array) {
    this.hashes = hashes
  }

  static of(streams: Iterable<string>): StreamSet {
    return new StreamSet(Uint32Array.from(new Set(Array.from(streams, streamHash))).sort())
  }

  /** Any of the streams with these hashes? */
  holdsAny(wanted: ReadonlySet<number>): boolean {
    return wanted.size > 0 && this.hashes.some((hash) => wanted.has(hash))
  }
}

export const streamHash = (stream: string): number => crc32(stream)

export const summaryOf = (run: DecodedRun, tenant: string): RunSummary => {
  const { facts } = run
  const points = new EventTimesBuilder()
  const states = new EventTimesBuilder()
  const stateStreams = new Set<string>()
  const otherStreams = new Set<string>()
  const shared = new SharedEvents()
  let entry = 0
  for (let event = 0; event < run.events; event++) {
    const stream = run.stream(event)
    const from = entry
    let isShared = bucketOfStream(tenant, stream) === undefined
    let holdsStates = false
    let holdsOthers = false
    for (; entry < facts.length && facts.event[entry] === event; entry++) {
      if (facts.metric[entry] !== NOT_A_POINT) {
        points.add(facts.at[entry] as number, facts.at[entry] as number)
        holdsOthers = true
        continue
      }
      const fact = facts.fact(entry)
      isShared ||= concernsAll(fact)
      if (fact.type === 'AgentStateEntered') {
        states.add(fact.at, fact.at)
        holdsStates = true
      } else {
        addTimes(points, fact)
        holdsOthers = true
      }
    }
    if (isShared) shared.add(run, event, from, entry)
    if (holdsStates) stateStreams.add(stream)
    if (holdsOthers || !holdsStates) otherStreams.add(stream)
  }
  return {
    shared: shared.build(run),
    points: points.build(),
    states: states.build(),
    statesOnly: StreamSet.of([...stateStreams].filter((stream) => !otherStreams.has(stream))),
    others: StreamSet.of(otherStreams),
  }
}

const concernsAll = (fact: Fact): boolean =>
  isConfiguration(fact) || fact.type === 'ClockTicked' || fact.type === 'ClockTakenBack'

const addTimes = (times: EventTimesBuilder, fact: Fact): void => {
  if (fact.type === 'ConversationRecorded') for (const { at } of fact.points) times.add(at, at)
  else if (fact.type === 'UserSessionEnded') times.add(earliest(fact), fact.at)
  else if (!concernsAll(fact) && 'at' in fact) times.add(fact.at, fact.at)
}

/** Gathers some events of a run. */
class SharedEvents {
  private readonly facts = new FactRunBuilder()
  private readonly events: number[] = []

  add(run: DecodedRun, event: number, fromFact: number, toFact: number): void {
    for (let entry = fromFact; entry < toFact; entry++) {
      const receivedAt = run.facts.receivedAt[entry] as number
      this.facts.add(this.events.length, run.facts.fact(entry), Number.isNaN(receivedAt) ? undefined : receivedAt)
    }
    this.events.push(event)
  }

  build({ after, through, rawEvents, position, stream }: DecodedRun): DecodedRun {
    const { events } = this
    const placeOf = (event: number): number => events[event] as number
    return {
      ...{ after, through, rawEvents },
      last: undefined, // it may be of a stream that is erased
      events: events.length,
      facts: this.facts.build(),
      position: (event) => position(placeOf(event)),
      stream: (event) => stream(placeOf(event)),
      undecodable: [],
    }
  }
}
