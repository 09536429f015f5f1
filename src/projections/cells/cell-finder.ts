import type { PointDimensions } from '../../domain/dimensions.js'
import type { FamilyName } from '../../domain/family.js'
import { granularityOf, intervalAt, type Granularity } from '../../domain/granularity.js'
import { intervalStart, type EpochMs, type Interval } from '../../domain/interval.js'
import type { Profile } from '../../domain/profile.js'
import type { Settings } from '../settings.js'
import type { Cell } from './cell.js'
import { classFamilies, forEachCell, pointFamiliesOf } from './cell-keys.js'
import type { CellStore } from './cell-store.js'
import type { Site } from './site.js'
import { Tuples, type Places, type Tuple } from './tuples.js'

/** Base interval and roll-ups of a profile, the base first. */
export const granularitiesOf = ({ intervalMs, rollUps }: Profile): readonly Granularity[] => [
  granularityOf(intervalMs) ?? 'PT15M',
  ...rollUps,
]

/** The families that a profile asks for. */
type Asked = Readonly<{ profile: Profile; families: readonly FamilyName[] }>

/** A base interval in which points are counted, and the intervals of each granularity that hold it. */
type Board = Readonly<Interval & { intervals: readonly Interval[]; asked: Asked }>

/**
 * Finds the cells that a point falls into: one of each family, granularity and value. A tuple of dimension values
 * remembers its cells of the interval it was counted in last, so that nearly every point finds them by one comparison.
 * What it remembers is right as long as the interval's board is the same; all boards are made anew when a cell may have
 * another place, or when settings may ask for other families.
 */
export class CellFinder {
  readonly granularities: readonly Granularity[]
  private readonly settings: Settings
  private readonly store: CellStore
  private readonly tuples = new Tuples()
  private readonly asked = new Map<Profile, Asked>()
  /** By scope: the families that it counts in. */
  private readonly scopes: (readonly FamilyName[])[] = []
  /** What tuples have remembered since the boards were made. */
  private remembered: Places[] = []
  private boards = new Map<EpochMs, Board>()
  private board: Board | undefined
  private epoch = 0
  private settingsVersion = 0

  constructor(settings: Settings, store: CellStore) {
    this.settings = settings
    this.store = store
    this.granularities = granularitiesOf(settings.base)
  }

  /**
   * Announces points that count in `only` these families, or in all. Answers the scope of the first class of metrics;
   * those of the others follow it.
   */
  addScopes(only?: readonly FamilyName[]): number {
    const first = this.scopes.length
    for (const families of classFamilies)
      this.scopes.push(only === undefined ? families : families.filter((family) => only.includes(family)))
    return first
  }

  tupleOf(point: PointDimensions): Tuple {
    return this.tuples.of(point)
  }

  /** The cells of a tuple in the intervals that hold `at`. They are on the list of changed cells. */
  find(tuple: Tuple, scope: number, at: EpochMs): readonly Cell[] {
    const board = this.boardAt(at)
    let places = tuple.places[scope]
    if (places?.board !== board) places = this.placesOf(tuple, scope, board)
    const { cells } = places
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index] as Cell
      if (!cell.isListed) this.store.list(cell)
    }
    return cells
  }

  private placesOf(tuple: Tuple, scope: number, board: Board): Places {
    const { asked, intervals } = board
    let places = tuple.places[scope]
    if (places?.asked !== asked) {
      const sites = this.sitesOf(tuple, scope, asked)
      tuple.places[scope] = places = { asked, sites, board: undefined, cells: none }
    }
    if (places.board === undefined) this.remembered.push(places)
    const cells: Cell[] = []
    for (let level = 0; level < intervals.length; level++)
      for (const site of places.sites)
        cells.push(this.store.open(site, this.granularities[level] as Granularity, intervals[level] as Interval))
    places.board = board
    places.cells = cells
    return places
  }

  private sitesOf({ dimensions }: Tuple, scope: number, { profile, families }: Asked): readonly Site[] {
    const counting = this.scopes[scope] as readonly FamilyName[]
    const sites: Site[] = []
    forEachCell(
      dimensions,
      families.filter((family) => counting.includes(family)),
      profile.splitBy,
      (family, values) => sites.push(this.store.sites.of(family, values)),
    )
    return sites
  }

  private boardAt(at: EpochMs): Board {
    const { board } = this
    const isCurrent = this.epoch === this.store.epoch && this.settingsVersion === this.settings.version
    if (isCurrent && board !== undefined && at >= board.start && at < board.end) return board
    if (!isCurrent) this.turn()
    const { base } = this.settings
    const start = intervalStart(at, base.intervalMs)
    let found = this.boards.get(start)
    if (found === undefined) {
      found = {
        start,
        end: start + base.intervalMs,
        intervals: this.granularities.map((granularity) => intervalAt(granularity, base.zone, at)),
        asked: this.askedBy(this.settings.cellProfileAt(start)),
      }
      this.boards.set(start, found)
    }
    this.board = found
    return found
  }

  private turn(): void {
    this.epoch = this.store.epoch
    this.settingsVersion = this.settings.version
    this.boards = new Map()
    // A tuple that is not met for long must not hold cells that have left the store.
    for (const places of this.remembered) {
      places.board = undefined
      places.cells = none
    }
    this.remembered = []
    this.tuples.turn()
    this.store.sites.turn()
  }

  private askedBy(profile: Profile): Asked {
    let asked = this.asked.get(profile)
    if (asked === undefined) this.asked.set(profile, (asked = { profile, families: pointFamiliesOf(profile) }))
    return asked
  }
}

const none: readonly Cell[] = []
