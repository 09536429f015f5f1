import { isConfiguration, type ConfigurationFact, type Fact } from '../../domain/fact.js'
import { NOT_A_POINT } from '../../domain/fact-run.js'
import { rowOf } from '../../domain/flat-row.js'
import { intervalStart, type EpochMs } from '../../domain/interval.js'
import type { Profile } from '../../domain/profile.js'
import type { Row } from '../../domain/row.js'
import { bucketOfStream } from '../../domain/stream-name.js'
import type { DecodedRun } from '../../facts/decoded-run.js'
import type { Position } from '../../log/event-log.js'
import { KpiProjection } from '../../projections/kpi-projection.js'
import type { Generation } from '../pipeline/generations.js'
import { historyThroughOf } from '../pipeline/projector/projection-fold.js'
import type { RunPart, Scanned } from './scan.js'
import { isInScope, mayHold, type Scope } from './scope.js'
import { Tracer, type Trace } from './trace.js'

/**
 * By what rows are computed. A generation is one; another profile with the `historyThrough` and `startedAt` of a
 * generation tells what that generation had computed by the profile.
 */
export type Computation = Pick<Generation, 'profile' | 'historyThrough' | 'startedAt'>

/** Changes a fact of the configuration, or leaves it out (`undefined`). */
export type Reconfigure = (fact: ConfigurationFact) => ConfigurationFact | undefined

/** What a fold knows from the start, wherever it stands in the log. */
export type KnownAtStart = Pick<Scanned, 'configuration' | 'takeBacks'>

export type ScopedProjectionOptions = Readonly<{
  tenant: string
  generation: Computation
  scope: Scope
  known: KnownAtStart
  /** Configuration facts pass through it, those known from the start and those in the log. */
  reconfigure?: Reconfigure | undefined
  /** Configuration that the log does not have, known from the start too. */
  supposed?: readonly ConfigurationFact[] | undefined
  /** Gather where every figure comes from; `alone`: and make no rows. */
  trace?: boolean | 'alone' | undefined
}>

/** The projection of a scope: rows, and where it is asked for the trace of what was counted in them. */
export class ScopedProjection {
  private readonly tenant: string
  private readonly scope: Scope
  private readonly reconfigure: Reconfigure
  private readonly historyThrough: Position | undefined
  private readonly projection: KpiProjection | undefined
  private readonly tracer: Tracer | undefined
  private inHistory: boolean
  /** How far the clock has come. */
  frontier: EpochMs | null = null
  private readonly intervalMs: number
  /** Base intervals of the facts met so far; a profile that is published later asks for them. */
  private readonly begun = new Set<EpochMs>()
  /** Must all facts be given, for the intervals that they begin? */
  readonly notesBegun: boolean

  constructor({ tenant, generation, scope, known, reconfigure, supposed = [], trace }: ScopedProjectionOptions) {
    const { profile } = generation
    this.tenant = tenant
    this.scope = scope
    this.reconfigure = reconfigure ?? ((fact) => fact)
    this.historyThrough = historyThroughOf({ ...generation, name: '', projectionVersion: 0 })
    this.inHistory = this.historyThrough !== undefined
    const isHistory = ({ position }: Readonly<{ position: Position }>): boolean =>
      this.historyThrough !== undefined && position <= this.historyThrough
    const options = {
      configuration: [
        ...known.configuration.filter(isHistory).flatMap(({ fact }) => this.reconfigure(fact) ?? []),
        ...supposed,
      ],
      knownAt: Date.parse(generation.startedAt),
      inHistory: this.inHistory,
      takeBacks: known.takeBacks.filter(isHistory).map(({ at }): EpochMs => at),
      begunElsewhere: () => [...this.begun],
    }
    this.notesBegun = known.configuration.some((one) => one.fact.type === 'ProfilePublished' && !isHistory(one))
    this.intervalMs = profile.intervalMs
    this.projection = trace === 'alone' ? undefined : new KpiProjection(tenant, narrowed(profile, scope), options)
    this.tracer = trace === undefined || trace === false ? undefined : new Tracer(tenant, profile, options)
  }

  /** Folds those facts of a part that are wanted. */
  take({ run, fromFact, toFact }: RunPart, wants: (entry: number) => boolean): void {
    const { facts } = run
    let from = fromFact
    const foldBefore = (entry: number): void => {
      if (from < entry) this.fold(run, from, entry)
      from = entry + 1
    }
    for (let entry = fromFact; entry < toFact; entry++) {
      if (this.endsHistory(run, facts.event[entry] as number)) {
        foldBefore(entry)
        from = entry
        this.endHistory()
      }
      if (this.notesBegun) this.noteBegun(run, entry)
      if (!wants(entry)) foldBefore(entry)
      else if (this.isShared(run, entry)) {
        foldBefore(entry)
        this.foldShared(run, entry)
      }
    }
    foldBefore(toFact)
  }

  /** The rows of the scope as they stand now, by key. */
  rows(): readonly Row[] {
    return (this.projection?.drainEvents() ?? [])
      .flatMap((event) => (event.kind === 'row' && isInScope(this.scope, event.row) ? [rowOf(event.row)] : []))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  trace(): Trace | undefined {
    return this.tracer?.trace()
  }

  /** Folds entries that stand one behind the other. */
  private fold(run: DecodedRun, from: number, to: number): void {
    this.projection?.applyRun(run.facts, from, to)
    for (let entry = from; entry < to && this.tracer !== undefined; entry++)
      this.tracer.take(run, entry, run.facts.fact(entry))
  }

  private foldShared(run: DecodedRun, entry: number): void {
    const fact = run.facts.fact(entry)
    const folded = isConfiguration(fact) ? this.reconfigure(fact) : fact
    if (folded === undefined) return
    if (folded.type === 'ClockTicked') this.frontier = Math.max(this.frontier ?? folded.at, folded.at)
    if (folded.type === 'ClockTakenBack') this.frontier = folded.at
    this.projection?.apply(folded)
    this.tracer?.take(run, entry, folded)
  }

  /** Is it of the clock or the configuration? */
  private isShared({ facts, stream }: DecodedRun, entry: number): boolean {
    return (
      facts.metric[entry] === NOT_A_POINT &&
      bucketOfStream(this.tenant, stream(facts.event[entry] as number)) === undefined
    )
  }

  private noteBegun({ facts }: DecodedRun, entry: number): void {
    const fact = facts.metric[entry] === NOT_A_POINT ? facts.fact(entry) : undefined
    const at =
      fact === undefined ? facts.at[entry] : 'at' in fact && !isClockOrConfiguration(fact) ? fact.at : undefined
    if (at !== undefined) this.begun.add(intervalStart(at, this.intervalMs))
  }

  private endsHistory(run: DecodedRun, event: number): boolean {
    return this.inHistory && run.position(event) > (this.historyThrough as Position)
  }

  private endHistory(): void {
    this.inHistory = false
    this.projection?.endHistory()
    this.tracer?.endHistory()
  }
}

const isClockOrConfiguration = (fact: Fact): boolean =>
  isConfiguration(fact) || fact.type === 'ClockTicked' || fact.type === 'ClockTakenBack'

/** Rows of other families are not made. Where points fall does not depend on it. */
const narrowed = (profile: Profile, scope: Scope): Profile => ({
  ...profile,
  families: profile.families.filter((family) => mayHold(scope, family)),
})
