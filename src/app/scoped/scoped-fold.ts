import type { Logger } from 'pino'
import type { ConfigurationFact } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Row } from '../../domain/row.js'
import { bucketOfStream } from '../../domain/stream-name.js'
import { NOT_A_POINT } from '../../domain/fact-run.js'
import type { DecodedRun } from '../../facts/decoded-run.js'
import { streamHash, type RunSummary, type StreamSet } from '../../facts/run-summary.js'
import type { EventLog, Position, RecordedEvent } from '../../log/event-log.js'
import type { ErasedRange, FactFeed } from '../pipeline/facts/fact-feed.js'
import { decodeRun } from '../pipeline/facts/decode-run.js'
import { openFactFeed, type FactMeans } from '../pipeline/facts/open-feed.js'
import { rawLogIdOf } from '../pipeline/projector/checkpoint-check.js'
import { Concerns } from './concerns.js'
import { scan, type RunPart, type Scanned } from './scan.js'
import type { Profile } from '../../domain/profile.js'
import { eventTimeOf, type Scope } from './scope.js'
import { ScopedProjection, type Computation, type Reconfigure } from './scoped-projection.js'
import type { RawPlace, Trace } from './trace.js'

/** What to compute of which rows, wherever the facts come from. */
export type ScopedFoldOf = Readonly<{
  tenant: string
  generation: Computation
  scope: Scope
  reconfigure?: Reconfigure | undefined
  /** Configuration that the log does not have, known from the start too. */
  supposed?: readonly ConfigurationFact[] | undefined
  /** Gather where every figure comes from; `alone`: and make no rows. */
  trace?: boolean | 'alone' | undefined
  /**
   * Another computation, by the configuration that was found. It is folded beside, of the same facts, which its profile
   * must need (`needsSameFacts`).
   */
  beside?: ((found: Scanned) => Beside) | undefined
  signal: AbortSignal
}>

export type Beside = Pick<ScopedFoldOf, 'generation' | 'reconfigure' | 'supposed'>

/** Do two profiles count the same facts in the rows of a scope? */
export const needsSameFacts = (scope: Scope, a: Profile, b: Profile): boolean => {
  const [ofA, ofB] = [eventTimeOf(scope, a), eventTimeOf(scope, b)]
  return (
    a.points === b.points &&
    a.agentState.stateMaxMs === b.agentState.stateMaxMs &&
    ofA.from === ofB.from &&
    ofA.to === ofB.to
  )
}

export type ScopedFoldOptions = ScopedFoldOf &
  Readonly<{
    raw: EventLog
    /** The last position that counts. Absent: all that the log holds now. */
    through?: Position | undefined
    facts: FactMeans
    /** Told through which position of the log the fold has come, in each of the two passes. */
    onProgress?: ((pass: Pass, position: Position) => void) | undefined
    logger: Logger
  }>

export type Pass = 'finding' | 'folding'

export type ScopedFold = Readonly<{
  /** The rows of the scope, the latest of each key, by key. Rows that hold nothing are left out. */
  rows: readonly Row[]
  /** The same of the computation beside; empty without one. */
  besideRows: readonly Row[]
  trace: Trace | undefined
  /** How far the clock had come at the end; null: it never ticked. */
  frontier: EpochMs | null
  /** Events of the streams found that cannot be decoded. */
  undecodable: readonly RawPlace[]
  /** Configuration in the log, take-backs of the clock, erased streams, and the streams that concern the scope. */
  scanned: Scanned
  /** The last position that counted; `undefined`: the log is empty. */
  through: Position | undefined
}>

/** Events in a batch of facts: a run is given whole. */
const BATCH_EVENTS = 65_536

/**
 * Folds what concerns a scope and nothing else: first it finds the conversations and agents that concern the scope, then
 * it folds these whole, with the clock and the configuration, in the order of the log. The rows of the scope have the
 * values that a fold of all of the log gives them; their revisions count fewer changes of settings, and differ. Rejects
 * with the reason of the signal when it aborts.
 *
 * A generation that had folded events before they were erased has them in its rows; they are not found here.
 */
export const scopedFold = async (options: ScopedFoldOptions): Promise<ScopedFold> => {
  const through = options.through ?? (await options.raw.head())
  const history = BigInt(options.generation.historyThrough ?? -1)
  // The configuration of all of history is known from the start, also where less of the log counts.
  const end = through !== undefined && history > through ? history : through
  return foldParts(options, through, async function* (pass, erased, needs) {
    if (through === undefined || end === undefined) return
    const feed = await feedOf(options, erased)
    for await (const batch of feed.through(undefined, pass === 'finding' ? end : through, needs)) {
      yield batch
      options.onProgress?.(pass, batch.through)
    }
  })
}

/** The same of events that are given, in the order of their positions. Those that cannot be decoded are left out. */
export const foldEvents = async (options: ScopedFoldOf, events: readonly RecordedEvent[]): Promise<ScopedFold> => {
  const through = events.at(-1)?.position
  if (through === undefined) return foldRuns(options, [])
  return foldRuns(options, [decodeRun({ after: undefined, through, events }, options.generation.profile.points)])
}

/** The same of facts that are given. */
export const foldRuns = (options: ScopedFoldOf, runs: readonly DecodedRun[]): Promise<ScopedFold> =>
  foldParts(options, runs.at(-1)?.through, async function* () {
    for (const run of runs) yield { run, fromFact: 0, toFact: run.facts.length }
  })

/** Gives all parts for a pass. Of a run that it does not need, the shared part of its summary will do. */
export type PartsOf = (
  pass: Pass,
  erased: Scanned['erased'],
  needs: (summary: RunSummary) => boolean,
) => AsyncIterable<RunPart>

/** The same of parts, for each of the two passes. */
export const foldParts = async (
  { tenant, generation, scope, reconfigure, supposed, trace, beside, signal }: ScopedFoldOf,
  through: Position | undefined,
  partsOf: PartsOf,
): Promise<ScopedFold> => {
  const concerns = new Concerns(scope, generation.profile)
  const leftOut: StreamSet[] = []
  const mayConcern = (summary: RunSummary): boolean => {
    if (concerns.mayBeIn(summary)) return true
    leftOut.push(summary.others)
    return false
  }
  const scanned = await scan(partsOf('finding', new Map(), mayConcern), through, concerns, signal, leftOut)
  const projection = new ScopedProjection({ tenant, generation, scope, known: scanned, reconfigure, supposed, trace })
  const other =
    beside === undefined ? undefined : new ScopedProjection({ tenant, scope, known: scanned, ...beside(scanned) })
  const undecodable: RawPlace[] = []
  const needsAll = projection.notesBegun || other?.notesBegun === true
  const hashes = new Set(Array.from(scanned.streams, streamHash))
  const needs = (summary: RunSummary): boolean => needsAll || concerns.mayHold(summary, hashes)
  for await (const part of partsOf('folding', scanned.erased, needs)) {
    signal.throwIfAborted()
    const { run } = part
    const wanted = answersOf(part, wantedIn(run, tenant, scanned.streams, concerns))
    projection.take(part, wanted)
    other?.take(part, wanted)
    for (const event of run.undecodable)
      if (scanned.streams.has(run.stream(event)))
        undecodable.push({ stream: run.stream(event), position: run.position(event) })
  }
  const { frontier } = projection
  const besideRows = other?.rows() ?? []
  return { rows: projection.rows(), besideRows, trace: projection.trace(), frontier, undecodable, scanned, through }
}

/** The answers for all entries of a part, which several projections ask for. */
const answersOf = (
  { fromFact, toFact }: RunPart,
  isWanted: (entry: number) => boolean,
): ((entry: number) => boolean) => {
  const answers = new Uint8Array(toFact - fromFact)
  for (let entry = fromFact; entry < toFact; entry++) if (isWanted(entry)) answers[entry - fromFact] = 1
  return (entry) => answers[entry - fromFact] === 1
}

/** Which entries of a run are folded: those of the streams found, of the clock and of the configuration. */
const wantedIn = (
  { facts, stream }: DecodedRun,
  tenant: string,
  streams: ReadonlySet<string>,
  concerns: Concerns,
): ((entry: number) => boolean) => {
  let event = -1
  let isWanted = false
  return (entry) => {
    if (facts.event[entry] !== event) {
      event = facts.event[entry] as number
      const name = stream(event)
      isWanted = streams.has(name) || bucketOfStream(tenant, name) === undefined
    }
    if (!isWanted || facts.metric[entry] !== NOT_A_POINT) return isWanted
    const fact = facts.fact(entry)
    return fact.type !== 'AgentStateEntered' || !concerns.isOver(fact.at)
  }
}

const feedOf = async (
  { raw, tenant, generation, facts, logger }: ScopedFoldOptions,
  erased: ReadonlyMap<string, ErasedRange>,
): Promise<FactFeed> =>
  openFactFeed({
    ...{ raw, logId: await rawLogIdOf(raw), tenant, points: generation.profile.points },
    ...{ erased, batchMax: BATCH_EVENTS, facts, logger },
  })
