import { isConfiguration, type ConfigurationFact } from '../../domain/fact.js'
import { NOT_A_POINT } from '../../domain/fact-run.js'
import type { EpochMs } from '../../domain/interval.js'
import type { DecodedRun } from '../../facts/decoded-run.js'
import { streamHash, type StreamSet } from '../../facts/run-summary.js'
import type { Position } from '../../log/event-log.js'
import type { ErasedRange } from '../pipeline/facts/fact-feed.js'
import type { Concerns } from './concerns.js'

/** Facts `[fromFact, toFact)` of a run. */
export type RunPart = Readonly<{ run: DecodedRun; fromFact: number; toFact: number }>

/** A fact of the configuration, and where it stands in the log. */
export type PlacedConfiguration = Readonly<{ fact: ConfigurationFact; position: Position }>

/** What one look at all facts finds. */
export type Scanned = Readonly<{
  /** The streams of conversations and agents that concern the scope. */
  streams: ReadonlySet<string>
  /** In the order of the log. */
  configuration: readonly PlacedConfiguration[]
  takeBacks: readonly Readonly<{ at: EpochMs; position: Position }>[]
  erased: ReadonlyMap<string, ErasedRange>
}>

/**
 * Finds the streams that concern a scope by their facts through a position, and in all parts what a fold must know from
 * the start. Of the runs whose streams `leftOut` gives at the end, only the clock and configuration need be in the parts:
 * nothing of them may concern the scope but ends of sessions whose after-call work is in another run.
 */
export const scan = async (
  parts: AsyncIterable<RunPart>,
  through: Position | undefined,
  concerns: Concerns,
  signal: AbortSignal,
  leftOut: readonly StreamSet[],
): Promise<Scanned> => {
  const streams = new Set<string>()
  const handles = { work: new Set<string>(), session: new Set<string>() }
  const configuration: PlacedConfiguration[] = []
  const takeBacks: { at: EpochMs; position: Position }[] = []
  const erased = new Map<string, ErasedRange>()
  const isThrough = (position: Position): boolean => through !== undefined && position <= through
  for await (const { run, fromFact, toFact } of parts) {
    signal.throwIfAborted()
    const { facts } = run
    const test = concerns.testOf(facts)
    const found = (event: number): void => {
      if (isThrough(run.position(event))) streams.add(run.stream(event))
    }
    for (let entry = fromFact; entry < toFact; entry++) {
      const event = facts.event[entry] as number
      if (facts.metric[entry] !== NOT_A_POINT) {
        if (test(entry)) found(event)
        continue
      }
      const fact = facts.fact(entry)
      const part = concerns.movesHandle(fact)
      if (concerns.concerns(fact)) found(event)
      else if (part !== undefined && isThrough(run.position(event))) handles[part].add(run.stream(event))
      if (isConfiguration(fact)) configuration.push({ fact, position: run.position(event) })
      if (fact.type === 'ClockTakenBack') takeBacks.push({ at: fact.at, position: run.position(event) })
      if (fact.type === 'StreamErased')
        erased.set(fact.stream, { from: BigInt(fact.from), through: BigInt(fact.through) })
    }
  }
  const open = [...handles.work].filter((stream) => !streams.has(stream))
  const inPart = heldIn(leftOut, open)
  // A stream too many changes no row: of one that was read in part it is not asked which session had ended.
  for (const stream of open) if (handles.session.has(stream) || inPart.has(stream)) streams.add(stream)
  // Facts of a stream may have been kept while it was erased.
  for (const stream of erased.keys()) streams.delete(stream)
  return { streams, configuration, takeBacks, erased }
}

/** Those of some streams that any of the sets may hold. */
const heldIn = (sets: readonly StreamSet[], streams: readonly string[]): ReadonlySet<string> => {
  const wanted = new Set(streams.map(streamHash))
  const held = new Set<number>()
  for (const { hashes } of sets) for (const hash of hashes) if (wanted.has(hash)) held.add(hash)
  return new Set(streams.filter((stream) => held.has(streamHash(stream))))
}
