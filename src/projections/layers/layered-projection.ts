import { isConfiguration, type Fact } from '../../domain/fact.js'
import { NOT_A_POINT, type FactRun } from '../../domain/fact-run.js'
import type { KpiEvent } from '../../domain/kpi-event.js'
import type { Published } from '../../domain/published.js'
import type { Profile } from '../../domain/profile.js'
import type { Due } from '../cells/unpublished-cells.js'
import { granularitiesOf } from '../cells/cell-finder.js'
import {
  emptyColdStore,
  LazyEntry,
  type ColdStore,
  type SpilledEntries,
  type SpilledEntry,
} from '../cells/cold-store.js'
import { CompleteIntervals } from '../cells/complete-intervals.js'
import { KpiProjection } from '../kpi-projection.js'
import type { CellName, ProjectionOptions } from '../projection-options.js'
import type { ProjectionState } from '../projection-state.js'
import type { RefusedEntry } from '../run-entries.js'
import { JointIntervals } from './joint-intervals.js'

/** What a projector folds with: one projection, or several that share the rows. */
export type Projection = Pick<
  KpiProjection,
  | 'applyRun'
  | 'endHistory'
  | 'drain'
  | 'drainEvents'
  | 'wasPublished'
  | 'closedInMemory'
  | 'openIntervals'
  | 'save'
  | 'saved'
>

/** One computation of a layered generation: by what it computes, and which rows are its own. */
export type Layer = Readonly<{ profile: Profile; holds: (cell: CellName) => boolean }> &
  Pick<ProjectionOptions, 'configuration' | 'knownAt' | 'inHistory' | 'takeBacks'>

export type LayeredOptions = Readonly<{
  /** From the bottom: of the layers that hold a cell, the last one owns it. The first holds all. */
  layers: readonly Layer[]
  state?: ProjectionState | undefined
  coldStore?: ColdStore | undefined
}>

/**
 * Several projections over the same facts that share the rows of one generation: each row is that of the last layer that
 * holds its cell, with the bytes and revisions that this layer alone would give it. So a rebuild of some rows leaves the
 * others exactly as the generation below has them, for ever: both go on from the same log.
 *
 * All layers have the same intervals, zone, grace and source of points, and see the same ticks: they close in step.
 */
export class LayeredProjection implements Projection {
  private readonly layers: readonly KpiProjection[]
  private readonly intervals: CompleteIntervals
  private readonly joint: JointIntervals
  private readonly tenant: string
  private inHistory: boolean[]

  constructor(tenant: string, { layers, state, coldStore = emptyColdStore }: LayeredOptions) {
    const [base] = layers
    if (base === undefined) throw new Error('a layered projection has no layer')
    this.tenant = tenant
    const { profile } = base
    this.intervals = new CompleteIntervals(
      {
        granularities: granularitiesOf(profile),
        zone: profile.zone,
        familiesAt: (at) => [...new Set(this.layers.flatMap((layer) => layer.familiesAt(at)))],
      },
      coldStore,
      state?.spilled ?? [],
      state?.cells.intervals,
    )
    this.joint = new JointIntervals(this.intervals, layers.length)
    const ownerOf = (cell: CellName): number => layers.findLastIndex(({ holds }) => holds(cell))
    const states = state === undefined ? [] : [state, ...(state.layers ?? [])]
    this.layers = layers.map(({ profile: own, holds: _, ...known }, place) => {
      const saved = states[place]
      const prefix = prefixOf(place)
      return new KpiProjection(tenant, own, {
        ...known,
        state: saved && state && { ...saved, spilled: entriesOf(prefix, state.spilled) },
        coldStore: prefixed(coldStore, prefix),
        shared: { owns: (cell) => ownerOf(cell) === place, intervals: this.joint.of(place) },
      })
    })
    this.inHistory = layers.map(() => true)
  }

  /**
   * Folds the entries `[from, to)` of a run. The layers go in step from one fact of the clock or the configuration to the
   * next. Answers what the last layer cannot count: what others refuse was told by the generation below.
   */
  applyRun(run: FactRun, from = 0, to = run.length): readonly RefusedEntry[] {
    const refused: RefusedEntry[] = []
    const fold = (begin: number, end: number): void => {
      if (begin === end) return
      for (const layer of this.layers.slice(0, -1)) layer.applyRun(run, begin, end)
      refused.push(...(this.layers.at(-1) as KpiProjection).applyRun(run, begin, end))
    }
    let begin = from
    for (let entry = from; entry < to; entry++) {
      if (run.metric[entry] !== NOT_A_POINT || !isShared(run.fact(entry))) continue
      fold(begin, entry)
      fold(entry, entry + 1)
      begin = entry + 1
    }
    fold(begin, to)
    return refused
  }

  /** History ends here for all layers, or for one of them. */
  endHistory(layer?: number): void {
    for (const [place, each] of this.layers.entries())
      if ((layer === undefined || place === layer) && this.inHistory[place] === true) {
        this.inHistory[place] = false
        each.endHistory()
      }
  }

  *drain(due: Due): Generator<KpiEvent, void, undefined> {
    const left: KpiEvent[] = []
    for (const [place, layer] of this.layers.entries())
      for (const event of layer.drain(due))
        if (event.kind === 'row') yield event
        // Every layer learns what has left the configuration; it is put out once.
        else if (event.kind === 'left' && place === 0) left.push(event)
    yield* this.intervals.drain(this.tenant, this.closedThrough, this.joint.takeWaiting())
    yield* left
  }

  drainEvents(due: Due = 'all'): readonly KpiEvent[] {
    return [...this.drain(due)]
  }

  wasPublished(published: Published): void {
    for (const layer of this.layers) layer.wasPublished(published)
    this.intervals.wasPublished(published.markers)
  }

  get closedInMemory(): number {
    return this.layers.reduce((sum, { closedInMemory }) => sum + closedInMemory, 0)
  }

  get openIntervals(): number {
    return Math.max(...this.layers.map(({ openIntervals }) => openIntervals))
  }

  save(): ProjectionState {
    const [base, ...above] = this.layers.map((layer) => layer.save()) as [ProjectionState, ...ProjectionState[]]
    const spilled = [base, ...above].flatMap((state, place) =>
      place === 0 ? state.spilled : state.spilled.map((entry) => withKey(prefixOf(place) + entry.key, entry)),
    )
    return {
      ...base,
      cells: { ...base.cells, intervals: this.intervals.save() },
      layers: above.map((state) => ({ ...state, spilled: [] })),
      spilled: [...spilled, ...this.intervals.spilled()],
    }
  }

  saved(): void {
    for (const layer of this.layers) layer.saved()
    this.intervals.release()
  }

  private get closedThrough(): number | null {
    return (this.layers[0] as KpiProjection).closedThrough
  }
}

/** Does the fact move the clock or change the configuration? */
const isShared = (fact: Fact): boolean =>
  fact.type === 'ClockTicked' || fact.type === 'ClockTakenBack' || isConfiguration(fact)

/** Where a layer keeps its part of the cold store. That of the first has no prefix, as without layers. */
const prefixOf = (place: number): string => (place === 0 ? '' : `layer-${place}/`)

const entriesOf = (prefix: string, entries: SpilledEntries): SpilledEntries =>
  entries.flatMap((entry) => (entry.key.startsWith(prefix) ? [withKey(entry.key.slice(prefix.length), entry)] : []))

const withKey = (key: string, entry: SpilledEntry): SpilledEntry => new LazyEntry(key, entry, ({ data }) => data)

const prefixed = (store: ColdStore, prefix: string): ColdStore =>
  prefix === ''
    ? store
    : {
        get: (key) => store.get(prefix + key),
        keysAfter: (begins, after, max) =>
          store.keysAfter(prefix + begins, prefix + after, max).map((key) => key.slice(prefix.length)),
      }
