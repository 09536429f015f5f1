import type { ConfigurationFact } from '../domain/fact.js'
import type { EpochMs } from '../domain/interval.js'
import type { Cell } from './cells/cell.js'
import type { ColdStore } from './cells/cold-store.js'
import type { IntervalCounting } from './cells/complete-intervals.js'
import type { PointTarget } from './points/point-target.js'
import type { ProjectionState } from './projection-state.js'

export type ProjectionOptions = Readonly<{
  state?: ProjectionState | undefined
  coldStore?: ColdStore | undefined
  /** Configuration that is known from the start, wherever in the log it stands. */
  configuration?: readonly ConfigurationFact[]
  /**
   * The instant at which that configuration was read: organisation settings that take effect later wait until the
   * frontier reaches them. Without it all of them are in force.
   */
  knownAt?: EpochMs
  /** Does the projection begin in history, where nothing is too late? `endHistory` ends it. */
  inHistory?: boolean
  /**
   * The instants of all `ClockTakenBack` in history, in the order of the log. Ticks beyond them, before they come, are
   * left out: history is computed as if the clock had never been wrong.
   */
  takeBacks?: readonly EpochMs[]
  /**
   * Closed cells that one tick of the clock restates, at most, after settings changed that count for all of history.
   * Rows depend on it: only tests choose it.
   */
  restatedPerTick?: number
  /**
   * Where points go instead of into cells. The projection then has no cell and puts out no row. It follows the clock and
   * the configuration as any other, and finds the same points.
   */
  target?: PointTarget
  /**
   * Base intervals in which something was counted that this projection is not given. A profile that is published
   * divides rows anew from the first interval in which nothing was counted yet.
   */
  begunElsewhere?: () => readonly EpochMs[]
  /**
   * Which rows it gives out, where several projections share those of a generation (`LayeredProjection`), and what counts
   * the rows of all of them. Absent: all rows.
   */
  shared?: Readonly<{ owns: (cell: CellName) => boolean; intervals: IntervalCounting }>
}>

/** Names the cell of a row. */
export type CellName = Pick<Cell, 'family' | 'dimensions' | 'granularity' | 'start'>
